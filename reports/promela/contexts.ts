// Contexts in Promela: acquire contexts of ww_mutexes, by the words of docs/lock-model.md.
import type { Names } from './names.js';

/**
 * Kept for each task that opens contexts: `c` the op behind its open `ww begin` (0: none), `age` how many open contexts
 * are older, `wnd` wounded, `gave` gave way and waits, `q` the lock (and one) it waits for in its context; and for each
 * lock that it takes `b`: its hold belongs to the open context.
 */
export function contextDeclarations(names: Names): string[] {
  return contextTasks(names).flatMap((t) => [
    `byte c${t}, age${t}, q${t}; bit wnd${t}, gave${t};`,
    ...locksOf(names, t).map((l) => `bit b${l}_${t};`),
    ...locksOf(names, t).flatMap((l) =>
      names.program.locks[l]?.kind === 'semaphore' ? [`byte h${l}_${t};`] : [],
    ),
  ]);
}

/** Tasks that open a context. */
export function contextTasks(names: Names): number[] {
  return [...names.program.tasks.keys()].filter((t) => names.opensContext(t));
}

/** Locks that task `t` takes or gives back, each once. */
export function locksOf(names: Names, t: number): number[] {
  const ids = names.program.tasks[t]?.body.flatMap((op) =>
    op.do === 'lock' || op.do === 'unlock' ? [names.lock(op.lock)] : [],
  );
  return [...new Set(ids)];
}

/** Locks of task `t` that heed contexts. */
function heeding(names: Names, t: number): number[] {
  return locksOf(names, t).filter((l) => heeds(names, l));
}

export function heeds(names: Names, l: number): boolean {
  const lock = names.program.locks[l];
  return lock?.kind === 'ww_mutex' && lock.ww !== undefined;
}

/** The context of `t` holds a lock that heeds contexts. */
export function acquired(names: Names, t: number): string {
  const held = heeding(names, t).map((l) => `b${l}_${t}`);
  return held.length === 0 ? 'false' : `(c${t} && (${held.join(' || ')}))`;
}

/** `ww begin` and `ww end`: what must hold, and what they change. */
export function contextStatement(
  names: Names,
  t: number,
  k: number,
  begin: boolean,
): { readonly must: string; readonly effect: readonly string[] } {
  if (!names.opensContext(t)) return { must: 'false', effect: [] };
  const others = contextTasks(names).filter((u) => u !== t);
  if (begin) {
    const older = others.map((u) => `(c${u} > 0)`).join(' + ');
    const fresh = locksOf(names, t).map((l) => `b${l}_${t} = 0`);
    return { must: `c${t} == 0`, effect: [`age${t} = ${older || '0'}`, `c${t} = ${k + 1}`, ...fresh] };
  }
  const younger = others.map((u) => `if :: c${u} > 0 && age${u} > age${t} -> age${u}-- :: else fi`);
  return {
    must: `c${t} > 0 && !${acquired(names, t)}`,
    effect: [...younger, `c${t} = 0`, `age${t} = 0`, `wnd${t} = 0`],
  };
}

/** A hold begins: it belongs to the open context, if there is one. */
export function belongs(names: Names, t: number, l: number): string[] {
  return names.opensContext(t) ? [`b${l}_${t} = (c${t} > 0)`] : [];
}

/** Gives back all that belongs to the context of `t`. */
export function giveBack(names: Names, t: number): string[] {
  return locksOf(names, t).map((l) => {
    const { kind } = names.program.locks[l]!;
    const returns =
      kind === 'semaphore'
        ? `u${l} = u${l} + h${l}_${t}`
        : `if :: x${l} == ${t + 1} -> x${l} = 0 :: else -> ${readerLeaves(names, t, l).join('; ')} fi`;
    return `if :: b${l}_${t} && h${l}_${t} > 0 -> ${returns}; h${l}_${t} = 0; b${l}_${t} = 0 :: else fi`;
  });
}

/** Task `t` is no reader of the lock any more: who waits for its section is told. */
export function readerLeaves(names: Names, t: number, l: number): string[] {
  const id = names.program.locks[l]?.id;
  const waits = [...names.program.tasks.keys()].filter((u) =>
    names.program.tasks[u]?.body.some((op) => op.do === 'sync' && op.lock === id),
  );
  return [`r${l}--`, ...waits.map((u) => `s${u} = s${u} & ${~(1 << t) >>> 0}`)];
}
