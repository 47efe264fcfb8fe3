// Stands in for vitest while mutants are run: collects the tests of a module, to be run again and again in one process.
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import * as chai from 'chai';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

// Snapshots need vitest's own files: they are not looked at.
chai.use((_chai, utils) => {
  for (const name of ['toMatchInlineSnapshot', 'toMatchSnapshot'])
    utils.addMethod(chai.Assertion.prototype, name, () => {});
});

// A law that counts what it has seen counts less where it makes a share of its draws.
chai.use((_chai, utils) =>
  utils.overwriteMethod(
    chai.Assertion.prototype,
    'toBeGreaterThan',
    (compare) =>
      function (least) {
        compare.call(this, least > 1 && globalThis.__effort < 1 ? (least * globalThis.__effort) / 4 : least);
      },
  ),
);

// As vitest.setup.ts has it.
chai.use((_chai, utils) =>
  utils.addMethod(chai.Assertion.prototype, 'toComeUpMoreThan', function (least) {
    const wanted = globalThis.__effort < 1 ? Math.floor((least * globalThis.__effort) / 4) - 1 : least;
    this.assert(this._obj > wanted, `came up ${this._obj} times, not more than ${wanted}`, '');
  }),
);

export const { expect } = chai;

/** All tests in order: name, function, and what has to be done before and after those beside it. */
export const tests = [];
let suite = { name: '', before: [], after: [], each: [] };

const title = (name, row) => {
  let next = 0;
  const args = Array.isArray(row) ? row : [row];
  return name.replace(/%s|%i|%d|%j|\$\w+/g, () => String(args[next++]));
};
const spread = (fn, row) => () => fn(...(Array.isArray(row) ? row : [row]));

export function describe(name, fn) {
  const outer = suite;
  suite = {
    name: `${outer.name}${name} > `,
    before: [...outer.before],
    after: [...outer.after],
    each: [...outer.each],
  };
  fn();
  suite = outer;
}
describe.each = (rows) => (name, fn) => {
  for (const row of rows) describe(title(name, row), spread(fn, row));
};

export function it(name, fn) {
  tests.push({ name: `${suite.name}${name}`, fn, suite });
}
it.each = (rows) => (name, fn) => {
  for (const row of rows) it(title(name, row), spread(fn, row));
};
it.skipIf = (skip) => (skip ? () => {} : it);
it.runIf = (run) => (run ? it : () => {});
export const test = it;
export const beforeAll = (fn) => suite.before.push(fn);
export const afterAll = (fn) => suite.after.push(fn);
export const beforeEach = (fn) => suite.each.push(fn);

/** Runs one test with its preparations. Throws what it throws. */
export async function runTest({ fn, suite: { before, each, after } }) {
  for (const prepare of [...before, ...each]) await prepare();
  try {
    await fn();
  } finally {
    for (const clean of after) await clean();
  }
}
