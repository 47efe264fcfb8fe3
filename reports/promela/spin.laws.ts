// SPIN for tests: builds a verifier of a model and runs it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** True if spin and a C compiler are there. */
export const SPIN_IS_THERE =
  spawnSync('spin', ['-V']).status === 0 && spawnSync('gcc', ['--version']).status === 0;

export interface PanResult {
  readonly errors: number;
  readonly assertion: boolean;
  /** True if every state was looked at, or an error ended the search. */
  readonly complete: boolean;
}

/** Runs pan on the model; `goal`: other ends do not count. Throws if the model does not compile. */
export function pan(model: string, goal: boolean): PanResult {
  const dir = mkdtempSync(join(tmpdir(), 'relock-spin-'));
  const run = (command: string, args: readonly string[]): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: dir,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (error !== undefined || status !== 0) throw new Error(`${command}: ${stdout}${stderr}\n${model}`);
    return stdout;
  };
  try {
    writeFileSync(join(dir, 'model.pml'), model);
    const said = run('spin', ['-a', 'model.pml']);
    if (/error/i.test(said)) throw new Error(`${said}\n${model}`);
    run('gcc', ['-O0', '-w', '-DSAFETY', '-DNOREDUCE', '-o', 'pan', 'pan.c']);
    const out = run('./pan', ['-m200000', ...(goal ? ['-E'] : [])]);
    const errors = Number(/errors: (\d+)/.exec(out)?.[1] ?? Number.NaN);
    const cut = /max search depth too small|out of memory/i.test(out);
    return { errors, assertion: /assertion violated/.test(out), complete: errors > 0 || !cut };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
