// Counts the events of a `trace-cmd report` text by name, for comparison.

const LINE = /^.*?-\d+ +(?:\([-\d ]+\) +)?\[\d+\] +(?:\S{4,5} +)?\d+(?:\.\d+)?: +([\w.-]+):/;

/** How many lines there are of each event: the word behind the time stamp. */
export function reportCounts(text: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const name = LINE.exec(line)?.[1];
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
