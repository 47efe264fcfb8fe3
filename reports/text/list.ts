// A witness in a list: id, state, kind, locks, on one line of 80 columns or with its locks hanging below.
import type { Witness } from '../../corpus/schema/witness.js';
import { cycleText } from '../explain.js';
import { shortId, wrap } from './layout.js';
import { plainName } from './plain-text.js';

/** `1f93a2c  open      inversion      pci_rescan_remove_lock <-> zpci_add_remove_lock`, then how sure. Names are never cut. */
export function witnessLines(witness: Witness, indent = '', width = 80): string[] {
  const lead = `${indent}${shortId(witness.id)}  ${witness.state.padEnd(9)} ${witness.kind.padEnd(14)} `;
  const cycle = plainName(cycleText(witness.cycle));
  return wrap(`${cycle} (${witness.basis}, ${witness.grade})`, lead, ' '.repeat(lead.length), width);
}
