// Call chains with what each call will lock, as maintainers write them: `-> func()  # will lock(X)`.
import type { Explanation } from '../explain.js';
import type { ExplainedMove } from '../scene.js';
import { MAIL_WIDTH } from './layout.js';
import { headline, taskTitle, waitTail } from './scenario.js';
import { called } from './why.js';

/** One chain a task, indented by what is held. */
export function chainForm(explanation: Explanation): string[] {
  const out = [...headline(explanation)];
  for (const [index, task] of explanation.tasks.entries()) {
    out.push('', `${taskTitle({ ...task, function: null })}:`);
    out.push(`  ${called(task.function ?? task.name)}`);
    let depth = 0;
    for (const [i, move] of explanation.moves.entries()) {
      if (move.task !== index || move.outcome === 'skipped') continue;
      if (move.action === 'unlock' && move.outcome === 'done') depth = Math.max(0, depth - 1);
      out.push(...link(explanation, move, i, depth));
      if (move.action === 'lock' && move.outcome === 'done') depth++;
    }
  }
  return out;
}

function link(explanation: Explanation, move: ExplainedMove, index: number, depth: number): string[] {
  const lead = `  ${'   '.repeat(Math.min(depth, 8))}-> `;
  const site = move.site === null ? '' : `${called(move.site)}  `;
  const head = `${lead}${site}# ${move.outcome === 'missed' ? 'misses' : 'will'} ${move.text}`;
  const fits =
    head.length <= MAIL_WIDTH || site === ''
      ? [head]
      : [`${lead}${site}`, `${' '.repeat(lead.length)}# will ${move.text}`];
  if (move.outcome !== 'waits') return fits;
  const note = waitTail(explanation, index);
  const last = fits[fits.length - 1] as string;
  if (last.length + 5 + note.length <= MAIL_WIDTH) return [...fits.slice(0, -1), `${last} <-- ${note}`];
  return [...fits, `${' '.repeat(lead.length)}  ^-- ${note}`];
}
