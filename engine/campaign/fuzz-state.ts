// The shape of a fuzzer's state, checked before a packed one from outside is trusted.
import type { FuzzState } from '../fuzz/fuzzer.js';

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isPair = (value: unknown, first: 'string' | 'number'): boolean =>
  isList(value) && value.length === 2 && typeof value[0] === first;

function isGenome(value: unknown): boolean {
  return (
    isRecord(value) &&
    isList(value['order']) &&
    value['order'].every(isCount) &&
    isList(value['preempts']) &&
    value['preempts'].every((p) => isRecord(p) && isCount(p['step']) && isCount(p['task']))
  );
}

function isEntry(value: unknown): boolean {
  return (
    isRecord(value) &&
    isGenome(value['genome']) &&
    isList(value['features']) &&
    value['features'].every(Number.isInteger) &&
    isCount(value['steps']) &&
    isCount(value['children'])
  );
}

function isLane(value: unknown): boolean {
  return (
    isRecord(value) &&
    isList(value['queue']) &&
    value['queue'].every(isEntry) &&
    isList(value['counts']) &&
    value['counts'].every((pair) => isPair(pair, 'number')) &&
    isList(value['untried']) &&
    value['untried'].every(isGenome) &&
    isList(value['species']) &&
    value['species'].every((pair) => isPair(pair, 'string')) &&
    isCount(value['randomRuns']) &&
    isList(value['found']) &&
    value['found'].every((key) => typeof key === 'string')
  );
}

/** The value as a FuzzState, or null if it is none. */
export function fuzzStateOf(value: unknown): FuzzState | null {
  const fits =
    isRecord(value) &&
    isCount(value['execs']) &&
    isCount(value['steps']) &&
    isList(value['programs']) &&
    value['programs'].every(isLane) &&
    isList(value['yields']) &&
    value['yields'].every((pair) => isPair(pair, 'string'));
  return fits ? (value as unknown as FuzzState) : null;
}
