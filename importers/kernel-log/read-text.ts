// Reads a kernel log that is at hand as one text: for tests and for callers that hold a paste.
import type { Report } from '../../corpus/schema/report.js';
import { SkipCounter } from '../skips.js';
import { KernelLogReader } from './reader.js';
import { RECOGNISERS } from './recognisers.js';

/** The reports of a text, in order of their headlines. */
export function reportsOfText(text: string): readonly Report[] {
  const reader = new KernelLogReader(RECOGNISERS, new SkipCounter());
  reader.block({ text, firstLine: 1, lines: text.split('\n').length });
  return reader.end().reports;
}
