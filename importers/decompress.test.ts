// Bombs: what unpacks to far more than a log ever does ends early, with the rest of the file still read.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BOMB_BYTES, type Packing, unpack } from './decompress.js';

/** A zstd frame (RFC 8878) of `blocks` run-length blocks of 128 KiB zeros: four bytes each. */
function zstdBomb(blocks: number): Uint8Array {
  // Magic number; frame header: no checksum, no content size; window of 128 KiB.
  const head = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
  const bytes = new Uint8Array(head.length + blocks * 4);
  bytes.set(head);
  for (let i = 0; i < blocks; i++) {
    const header = (i === blocks - 1 ? 1 : 0) | (1 << 1) | ((1 << 17) << 3);
    bytes.set([header & 255, (header >> 8) & 255, header >> 16, 0], head.length + i * 4);
  }
  return bytes;
}

async function unpacked(packing: Packing, bytes: Uint8Array) {
  let made = 0;
  let widest = 0;
  let read = 0;
  const damage: string[] = [];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 1 << 19) {
      const chunk = bytes.subarray(at, at + (1 << 19));
      read += chunk.length;
      yield chunk;
    }
  }
  for await (const out of unpack(packing, chunks(), (what) => damage.push(what))) {
    made += out.length;
    widest = Math.max(widest, out.length);
  }
  return { made, widest, read, damage };
}

describe('decompression bombs', () => {
  it('zstd: ends behind the first gigabyte, and reads the file to its end', async () => {
    const bomb = zstdBomb(60_000);
    const { made, read, widest, damage } = await unpacked('zst', bomb);
    expect(damage).toEqual([expect.stringContaining('bomb')]);
    expect(made).toBeGreaterThan(BOMB_BYTES / 2);
    expect(made).toBeLessThanOrEqual(BOMB_BYTES);
    expect(widest).toBeLessThan(1 << 26);
    expect(read).toBe(bomb.length);
  });

  it('zstd: a frame that asks for a window of gigabytes is refused before room is made for it', async () => {
    const frame = (...header: number[]) =>
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...header, ...new Uint8Array(16));
    const refused = [expect.stringContaining('window')];
    // One segment of 1.8 GB, as the self-fuzzing found it; windows of 2 GiB and of 144 MiB.
    for (const one of [frame(0xa4, 0x00, 0xc3, 0xfe, 0x68), frame(0x00, 0xa8), frame(0x00, 0x89)])
      expect(await unpacked('zst', one)).toMatchObject({ made: 0, damage: refused, read: one.length });
    expect((await unpacked('zst', frame(0x00, 0x88))).damage).not.toEqual(refused);
  });

  it('zstd: so is a later frame, behind whole ones and one to be skipped; what came before is kept', async () => {
    const whole = zstdBomb(3);
    const skipped = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5);
    const large = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, ...new Uint8Array(16));
    for (const gap of [[], [skipped], [whole, skipped, whole]]) {
      const bytes = Buffer.concat([whole, ...gap, large, whole]);
      const { made, read, damage } = await unpacked('zst', bytes);
      expect(damage).toEqual([expect.stringContaining('window of 2147483648 bytes')]);
      // The frames in the bite that it stands in go with it.
      expect(made).toBeLessThanOrEqual((1 + gap.filter((part) => part === whole).length) * 3 * 2 ** 17);
      expect(read).toBe(bytes.length);
    }
    const far = Buffer.concat([zstdBomb(1000), large]);
    expect((await unpacked('zst', far)).made).toBeGreaterThan(500 * 2 ** 17);
  });

  it('zstd: a small frame of the same kind is unpacked whole', async () => {
    expect(await unpacked('zst', zstdBomb(100))).toMatchObject({ made: 100 << 17, damage: [] });
  });

  it('gzip: handed on in pieces, however well it packs', async () => {
    const { made, widest, damage } = await unpacked('gz', gzipSync(new Uint8Array(1 << 28)));
    expect(made).toBe(1 << 28);
    expect(widest).toBeLessThanOrEqual(1 << 18);
    expect(damage).toEqual([]);
  });
});
