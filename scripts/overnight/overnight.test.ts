// Tests of `npm run overnight`: each step of a night has its share, a step that is cut off is no failure, and one that fails is.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'relock-overnight-'));
afterAll(() => rmSync(folder, { recursive: true }));

function overnight(...args: string[]): { readonly code: number | null; readonly out: string } {
  const run = spawnSync(process.execPath, [MAIN, '--logs', folder, '--seed', '1', ...args], {
    encoding: 'utf8',
  });
  return { code: run.status, out: run.stdout + run.stderr };
}

/** Minutes of each step of the plan, by its name; those left out have none. */
function planned(hours: number): Map<string, number> {
  const rows = overnight('--plan', '--hours', String(hours)).out.trim().split('\n');
  return new Map(
    rows.map((row) => [/ {2}([^:]+):/.exec(row)?.[1] ?? row, Number(/^ *([\d.]+) min/.exec(row)?.[1] ?? 0)]),
  );
}

/** A list of steps that write, wait, or fail; each needs a fiftieth of a second. */
function stepsOf(...bodies: readonly (readonly [string, string])[]): string {
  const file = join(folder, 'steps.mjs');
  const list = bodies.map(([what, code]) => ({
    what,
    share: 0.5,
    least: 0.02 / 60,
    env: {},
    command: ['node', '-e', code],
  }));
  writeFileSync(file, `export const STEPS = ${JSON.stringify(list)};\n`);
  return file;
}

describe('a plan', () => {
  it('gives every step of an hour or more its time, and never more than there is', () => {
    for (const hours of [1, 2, 8, 12]) {
      const plan = planned(hours);
      expect(plan.size).toBe(8);
      for (const minutes of plan.values()) expect(minutes).toBeGreaterThanOrEqual(1);
      const sum = [...plan.values()].reduce((a, b) => a + b, 0);
      expect(Math.abs(sum - hours * 60)).toBeLessThan(1);
    }
  });

  it('leaves out of a short one what does not fit, and keeps the first', () => {
    const plan = planned(0.25);
    expect([...plan.values()].filter((minutes) => minutes === 0).length).toBeGreaterThan(0);
    expect(plan.get('whole suite, other dice')).toBeGreaterThanOrEqual(10);
    expect(overnight('--plan', '--hours', '0.01').out).not.toMatch(/\d min/);
  });

  it('hands each step its seconds and its dice', () => {
    const { out } = overnight('--plan', '--hours', '8');
    expect(out).toMatch(/--seconds \d{4,}/);
    expect(out).toMatch(/RELOCK_KILLS=\d{3}/);
    expect(out).not.toMatch(/[{}]/);
    expect(overnight('--plan', '--hours', '8').out).toBe(out);
  });

  it('refuses hours that are none, and a name that no step has', () => {
    expect(overnight('--plan', '--hours', 'x').code).not.toBe(0);
    expect(overnight('--plan', '--only', 'nothing of the kind').out).toContain('no step has');
  });
});

describe('a night', () => {
  it('ends well where a step is cut off, and says so', () => {
    const file = stepsOf(['endless', 'setInterval(() => {}, 1000)'], ['short', 'console.log("3 inputs")']);
    const { code, out } = overnight('--steps', file, '--hours', String(6 / 3600));
    expect(code, out).toBe(0);
    expect(out).toMatch(/^cut off +endless/m);
    expect(out).toContain('seed 1');
  });

  it('fails where a step fails, names its output, and goes on with the others', () => {
    const file = stepsOf(['broken', 'console.log("1 fault"); process.exit(3)'], ['short', 'process.exit(4)']);
    const { code, out } = overnight('--steps', file, '--hours', '0.1');
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED +broken: .* 1 fault$/m);
    expect(out).toMatch(/broken FAILED: .*01-broken\.log/);
    expect(out).toMatch(/^FAILED +short/m);
  });
});
