// What one checked file counts as in CI, and all of them as KTAP and JUnit.
import type { CheckFileForm } from '../../corpus/schema/forms.js';
import { subject } from '../mail/subject.js';
import { shortId } from '../text/layout.js';
import { plainName } from '../text/plain-text.js';
import { xml } from './junit.js';

/** `known`: only bugs that somebody has triaged. `skip`: nothing to test, or not decided. `error`: could not be read. */
export interface CheckResult {
  readonly file: string;
  readonly result: 'pass' | 'fail' | 'known' | 'skip' | 'error';
  /** One sentence; empty for `pass`. */
  readonly why: string;
  readonly form: CheckFileForm | null;
}

/** One test a file; its witnesses as diagnostic lines (Documentation/dev-tools/ktap.rst). */
export function checkKtap(results: readonly CheckResult[]): string {
  const lines = [
    'KTAP version 1',
    `1..${results.length}${results.length === 0 ? ' # SKIP nothing to test' : ''}`,
  ];
  for (const [i, { file, result, why, form }] of results.entries()) {
    for (const witness of form?.witnesses ?? [])
      lines.push(`# ${shortId(witness.id)} ${witness.state} ${plainName(subject(witness))}`);
    // A hash would begin a directive.
    const name = `${i + 1} ${plainName(file).replaceAll('#', '\\#')}`;
    const reason = plainName(why).replaceAll('#', '\\#');
    switch (result) {
      case 'pass':
        lines.push(`ok ${name}`);
        break;
      case 'skip':
        lines.push(`ok ${name} # SKIP ${reason}`);
        break;
      case 'known':
        lines.push(`not ok ${name} # XFAIL ${reason}`);
        break;
      case 'fail':
      case 'error':
        lines.push(`# ${reason}`, `not ok ${name}`);
        break;
      default: {
        const never: never = result;
        return never;
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** One test case a file, the reproducers of its witnesses as the body of the failure. */
export function checkJunit(results: readonly CheckResult[]): string {
  const n = (...kinds: readonly CheckResult['result'][]) =>
    results.filter(({ result }) => kinds.includes(result)).length;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites><testsuite name="relock check" tests="${results.length}" failures="${n('fail')}" errors="${n('error')}" skipped="${n('known', 'skip')}">`,
  ];
  for (const { file, result, why, form } of results) {
    lines.push(`<testcase classname="relock.check" name="${xml(plainName(file))}">`);
    if (result === 'fail' || result === 'error') {
      const tag = result === 'fail' ? 'failure' : 'error';
      const body = (form?.witnesses ?? []).map((witness) => witness.litmus).join('\n');
      lines.push(
        `<${tag} message="${xml(plainName(why))}" type="${form?.verdict ?? 'unreadable'}">${xml(body)}</${tag}>`,
      );
    } else if (result !== 'pass') lines.push(`<skipped message="${xml(plainName(why))}"/>`);
    lines.push('</testcase>');
  }
  return `${[...lines, '</testsuite></testsuites>'].join('\n')}\n`;
}
