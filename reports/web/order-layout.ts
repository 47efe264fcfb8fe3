// Layout of the lock-order graph: classes in layers, outer locks above inner ones, cycles together.

/** `held` was held while `wanted` was wanted, `times` times. */
export interface OrderEdge {
  readonly held: string;
  readonly wanted: string;
  readonly times: number;
}

export interface PlacedClass {
  readonly name: string;
  /** Layer from the top, and place in it from the left, both from 0. */
  readonly layer: number;
  readonly place: number;
  /** Number of its strongly connected component; classes of one component can be taken in a ring. */
  readonly component: number;
  readonly cyclic: boolean;
}

/** Deterministic. Linear in the graph but for some sweeps that order the layers. */
export function layOut(edges: readonly OrderEdge[]): Map<string, PlacedClass> {
  const names = [...new Set(edges.flatMap((edge) => [edge.held, edge.wanted]))].sort();
  const next = new Map<string, string[]>(names.map((name) => [name, []]));
  const before = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const { held, wanted } of edges) {
    next.get(held)?.push(wanted);
    before.get(wanted)?.push(held);
  }
  const component = components(names, next);
  const sizes = new Map<number, number>();
  for (const c of component.values()) sizes.set(c, (sizes.get(c) ?? 0) + 1);
  const loops = new Set(edges.filter((edge) => edge.held === edge.wanted).map((edge) => edge.held));
  const layer = layers(names, next, component);
  const rows: string[][] = [];
  for (const name of names) {
    const row = layer.get(name) ?? 0;
    rows[row] = [...(rows[row] ?? []), name];
  }
  const place = new Map<string, number>();
  for (const row of rows) for (const [i, name] of (row ?? []).entries()) place.set(name, i);
  // Barycentre sweeps (Sugiyama, Tagawa, Toda 1981): down by those above, up by those below.
  for (let sweep = 0; sweep < 6; sweep++)
    for (const row of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      const others = sweep % 2 === 0 ? before : next;
      const weight = (name: string) => {
        const places = (others.get(name) ?? []).map((other) => place.get(other) ?? 0);
        return places.length === 0
          ? (place.get(name) ?? 0)
          : places.reduce((a, b) => a + b, 0) / places.length;
      };
      const weights = new Map((row ?? []).map((name) => [name, weight(name)]));
      row?.sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0) || (a < b ? -1 : 1));
      for (const [i, name] of (row ?? []).entries()) place.set(name, i);
    }
  return new Map(
    names.map((name) => [
      name,
      {
        name,
        layer: layer.get(name) ?? 0,
        place: place.get(name) ?? 0,
        component: component.get(name) ?? 0,
        cyclic: (sizes.get(component.get(name) ?? -1) ?? 1) > 1 || loops.has(name),
      },
    ]),
  );
}

/** Strongly connected components (Tarjan 1972), numbered in reverse topological order; without recursion. */
function components(
  names: readonly string[],
  next: ReadonlyMap<string, readonly string[]>,
): Map<string, number> {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const result = new Map<string, number>();
  let found = 0;
  for (const root of names) {
    if (index.has(root)) continue;
    const work: { name: string; at: number }[] = [{ name: root, at: 0 }];
    while (work.length > 0) {
      const frame = work[work.length - 1] as { name: string; at: number };
      const { name } = frame;
      if (frame.at === 0) {
        index.set(name, index.size);
        low.set(name, index.get(name) as number);
        stack.push(name);
        onStack.add(name);
      }
      const target = next.get(name)?.[frame.at++];
      if (target !== undefined) {
        if (!index.has(target)) work.push({ name: target, at: 0 });
        else if (onStack.has(target))
          low.set(name, Math.min(low.get(name) as number, index.get(target) as number));
        continue;
      }
      if (low.get(name) === index.get(name)) {
        for (;;) {
          const member = stack.pop() as string;
          onStack.delete(member);
          result.set(member, found);
          if (member === name) break;
        }
        found++;
      }
      work.pop();
      const parent = work[work.length - 1];
      if (parent !== undefined)
        low.set(parent.name, Math.min(low.get(parent.name) as number, low.get(name) as number));
    }
  }
  return result;
}

/** Longest path from the top over components; members of one component lie below each other. */
function layers(
  names: readonly string[],
  next: ReadonlyMap<string, readonly string[]>,
  component: ReadonlyMap<string, number>,
): Map<string, number> {
  const members = new Map<number, string[]>();
  for (const name of names) {
    const c = component.get(name) as number;
    members.set(c, [...(members.get(c) ?? []), name]);
  }
  const top = new Map<number, number>();
  const layer = new Map<string, number>();
  // Tarjan numbers sinks first, so the highest number has nothing above it.
  for (const c of [...members.keys()].sort((a, b) => b - a)) {
    const start = top.get(c) ?? 0;
    const list = members.get(c) as string[];
    for (const [i, name] of list.entries()) layer.set(name, start + i);
    for (const name of list)
      for (const target of next.get(name) ?? []) {
        const other = component.get(target) as number;
        if (other !== c) top.set(other, Math.max(top.get(other) ?? 0, start + list.length));
      }
  }
  return layer;
}
