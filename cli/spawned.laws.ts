// Runs the built relock in a folder of its own, for the end-to-end tests.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
export const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
const SAMPLES = join(ROOT, 'corpus', 'samples');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temp folder in which `relock` can be run; nothing outside is touched. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'relock-cli-'));

  constructor() {
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'relock'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    chmodSync(join(bin, 'relock'), 0o755);
  }

  path(name: string): string {
    return join(this.folder, name);
  }
  write(name: string, content: string | Uint8Array): string {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
    return this.path(name);
  }
  sample(name: string, as = name): string {
    mkdirSync(dirname(this.path(as)), { recursive: true });
    copyFileSync(join(SAMPLES, name), this.path(as));
    return this.path(as);
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  get environment(): NodeJS.ProcessEnv {
    const { RELOCK_DB: _, NO_COLOR: __, FORCE_COLOR: ___, ...rest } = process.env;
    return { ...rest, PATH: `${join(this.folder, 'bin')}:${process.env['PATH']}` };
  }

  relock(args: readonly string[], input: string | Uint8Array = ''): Ran {
    return ran(
      spawnSync(process.execPath, [MAIN, ...args], {
        cwd: this.folder,
        env: this.environment,
        input,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      }),
    );
  }
  shell(line: string): Ran {
    const options = {
      cwd: this.folder,
      env: this.environment,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    } as const;
    return ran(spawnSync('bash', ['-o', 'pipefail', '-c', line], options));
  }
}

function ran(result: SpawnSyncReturns<string>): Ran {
  if (result.error !== undefined) throw result.error;
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}
