// The frames of a Zstandard stream by their headers alone: how large a window each asks for, before a decoder makes room for it (RFC 8878, 3.1).

const MAGIC = 0xfd2fb528;
/** 0x184D2A50 to 0x184D2A5F. */
const SKIPPABLE = 0x184d2a50;

/** What is read next: so many bytes of it are gathered, or passed over. */
type Part = 'magic' | 'descriptor' | 'header' | 'block' | 'content' | 'checksum' | 'skippable' | 'nothing';

const BLOCK_HEADER = 3;
const RUN_LENGTH = 1;
const RESERVED = 3;

/** Walks over the bytes of a stream, however they are cut. */
export class ZstdFrames {
  #part: Part = 'magic';
  readonly #gathered: number[] = [];
  #left = 4;
  #descriptor = 0;
  #isLast = false;

  /** The largest window, in bytes, that a frame asks for whose header ends in these bytes; 0 if none does. Never throws. */
  widest(bytes: Uint8Array): number {
    let widest = 0;
    for (let at = 0; at < bytes.length; ) {
      if (this.#isLost()) break;
      if (this.#part === 'content' || this.#part === 'checksum') {
        const passed = Math.min(this.#left, bytes.length - at);
        at += passed;
        this.#left -= passed;
      } else {
        this.#gathered.push(bytes[at++]!);
        this.#left--;
      }
      while (this.#left === 0 && !this.#isLost()) widest = Math.max(widest, this.#next());
    }
    return widest;
  }

  /** What came was no frame: nothing more can be said. */
  #isLost(): boolean {
    return this.#part === 'nothing';
  }

  #await(part: Part, bytes: number): void {
    this.#part = part;
    this.#left = bytes;
    this.#gathered.length = 0;
  }

  #number(from = 0, to = this.#gathered.length): number {
    let sum = 0;
    for (let i = to - 1; i >= from; i--) sum = sum * 256 + this.#gathered[i]!;
    return sum;
  }

  /** A part is whole. Returns the window that it asks for, or 0. */
  #next(): number {
    switch (this.#part) {
      case 'magic': {
        const magic = this.#number();
        if (magic === MAGIC) this.#await('descriptor', 1);
        else if (magic - (magic % 16) === SKIPPABLE) this.#await('skippable', 4);
        // Not ours to say: the decoder does.
        else this.#await('nothing', 0);
        return 0;
      }
      case 'skippable': {
        const size = this.#number();
        this.#isLast = true;
        this.#descriptor = 0;
        this.#await('content', size);
        return 0;
      }
      case 'descriptor': {
        const descriptor = this.#number();
        this.#descriptor = descriptor;
        const isOneSegment = (descriptor & 0x20) !== 0;
        const dictionary = [0, 1, 2, 4][descriptor & 3]!;
        const size = [isOneSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
        this.#await('header', (isOneSegment ? 0 : 1) + dictionary + size);
        return 0;
      }
      case 'header': {
        const isOneSegment = (this.#descriptor & 0x20) !== 0;
        const [window = 0] = this.#gathered;
        const dictionary = [0, 1, 2, 4][this.#descriptor & 3]!;
        // A frame of one segment: its window is its content, of which 256 are left out of a size of two bytes.
        const asked = isOneSegment
          ? this.#number(dictionary) + (this.#descriptor >> 6 === 1 ? 256 : 0)
          : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
        this.#await('block', BLOCK_HEADER);
        return asked;
      }
      case 'block': {
        const header = this.#number();
        this.#isLast = (header & 1) !== 0;
        const kind = (header >> 1) & 3;
        if (kind === RESERVED) this.#await('nothing', 0);
        else this.#await('content', kind === RUN_LENGTH ? 1 : header >> 3);
        return 0;
      }
      case 'content':
        if (!this.#isLast) this.#await('block', BLOCK_HEADER);
        else if ((this.#descriptor & 4) !== 0) this.#await('checksum', 4);
        else this.#await('magic', 4);
        return 0;
      case 'checksum':
        this.#await('magic', 4);
        return 0;
      case 'nothing':
        return 0;
      default: {
        const never: never = this.#part;
        return never;
      }
    }
  }
}
