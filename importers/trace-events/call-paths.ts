// Sites of the paths of calls that function_graph shows: each path is worked out once.
import { NONE } from '../../corpus/schema/ids.js';
import type { CaptureBuilder } from '../builder.js';
import { cutTo } from './lists.js';
import { lockFunction } from './lock-functions.js';

/** More paths than a recording has; a hostile one may have any number, and then they are worked out anew. */
const MOST_PATHS = 1 << 16;
/** The site has not been asked for. */
const UNKNOWN = -2;

interface Path {
  readonly further: Map<string, Path>;
  /** The function further in that was asked for last. */
  lastName: string | null;
  lastPath: Path | null;
  /** SiteId; NONE where nobody would name a function of the path. */
  site: number;
}

const newPath = (): Path => ({ further: new Map(), lastName: null, lastPath: null, site: UNKNOWN });

/** The functions that a task is inside of by function_graph, outermost first; '' where one was not seen to begin. */
export class GraphStack {
  readonly names: string[] = [];
  /** For `CallPaths`: the paths of the first functions, as far as they were asked for. */
  readonly paths: Path[] = [];
  /** For `CallPaths`: of which tree the paths are. */
  tree = 0;

  get depth(): number {
    return this.names.length;
  }

  /** The task is inside of so many functions: those further in have returned, and of those further out nothing is known. */
  setDepth(depth: number): void {
    cutTo(this.names, depth);
    cutTo(this.paths, depth);
    while (this.names.length < depth) this.names.push('');
  }

  /** The task calls that function. */
  enter(name: string): void {
    this.names.push(name);
  }
}

/** Paths as a tree: outermost function first. */
export class CallPaths {
  readonly #builder: CaptureBuilder;
  #root = newPath();
  #size = 0;
  #tree = 0;

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  /** The site of the first `depth` functions that a task is inside of, or NONE. */
  siteOf(stack: GraphStack, depth: number): number {
    if (this.#size >= MOST_PATHS) {
      this.#root = newPath();
      this.#size = 0;
      this.#tree++;
    }
    const { names, paths } = stack;
    if (stack.tree !== this.#tree) {
      cutTo(paths, 0);
      stack.tree = this.#tree;
    }
    const end = Math.min(depth, names.length);
    for (let i = paths.length; i < end; i++)
      paths.push(this.#further(i === 0 ? this.#root : paths[i - 1]!, names[i]!));
    const path = end === 0 ? this.#root : paths[end - 1]!;
    if (path.site === UNKNOWN) path.site = this.#work(names.slice(0, end));
    return path.site;
  }

  #further(path: Path, name: string): Path {
    if (path.lastName === name && path.lastPath !== null) return path.lastPath;
    let next = path.further.get(name);
    if (next === undefined) {
      next = newPath();
      path.further.set(name, next);
      this.#size++;
    }
    path.lastName = name;
    path.lastPath = next;
    return next;
  }

  #work(names: readonly string[]): number {
    const frames = names.filter((frame) => frame !== '' && lockFunction(frame).call === null).reverse();
    const at = frames.find((frame) => lockFunction(frame).wrapper === null) ?? frames[0];
    return at === undefined ? NONE : this.#builder.site(at, frames);
  }
}
