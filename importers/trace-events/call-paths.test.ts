// Laws of sites by call path: a stack that is walked step by step has the site that its functions have when they are looked at anew.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NONE } from '../../corpus/schema/ids.js';
import { CaptureBuilder } from '../builder.js';
import { CallPaths, GraphStack } from './call-paths.js';
import { lockFunction } from './lock-functions.js';

const FUNCTIONS = ['vfs_write', 'mutex_lock', 'pci_lock_rescan_remove', 'device_release_driver', 'a', 'b'];
const step = fc.record({
  who: fc.nat(2),
  depth: fc.nat(7),
  enter: fc.option(fc.constantFrom(...FUNCTIONS), { nil: null }),
  ask: fc.nat(9),
});

describe('sites of paths of function_graph', () => {
  it('are those of the functions on the way', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const paths = new CallPaths(new CaptureBuilder());
        const anew = new CaptureBuilder();
        const sites = new Map<number, number>();
        const stacks = Array.from({ length: 3 }, () => ({ stack: new GraphStack(), names: [] as string[] }));
        for (const { who, depth, enter, ask } of steps) {
          const { stack, names } = stacks[who]!;
          stack.setDepth(depth);
          names.length = Math.min(names.length, depth);
          while (names.length < depth) names.push('');
          if (enter !== null) {
            stack.enter(enter);
            names.push(enter);
          }
          expect(stack.names).toEqual(names);
          const frames = names
            .slice(0, ask)
            .filter((name) => name !== '' && lockFunction(name).call === null)
            .reverse();
          const at = frames.find((name) => lockFunction(name).wrapper === null) ?? frames[0];
          const site = paths.siteOf(stack, ask);
          const right = at === undefined ? NONE : anew.site(at, frames);
          if (right === NONE) expect(site).toBe(NONE);
          else {
            expect(sites.get(right) ?? site).toBe(site);
            sites.set(right, site);
          }
        }
        expect(new Set(sites.values()).size).toBe(sites.size);
      }),
    );
  });
});
