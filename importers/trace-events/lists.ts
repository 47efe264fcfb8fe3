// Lists and tables that are read and written with each record, in the forms that V8 compiles once.

/**
 * A table by numbers that grow. Made of what it will be made of: an empty list is one of small integers until something else comes
 * (elements kinds), and code compiled for the table of one recording is thrown away at the empty one of the next.
 */
export function tableOf<T>(): (T | undefined)[] {
  return new Array<T | undefined>(64).fill(undefined);
}

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
  let at = list.length;
  while (--at >= 0 && list[at] !== element);
  return at;
}

/**
 * Takes an element out, in place: `splice` makes a list of what it takes. Mostly it is the last one; the loop is gone through all
 * the same, since code that was compiled before a loop was ever entered is thrown away when it is.
 */
export function removeAt<T>(list: T[], at: number): void {
  const end = list.length - 1;
  let to = at;
  do list[to] = list[Math.min(to + 1, end)]!;
  while (++to < end);
  list.pop();
}

/** Sets a length that is not longer. Setting it is a call into the engine that gives up the room of the list. */
export function cutTo(list: unknown[], length: number): void {
  while (list.length > length) list.pop();
}
