// Tests of call chains and of plain function_graph lines: the fast ways say what the slow ones say.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureOf } from '../testdata/sample-laws.laws.js';
import { lockFunction } from '../trace-events/lock-functions.js';
import { CallChains } from './chains.js';
import { GraphLine, readGraphLine, readPlainGraphLine } from './graph.js';
import { hashOf, NameTable } from './names.js';

describe('call chains', () => {
  it('are what was gathered, and equal ones the same array', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'mutex_lock', 'x.isra.0'), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(names, { maxLength: 30 }), (list) => {
        const heard: string[] = [];
        const chains = new CallChains(
          (name) => heard.push(name),
          () => {},
        );
        const taken = list.map((frames) => {
          for (const frame of frames) {
            const text = ` => ${frame}\n`;
            chains.frame(chains.id(text, 4, 4 + frame.length, hashOf(text, 4, 4 + frame.length)));
          }
          return chains.take();
        });
        expect(taken).toEqual(list);
        expect(new Set(taken).size).toBe(new Set(list.map((frames) => frames.join())).size);
        expect(heard.length).toBe(new Set(list.flat()).size);
      }),
    );
  });

  it('of programs are not taken for those of the kernel behind them', async () => {
    const record = (at: string, what: string): string =>
      `        lockload-309     [001] d..1.   180.5943${at}: ${what}`;
    const text = [
      '# tracer: nop',
      '#',
      record('71', 'lock_acquire: 00000000ac75a0ce lf_a'),
      record('71', '<stack trace>'),
      ' => lock_acquire+0x1/0x2',
      ' => mutex_lock+0x1/0x2',
      ' => lf_thread+0x1/0x2 [lockfuzz]',
      record('72', 'lock_release: 00000000ac75a0ce lf_a'),
      record('72', '<user stack trace>'),
      ' => <00007f1>',
      '',
    ].join('\n');
    const { sites, strings } = await captureOf(text);
    expect(sites.map(({ at, frames }) => [at, frames.map((frame) => strings[frame])])).toEqual([
      ['lf_thread', ['lock_acquire', 'mutex_lock', 'lf_thread']],
    ]);
  });
});

describe('functions in stacks', () => {
  it('have room for more than a kernel has; those beyond are told, and have no number', () => {
    let [heard, beyond] = [0, 0];
    const chains = new CallChains(
      () => heard++,
      () => beyond++,
    );
    const id = (i: number): number => {
      const name = `f${i}`;
      return chains.id(name, 0, name.length, hashOf(name, 0, name.length));
    };
    const room = 1 << 18;
    for (let i = 0; i < room; i++) if (id(i) !== i) throw new Error(`f${i} has another number`);
    expect([id(room), id(room + 1), heard, beyond]).toEqual([-1, -1, room, 2]);
  });
});

describe('plain lines of function_graph', () => {
  it('are read as the general way reads them, or left to it', () => {
    const line = fc
      .tuple(
        fc.constantFrom('', ' ', '  '),
        fc.nat(130),
        fc.constantFrom(' ', '   5.708 us    ', ' + 20.1 us   ', ' $ 1000000 us ', '               ', '  x '),
        fc.nat(12),
        fc.constantFrom('dput', '_raw_spin_lock', 'x.isra.0', '0x1', 'lock', '9p_read', '/* a: b */', '}'),
        fc.constantFrom('();', '() {', '(a=0x1);', '(); /* = 0x1 */', '', ' /* dput */', '() [mod] {'),
        fc.constantFrom('', ' '),
      )
      .map(
        ([pad, cpu, duration, depth, name, call, end]) =>
          `${pad}${cpu})${duration}|  ${'  '.repeat(depth)}${name}${call}${end}`,
      );
    const fields = ({ callee: _, ...rest }: GraphLine) => rest;
    fc.assert(
      fc.property(line, (text) => {
        const functions = new NameTable(lockFunction);
        const plain = new GraphLine();
        const slow = new GraphLine();
        const whole = `before\n${text}\nbehind`;
        if (!readPlainGraphLine(plain, whole, 7, 7 + text.length, functions)) return;
        expect([text, readGraphLine(slow, text)]).toEqual([text, true]);
        expect(fields(plain)).toEqual(fields(slow));
      }),
      { numRuns: 500 },
    );
  });
});
