// Patches applied to small programs: each edit finds its place by chains and sites, says so, and leaves the rest alone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, Program } from '../../corpus/schema/program.js';
import { parseLitmus, printLitmus } from '../../corpus/text/litmus.js';
import { parsePatch } from '../../corpus/text/patch.js';
import { explore } from '../explore/exhaustive.js';
import { NESTED, programs, WILD } from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { compile } from '../model/compile.js';
import { predict } from '../predict/predict.js';
import { applyPatch } from './apply.js';

function litmus(...lines: string[]): Program {
  const parsed = parseLitmus(['litmus 1 p', 'lock R mutex', 'lock D mutex dev', ...lines].join('\n'));
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return parsed.value.program;
}

function patched(program: Program, ...lines: string[]) {
  const parsed = parsePatch(['patch 1 test', ...lines].join('\n'));
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const done = applyPatch(parsed.patch, [asWritten(program)]);
  return { lowered: done.programs[0]!, outcomes: done.outcomes };
}

/** Bodies as text, task by task. */
function bodies(program: Program): string[][] {
  return printLitmus({ program, genome: null, expect: null })
    .split(/^task /m)
    .slice(1)
    .map((text) =>
      text
        .split('\n')
        .slice(1)
        .map((line) => line.replace(/#.*/, '').trim())
        .filter((line) => line !== ''),
    );
}

const REMOVER = litmus(
  'task remover remove_store',
  'lock R # locked',
  'lock D # release_driver',
  'unlock D',
  'unlock R',
);

/** The program with a recorded chain on its ops. */
function withChains(program: Program, chains: readonly (readonly string[])[]): Program {
  const body = program.tasks[0]!.body.map((op, i): Op => ({ ...op, frames: chains[i] ?? [] }));
  return { ...program, tasks: [{ ...program.tasks[0]!, body }] };
}

describe('applyPatch', () => {
  it('overrides rules, and the contrary goes', () => {
    const first = patched(REMOVER, 'rule R reentrant fair', 'rule R no-reentrant');
    expect(first.lowered.program.locks.find(({ id }) => id === 'R')!.rules).toEqual(['fair', 'no-reentrant']);
    expect(first.lowered.assumes).toEqual([]);
  });

  it('drops a lock where the function takes it, with its unlock, and nowhere else', () => {
    const { lowered, outcomes } = patched(
      REMOVER,
      'drop dev in release_driver',
      'drop dev in locked',
      'drop R in other',
    );
    expect(bodies(lowered.program)).toEqual([['lock R', 'unlock R']]);
    expect(outcomes.map(({ applied }) => applied.length)).toEqual([1, 0, 0]);
    expect(lowered.assumes).toEqual(['the code is as the patch test makes it']);
  });

  it('takes a lock around the longest stretch inside a function, a new lock where there was none', () => {
    const chain = ['mutex_lock', 'release_driver', 'del_vfs.isra.0', 'remove_store'];
    const program = withChains(REMOVER, [['mutex_lock', 'locked', 'remove_store'], chain]);
    const { lowered } = patched(program, 'take N around del_vfs', 'take R around del_vfs');
    expect(bodies(lowered.program)).toEqual([
      ['lock R', 'lock R', 'lock P', 'lock D', 'unlock D', 'unlock P', 'unlock R', 'unlock R'],
    ]);
    expect(lowered.program.locks.map((lock) => lock.class)).toEqual(['R', 'dev', 'N']);
  });

  it('takes nothing twice, and goes on where the log ends, which it says', () => {
    expect(patched(REMOVER, 'take R around locked').outcomes[0]!.passed[0]).toContain('takes it already');
    const { lowered } = patched(REMOVER, 'take N around del_vfs in release_driver');
    expect(bodies(lowered.program)).toEqual([
      ['lock R', 'lock D', 'lock P', 'unlock P', 'unlock D', 'unlock R'],
    ]);
    expect(lowered.assumes).toContain('release_driver goes on to del_vfs');
  });

  it('moves a call before the lock; under it there is nothing left to do', () => {
    const nested = litmus(
      'task remover remove_store',
      'lock R # locked',
      'lock D # release_driver',
      'lock R # del_vfs',
      'unlock R',
      'unlock D',
      'unlock R',
    );
    const { lowered } = patched(nested, 'call release_driver before R in remove_store');
    expect(bodies(lowered.program)).toEqual([
      ['lock D', 'lock R', 'unlock R', 'unlock D', 'lock R', 'lock D', 'unlock D', 'unlock R'],
    ]);
    expect(patched(nested, 'call release_driver before R in unbind_store').outcomes[0]!.applied).toEqual([]);
  });

  it('knows remove_store by the active reference that it gave up, and says so', () => {
    const list = (...active: string[]) =>
      litmus(
        'lock F mutex &of->mutex',
        'lock K rwsem kn->active',
        'task writer',
        'lock F # kernfs_fop_write_iter',
        ...active,
        'lock R # pci_stop_and_remove_bus_device_locked',
        'lock D # release_driver',
        'unlock D',
        'unlock R',
      );
    const call = 'call release_driver before R in remove_store';
    const { lowered, outcomes } = patched(list(), call);
    expect(outcomes[0]!.applied).toHaveLength(1);
    expect(lowered.assumes.join()).toContain('writer runs remove_store()');
    // A slot's power file keeps its reference.
    expect(patched(list('lock K read # kernfs_fop_write_iter'), call).outcomes[0]!.applied).toEqual([]);
  });

  it('sets flags of objects and guards what is done under their lock', () => {
    const { lowered } = patched(
      REMOVER,
      'flag dead of dev',
      'flag bound of lock taken in release_driver set',
      'set dead in remove_store before R',
      'clear bound in release_driver',
      'guard release_driver when bound',
    );
    expect(bodies(lowered.program)).toEqual([
      [
        'lock D',
        'set dead_D',
        'unlock D',
        'lock R',
        'lock D',
        'when bound_D: clear bound_D',
        'unlock D',
        'unlock R',
      ],
    ]);
    expect(lowered.program.flags).toEqual([
      { id: 'dead_D', set: false, of: 'D' },
      { id: 'bound_D', set: true, of: 'D' },
    ]);
  });

  it('takes flags of one object for one flag where two recordings meet', () => {
    const lines = [
      'flag bound of dev set',
      'clear bound in release_driver',
      'guard del_vfs when bound',
      'call release_driver before R in remove_store',
    ];
    const unbinder = litmus(
      'task unbinder unbind_store',
      'lock D # release_driver',
      'lock R # del_vfs',
      'unlock R',
      'unlock D',
    );
    const twoCaptures = (...edits: string[]) =>
      predict(
        [REMOVER, unbinder].map((program, i) => ({
          lowered: patched(program, ...edits).lowered,
          captures: [`capture ${i}`],
        })),
      ).cycles.map(({ status, tasks }) => `${status} ${[...tasks].sort().join(' ')}`);
    expect(twoCaptures('rule R reentrant')).toEqual(['confirmed remover unbinder']);
    // Without the flags the second, empty call under the lock would close the cycle.
    expect(twoCaptures(lines[3]!)).toEqual(['confirmed remover unbinder']);
    expect(twoCaptures(...lines)).toEqual(['refuted remover unbinder']);
  });

  it('leaves prediction exact: flags of objects confirm and refute what a search of all schedules does', () => {
    let guarded = 0;
    let deadlocks = 0;
    fc.assert(
      fc.property(programs(NESTED), fc.boolean(), (program, when) => {
        const { lowered, outcomes } = patched(
          program,
          'flag f of A set',
          `guard take_A ${when ? 'when' : 'unless'} f`,
          'clear f in take_A',
          'rule A reentrant',
        );
        if (outcomes[0]!.applied.length > 0) guarded++;
        const { finds, complete } = explore(lowered.program, { states: 200_000 });
        expect(complete).toBe(true);
        const searched = finds
          .filter(({ kind }) => kind === 'deadlock')
          .map(({ tasks }) => tasks.map((t) => lowered.program.tasks[t]!.name).join(' '));
        deadlocks += searched.length;
        const { cycles } = predict([{ lowered, captures: ['one'] }]);
        const confirmed = cycles
          .filter(({ status }) => status === 'confirmed')
          .map(({ tasks }) => [...tasks].sort().join(' '));
        expect([...new Set(confirmed)].sort()).toEqual([...new Set(searched)].sort());
      }),
      { numRuns: 400 },
    );
    expect(guarded).toComeUpMoreThan(50);
    expect(deadlocks).toComeUpMoreThan(20);
  });

  it('keeps every program runnable, and one that it does not speak of as it is', () => {
    fc.assert(
      fc.property(programs(WILD), (program) => {
        const same = patched(program, 'drop R in nowhere', 'take R around nowhere');
        expect(same.lowered.program).toBe(program);
        const [first] = program.locks;
        if (first === undefined) return;
        const other = patched(
          program,
          `flag f of ${first.class} set`,
          `take X around take_${first.id}`,
          `clear f in take_${first.id}`,
          `guard take_${first.id} when f`,
          `drop ${first.class} in take_${first.id}`,
          'rule X reentrant',
        );
        expect(compile(other.lowered.program).ok).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
