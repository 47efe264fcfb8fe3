// A large kernel log made from the sample captures: reports far apart between ordinary lines, or back to back.
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SAMPLES = fileURLToPath(new URL('../../corpus/samples/', import.meta.url));

const ORDINARY = [
  'pcieport 0000:00:1c.0: AER: Corrected error message received from 0000:03:00.0',
  'mlx5_core 0000:08:00.0 ens1f0np0: Link up',
  'usb 1-4: new high-speed USB device number 12 using xhci_hcd',
  'audit: type=1400 audit(1732347.123:45): apparmor="STATUS" operation="profile_load"',
  'EXT4-fs (dm-0): re-mounted 1f2e3d4c-0000-4000-8000-abcdefabcdef r/w. Quota mode: none.',
  'zpci: 000a:00:00.0: Event 0x3b reports an error for PCI function 0x8300',
];

/** Bytes of reports in a made log: the share that a log of a busy machine has, or everything. */
export type Density = 'sparse' | 'dense';

/** Writes a log of about `megabytes` to `path`. Sparse: one sample per 4 MB of ordinary lines. */
export function writeMadeLog(path: string, megabytes: number, density: Density): void {
  const samples = readdirSync(SAMPLES)
    .filter((name) => name.endsWith('.log'))
    .map((name) => readFileSync(join(SAMPLES, name), 'utf8'));
  const ordinary: string[] = [];
  let bytes = 0;
  for (let i = 0; bytes < 4 << 20; i++) {
    const line = `[${String(100 + i / 1000)
      .slice(0, 7)
      .padStart(12)}] ${ORDINARY[i % ORDINARY.length]} #${i}\n`;
    ordinary.push(line);
    bytes += line.length;
  }
  const block = ordinary.join('');
  const file = openSync(path, 'w');
  let written = 0;
  for (let i = 0; written < megabytes << 20; i++) {
    if (density === 'sparse') written += writeSync(file, block);
    written += writeSync(file, samples[i % samples.length] ?? '');
  }
  closeSync(file);
}
