// Tests of the builder: rows that are removed, one by one or in long stretches, leave the others as they were.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaptureId } from '../corpus/schema/ids.js';
import { CaptureBuilder } from './builder.js';

const ABOUT = { id: 'x' as CaptureId, file: 'x', bytes: 1, format: 'x', provenance: 'line' } as const;

describe('rows', () => {
  it('that are dropped are gone, and the others close up in order with all that they had', () => {
    const stretches = fc.array(fc.tuple(fc.integer({ min: 1, max: 130 }), fc.boolean()), { maxLength: 12 });
    fc.assert(
      fc.property(stretches, (list) => {
        const marks = Uint8Array.from(
          list.flatMap(([n, isDropped]) => new Array<number>(n).fill(isDropped ? 1 : 0)),
        );
        const make = (skip: boolean) => {
          const builder = new CaptureBuilder();
          const task = builder.task({ name: 't', pid: 1, function: null, named: true, runs: 'task' }, null);
          const episode = builder.episode({ origin: 'trace', basis: 'recorded' });
          marks.forEach((mark, i) => {
            if (skip && mark === 1) return;
            builder.row(
              i % 20,
              task,
              -1,
              i % 3,
              -1,
              i % 7,
              i % 4,
              i % 3,
              i % 8,
              episode,
              i % 5,
              i * 77,
              i + 1,
            );
          });
          if (!skip) builder.dropRows(marks);
          return builder.finish(ABOUT).events;
        };
        expect(make(false)).toEqual(make(true));
      }),
    );
  });
});
