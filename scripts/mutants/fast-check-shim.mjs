// Stands in for fast-check while mutants are run: each law makes only a share of its draws (`--effort`).
import fc from 'fast-check';

const assert = (property, options = {}) =>
  fc.assert(property, { ...options, numRuns: Math.ceil(globalThis.__effort * (options.numRuns ?? 100)) });

export default { ...fc, assert };
