// One line of a list of witnesses: id, state, kind, locks.
import type { Witness } from '../../corpus/schema/witness.js';
import { cycleText } from '../explain.js';
import { shortId } from './layout.js';

/** `1f93a2c  open      inversion      pci_rescan_remove_lock <-> zpci_add_remove_lock  (recorded)`. */
export function witnessLine(witness: Witness): string {
  const state = witness.state.padEnd(9);
  return `${shortId(witness.id)}  ${state} ${witness.kind.padEnd(14)} ${cycleText(witness.cycle)}  (${witness.basis}, ${witness.grade})`;
}
