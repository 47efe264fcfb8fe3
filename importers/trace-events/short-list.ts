// Lists that are filled and emptied with each record, without what makes that slow in V8.

/**
 * A list that mostly holds none or one. Made with room for four: V8 gives up the room of a list made empty and takes it anew at
 * the next push, unless there is so little of it (objects/elements.cc SetLengthImpl), and locks are taken and given back for ever.
 */
export function shortList<T>(): T[] {
  const list: unknown[] = [null, null, null, null];
  list.length = 0;
  return list as T[];
}

/** The last element, or undefined. Asking an empty list for its element -1 leaves compiled code for a lookup by name. */
export function lastOf<T>(list: readonly T[]): T | undefined {
  return list.length === 0 ? undefined : list[list.length - 1];
}

/** Where the element stands last, or -1: `lastIndexOf` is a call out of compiled code. */
export function lastPlaceOf<T>(list: readonly T[], element: T): number {
  let at = list.length - 1;
  while (at >= 0 && list[at] !== element) at--;
  return at;
}

/** Takes an element out, in place: `splice` makes a list of what it takes. */
export function removeAt<T>(list: T[], at: number): void {
  for (let i = at + 1; i < list.length; i++) list[i - 1] = list[i]!;
  list.pop();
}

/** Sets a length that is not longer. Setting it is a call into the engine that gives up the room of the list. */
export function cutTo(list: unknown[], length: number): void {
  while (list.length > length) list.pop();
}
