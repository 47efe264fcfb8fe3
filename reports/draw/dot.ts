// DOT: the waits-for graph at the end, for Graphviz and papers.
import type { Explanation } from '../explain.js';
import { plainName } from '../text/plain-text.js';
import { taskTitle } from '../text/scenario.js';
import { stageOf } from './stage.js';

/** A quoted string of the DOT language: only quotes and backslashes mean something in it. */
export function quoted(text: string): string {
  return `"${plainName(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Tasks as boxes, locks as ellipses; the cycle in red and bold. */
export function dotForm(explanation: Explanation): string[] {
  const stage = stageOf(explanation);
  const arrows = stage.arrows.filter((arrow) => arrow.to === null);
  const locks = [...new Set(arrows.flatMap((arrow) => (arrow.lock === null ? [] : [arrow.lock])))];
  const nodeOf = (lock: string) => `l${locks.indexOf(lock)}`;
  const lines = explanation.tasks.map((task, i) => `  t${i} [shape=box, label=${quoted(taskTitle(task))}];`);
  for (const lock of locks) lines.push(`  ${nodeOf(lock)} [shape=ellipse, label=${quoted(lock)}];`);
  for (const arrow of arrows) {
    const end = arrow.lock === null ? `t${arrow.other}` : nodeOf(arrow.lock);
    const edge = arrow.kind === 'wants' ? `t${arrow.task} -> ${end}` : `${end} -> t${arrow.task}`;
    const word = arrow.kind === 'held' ? 'held by' : arrow.lock === null ? 'waits for' : 'wants';
    const paint = arrow.inCycle ? ', color=red, penwidth=2' : '';
    lines.push(`  ${edge} [label=${quoted(word)}${paint}];`);
  }
  return [
    `digraph ${quoted(explanation.witness.id)} {`,
    `  label=${quoted(explanation.title)}; labelloc=t; fontname=monospace;`,
    '  node [fontname=monospace]; edge [fontname=monospace];',
    ...lines,
    '}',
  ];
}
