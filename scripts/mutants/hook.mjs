// Module hook: `vitest` is the shim while mutants are run.
export function resolve(name, context, next) {
  if (name === 'vitest')
    return { url: new URL('./vitest-shim.mjs', import.meta.url).href, shortCircuit: true };
  return next(name, context);
}
