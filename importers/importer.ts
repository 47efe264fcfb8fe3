// The interface of an importer: recognises a format by its first bytes, and reads a source into a builder.
import type { CaptureBuilder } from './builder.js';
import type { Source } from './source.js';

/** One capture format. */
export interface Importer {
  /** Stable id, as `--format` takes it. */
  readonly id: string;
  /** Place in the total order of recognition, lowest first; unique. */
  readonly priority: number;
  /** One line for `relock import --help`. */
  readonly title: string;
  /** True if the head (decoded text, at most 64 KiB) looks like this format under any file name. */
  sniff(head: string): boolean;
  /** True if the first bytes (unpacked, at least 64 unless the source is shorter) are those of this binary format. */
  sniffBytes?(head: Uint8Array): boolean;
  /** What `where` of an event counts: lines unless it says bytes. */
  readonly provenance?: 'line' | 'byte';
  /** Reads everything. Never throws on bad input: that is counted as a skip in the builder. */
  read(source: Source, builder: CaptureBuilder): Promise<void>;
}
