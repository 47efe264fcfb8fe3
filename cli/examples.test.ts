// Every example of the help that ends by itself is run as it stands, on sample data.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from './spawned.laws.js';
import { COMMANDS } from './table.js';

const bench = new Bench();
const LOG = 'x86_64-sriov-numvfs-vs-remove-hung.log';
/** These run for hours, or for ever. */
const ENDLESS = /--for \d+[mh]|--watch|relock serve|relock worker/;

beforeAll(() => {
  bench.sample(LOG, 'dmesg.txt');
  bench.sample('x86_64-abba-splat.log', 'logs/boot.log');
  bench.sample(LOG, 'more.log');
  bench.write('v11.patch', readFileSync(new URL('../corpus/patches/v11.patch', import.meta.url)));
  bench.write('bin/journalctl', '#!/bin/sh\ncat dmesg.txt\n');
  const setUp = [
    'chmod +x bin/journalctl',
    'gzip more.log',
    'relock import dmesg.txt',
    'relock fuzz zpci-night --execs 500 || true',
    'cp relock.db lpar07.db',
    'cp relock.db known.db',
    'relock triage newest reported --db known.db',
    'relock show newest --form mail > this-mail',
    'relock show newest --form litmus > remove-vs-numvfs.litmus',
  ].join(' && ');
  const { code, stderr } = bench.shell(setUp);
  if (code !== 0) throw new Error(`set-up failed: ${stderr}`);
});
afterAll(() => bench.remove());

describe('examples of the help', () => {
  for (const command of COMMANDS)
    for (const { line } of command.examples)
      it.skipIf(ENDLESS.test(line))(line, () => {
        const { code, stderr } = bench.shell(line);
        expect(
          command.exits.map(([known]) => known),
          stderr,
        ).toContain(code);
        expect(code, stderr).not.toBe(2);
        expect(code, stderr).not.toBe(4);
      });
});
