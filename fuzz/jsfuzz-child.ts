// Runs jsfuzz's own fuzzer on one target in a process of its own, since jsfuzz ends the process at its first crash.
import { createRequire } from 'node:module';

// jsfuzz declares no types for this file.
interface Fuzzer {
  start(): void;
}
type FuzzerClass = new (
  target: string,
  dirs: readonly string[],
  exactArtifactPath: string | undefined,
  rssLimitMb: number,
  timeoutSeconds: number,
  regression: boolean,
  onlyAscii: boolean,
  versifier: boolean,
) => Fuzzer;

/** Draws of jsfuzz come from `Math.random`, which takes no seed: a xorshift of 32 bits stands in, so that a run repeats. */
function seedMathRandom(seed: number): void {
  let x = seed | 0 || 1;
  Math.random = () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

const [shim = '', corpus = '', seed = '1', ascii = 'false'] = process.argv.slice(2);
seedMathRandom(Number(seed));
const { Fuzzer } = createRequire(import.meta.url)('jsfuzz/build/src/fuzzer.js') as { Fuzzer: FuzzerClass };
// Without the versifier: on kernel text it builds a tree of gigabytes in the parent, and the runs stop (ADR 0080).
new Fuzzer(shim, [corpus], undefined, 2048, 60, false, ascii === 'true', false).start();
