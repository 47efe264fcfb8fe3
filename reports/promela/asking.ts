// Asking in a context, in Promela: taking, waiting, being hurt and giving way.
import type { Op } from '../../corpus/schema/program.js';
import { acquired, contextTasks, giveBack, heeds, locksOf } from './contexts.js';
import type { Names } from './names.js';
import { statementOf } from './statements.js';

/** The op asks for a lock that heeds contexts, in a task that opens some. */
export function asksInContext(names: Names, t: number, op: Op): op is Extract<Op, { do: 'lock' }> {
  return op.do === 'lock' && names.opensContext(t) && heeds(names, names.lock(op.lock));
}

/**
 * The options of op `k`, which asks for a lock that heeds contexts. `over`: what must hold for the task to act at all;
 * `ours`: that, and the op's flag; `goTo`: goes on at an op.
 */
export function askingOptions(
  names: Names,
  t: number,
  k: number,
  { over, ours, goTo }: { over: string; ours: string; goTo: (op: number) => readonly string[] },
): string[] {
  const body = names.program.tasks[t]!.body;
  const op = body[k]!;
  if (!asksInContext(names, t, op)) throw new Error(`op ${k} of task ${t} asks in no context`);
  const l = names.lock(op.lock);
  const lock = names.program.locks[l]!;
  const { can, effect, orElse } = statementOf(names, t, k);
  if (can === null) throw new Error(`a ww_mutex that is always free: ${op.lock}`);
  const others = contextTasks(names).filter((u) => u !== t && locksOf(names, u).includes(l));
  const older = (u: number): string => `c${u} > 0 && age${u} < age${t}`;
  const already =
    op.attempt || lock.rules.includes('reentrant') ? 'false' : `(c${t} > 0 && b${l}_${t} && h${l}_${t} > 0)`;
  // Who asks and holds nothing begins unhurt.
  const unhurt = `if :: !${acquired(names, t)} -> wnd${t} = 0 :: else fi`;
  const rivals =
    lock.ww === 'wound-wait'
      ? `wnd${t}`
      : `(${others.map((u) => `(${older(u)} && (b${l}_${u} || q${u} == ${l + 1}))`).join(' || ') || 'false'})`;
  const giveWay = `c${t} > 0 && ${acquired(names, t)} && ${rivals}`;
  const wounds =
    lock.ww === 'wound-wait'
      ? others.map(
          (u) => `if :: c${t} > 0 && c${u} > 0 && b${l}_${u} && age${u} > age${t} -> wnd${u} = 1 :: else fi`,
        )
      : [];
  const wounded = others.map((u) => `(${older(u)} && q${u} == ${l + 1})`).join(' || ');
  const isHurt =
    lock.ww === 'wound-wait' && wounded !== ''
      ? [`if :: c${t} > 0 && (${wounded}) -> wnd${t} = 1 :: else fi`]
      : [];
  // Who gave way goes on behind the `ww begin` that is open, whichever that is.
  const begins = body.flatMap((other, i) => (other.do === 'ww' && other.begin ? [i + 1] : []));
  const back = begins.map((at) => `:: c${t} == ${at} -> ${goTo(at).join('; ')}; goto op${at}`).join(' ');
  const away = [`if :: gave${t} -> gave${t} = 0; if ${back} fi :: else -> ${goTo(k + 1).join('; ')} fi`];
  const take = [...effect, ...isHurt, `q${t} = 0`, ...away].join('; ');
  const waits = [`if :: c${t} > 0 -> q${t} = ${l + 1} :: else fi`, ...wounds];
  const loses = [...giveBack(names, t), `gave${t} = 1`, `wnd${t} = 0`, ...waits].join('; ');
  const options = [
    `  :: atomic { ${ours} && ${already} -> ${goTo(k + 1).join('; ')} }`,
    `  :: atomic { ${ours} && !${already} && ${can} -> ${unhurt}; ${take} }`,
  ];
  if (orElse !== null) {
    const fails = [unhurt, ...goTo(orElse), `goto op${orElse}`].join('; ');
    return [...options, `  :: atomic { ${ours} && !(${can}) -> ${fails} }`];
  }
  return [
    ...options,
    `  :: atomic { ${ours} && !${already} && !${can} -> ${unhurt};`,
    `       if :: ${giveWay} -> ${loses} :: else -> ${waits.join('; ')} fi };`,
    `wait${k}:`,
    '     if',
    `     :: atomic { ${over} && ${can} -> ${take} }`,
    `     :: atomic { ${over} && !${can} && ${giveWay} -> ${loses}; goto wait${k} }`,
    '     fi',
  ];
}
