// Laws of walking over zstd frames: however the bytes are cut, each frame's window is told once, and never of what is no frame.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZstdFrames } from './zstd-frames.js';

const hasZstd = spawnSync('zstd', ['--version']).status === 0;

interface Frame {
  readonly bytes: Uint8Array;
  /** 0 for a frame to be skipped. */
  readonly window: number;
}

const littleEndian = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);

/** A frame as the RFC has it: descriptor, window or content size, dictionary, blocks of three kinds, checksum. */
const frame: fc.Arbitrary<Frame> = fc
  .record({
    isOneSegment: fc.boolean(),
    sizeFlag: fc.nat(3),
    dictionary: fc.nat(3),
    hasChecksum: fc.boolean(),
    window: fc.nat(255),
    content: fc.integer({ min: 256, max: 2 ** 31 }),
    blocks: fc.array(fc.record({ kind: fc.nat(2), size: fc.nat(40) }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ isOneSegment, sizeFlag, dictionary, hasChecksum, window, content, blocks }) => {
    const bytesOfSize = [isOneSegment ? 1 : 0, 2, 4, 8][sizeFlag]!;
    const size = bytesOfSize === 8 ? content : content % 256 ** bytesOfSize;
    const bytes = [0x28, 0xb5, 0x2f, 0xfd];
    bytes.push((sizeFlag << 6) | (isOneSegment ? 0x20 : 0) | (hasChecksum ? 4 : 0) | dictionary);
    if (!isOneSegment) bytes.push(window);
    bytes.push(...littleEndian(0xfd2fb528, [0, 1, 2, 4][dictionary]!), ...littleEndian(size, bytesOfSize));
    blocks.forEach(({ kind, size: length }, i) => {
      const isLast = i === blocks.length - 1 ? 1 : 0;
      bytes.push(...littleEndian(isLast | (kind << 1) | (length << 3), 3));
      bytes.push(...new Array<number>(kind === 1 ? 1 : length).fill(0xff));
    });
    if (hasChecksum) bytes.push(1, 2, 3, 4);
    const asked = isOneSegment
      ? size + (bytesOfSize === 2 ? 256 : 0)
      : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
    return { bytes: Uint8Array.from(bytes), window: asked };
  });
const skippable: fc.Arbitrary<Frame> = fc
  .record({ kind: fc.nat(15), content: fc.uint8Array({ maxLength: 30 }) })
  .map(({ kind, content }) => ({
    bytes: Uint8Array.from([0x50 + kind, 0x2a, 0x4d, 0x18, ...littleEndian(content.length, 4), ...content]),
    window: 0,
  }));
const frames = fc.array(fc.oneof(frame, skippable), { maxLength: 6 });

/** The windows told, byte by byte. */
function windowsOf(bytes: Uint8Array): number[] {
  const walker = new ZstdFrames();
  return [...bytes].map((byte) => walker.widest(Uint8Array.of(byte))).filter((window) => window > 0);
}

describe('ZstdFrames', () => {
  it('tells the window of each frame, once, where its header ends', () => {
    fc.assert(
      fc.property(frames, (all) => {
        const bytes = Buffer.concat(all.map((one) => one.bytes));
        expect(windowsOf(bytes)).toEqual(all.map((one) => one.window).filter((window) => window > 0));
      }),
    );
  });

  it('tells the widest of what ends in a piece, however the bytes are cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (all, cuts) => {
        const bytes = Buffer.concat(all.map((one) => one.bytes));
        const walker = new ZstdFrames();
        let widest = 0;
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length]!;
          widest = Math.max(widest, walker.widest(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(widest).toBe(Math.max(0, ...all.map((one) => one.window)));
        expect(new ZstdFrames().widest(bytes)).toBe(widest);
      }),
    );
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const behind = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...bytes);
        expect(new ZstdFrames().widest(behind)).toBeGreaterThanOrEqual(0);
        expect(new ZstdFrames().widest(bytes)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it.skipIf(!hasZstd)(
    'reads what zstd itself writes: three files, one behind the other, at other levels',
    () => {
      const packed = [1, 9, 19].map((level) => {
        const input = Buffer.alloc(3_000_000, `line ${level}\n`);
        return spawnSync('zstd', [`-${level}`, '-c', '--no-progress'], { input, maxBuffer: 1 << 28 }).stdout;
      });
      const windows = windowsOf(Buffer.concat(packed));
      expect(windows).toHaveLength(3);
      for (const window of windows) expect(window).toBeLessThanOrEqual(2 ** 23);
      expect(windowsOf(Buffer.concat(packed))).toEqual(packed.flatMap((one) => windowsOf(one)));
    },
  );
});
