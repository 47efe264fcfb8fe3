// Long texts on a terminal go through $PAGER, as git does it.
import { spawnSync } from 'node:child_process';
import { plainText } from '../reports/text/plain-text.js';
import type { Session } from './session.js';

/** Through $PAGER, if there is one, stdout is a terminal, and the text is higher than it; else as it is. */
export function paged(session: Session, text: string): void {
  const pager = process.env['PAGER'];
  const high = text.split('\n').length >= (process.stdout.rows ?? 24);
  if (process.stdout.isTTY === true && high && pager !== undefined && pager !== '') {
    const input = plainText(text, true);
    const done = spawnSync(pager, { shell: true, input, stdio: ['pipe', 'inherit', 'inherit'] });
    if (done.error === undefined) return;
  }
  session.print(text);
}
