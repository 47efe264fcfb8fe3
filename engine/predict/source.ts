// Sources: the programs that prediction is given, with what is known about where they come from and what a class is.
import type { LoweredProgram } from '../../corpus/schema/program.js';

/** One lowered program with its captures. */
export interface PredictSource {
  readonly lowered: LoweredProgram;
  /** Ids of the captures it was made from; programs that share one are not `composed`. */
  readonly captures: readonly string[];
  /** Classes that have exactly one instance (`CaptureClass.single`), by name. */
  readonly single?: ReadonlySet<string>;
}

/** lockdep's number for one of several classes of the same name: `kn->active#4`, `&type->s_umount_key#30/1`. */
const NUMBERED = /#\d+/;

/** The class as two captures would both call it: without lockdep's running number, which differs at each boot. */
export function classStem(name: string): string {
  return name.replace(NUMBERED, '');
}

/**
 * Key under which locks of two programs may be the same object. Inside one capture the printed class name; across
 * captures too, but a numbered class means another thing at each boot and so matches within its capture only.
 */
export function classKey(source: PredictSource, name: string): string {
  return NUMBERED.test(name) ? `${name} in ${source.captures.join(',')}` : name;
}

export function sharesCapture(a: PredictSource, b: PredictSource): boolean {
  return a === b || a.captures.some((id) => b.captures.includes(id));
}
