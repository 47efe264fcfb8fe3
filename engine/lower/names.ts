// Names inside a program: short lock ids, and task names that litmus text can hold.

/** A, B, ... Z, L26, L27, ... */
export function lockName(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `L${index}`;
}

/** Makes task names unique and fit for litmus text: blanks and odd characters become `_`, twins get their pid or a number. */
export class TaskNames {
  readonly #used = new Set<string>();

  /** `pid` tells twins apart where it is known. */
  name(wanted: string, pid: number | null): string {
    const clean = wanted.replace(/[^A-Za-z0-9_.:/+-]/g, '_').replace(/^[^A-Za-z0-9_]+/, '') || 'task';
    const tries = [clean, ...(pid === null ? [] : [`${clean}/${pid}`])];
    for (let n = 2; ; ) {
      const next = tries.shift() ?? `${clean}-${n++}`;
      if (this.#used.has(next)) continue;
      this.#used.add(next);
      return next;
    }
  }
}
