// Sites of the paths of calls that function_graph shows: each path is worked out once.
import { NONE } from '../../corpus/schema/ids.js';
import type { CaptureBuilder } from '../builder.js';
import { lockCall, wrapperOf } from './lock-functions.js';

/** More paths than a recording has; a hostile one may have any number, and then they are worked out anew. */
const MOST_PATHS = 1 << 16;
/** The site has not been asked for. */
const UNKNOWN = -2;

interface Path {
  readonly further: Map<string, Path>;
  /** SiteId; NONE where nobody would name a function of the path. */
  site: number;
}

const newPath = (): Path => ({ further: new Map(), site: UNKNOWN });

/** Paths as a tree: outermost function first. */
export class CallPaths {
  readonly #builder: CaptureBuilder;
  #root = newPath();
  #size = 0;

  constructor(builder: CaptureBuilder) {
    this.#builder = builder;
  }

  /** The site of the first `depth` functions of a path, or NONE. */
  siteOf(graph: readonly string[], depth: number): number {
    if (this.#size >= MOST_PATHS) {
      this.#root = newPath();
      this.#size = 0;
    }
    let path = this.#root;
    const end = Math.min(depth, graph.length);
    for (let i = 0; i < end; i++) {
      const name = graph[i]!;
      let next = path.further.get(name);
      if (next === undefined) {
        next = newPath();
        path.further.set(name, next);
        this.#size++;
      }
      path = next;
    }
    if (path.site === UNKNOWN) path.site = this.#work(graph.slice(0, end));
    return path.site;
  }

  #work(graph: readonly string[]): number {
    const frames = graph.filter((frame) => frame !== '' && lockCall(frame) === null).reverse();
    const at = frames.find((frame) => wrapperOf(frame) === null) ?? frames[0];
    return at === undefined ? NONE : this.#builder.site(at, frames);
  }
}
