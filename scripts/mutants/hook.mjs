// Module hook: `vitest` and `fast-check` are shims while mutants are run.
const SHIMS = ['vitest', 'fast-check'];

export function resolve(name, context, next) {
  const shim = new URL(`./${name}-shim.mjs`, import.meta.url).href;
  if (!SHIMS.includes(name) || context.parentURL === shim) return next(name, context);
  return { url: shim, shortCircuit: true };
}
