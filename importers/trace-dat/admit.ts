// Decides which ring-buffer data of a container are believed: inside the file, counted once, of a page size that can be.
import type { CpuData, Note } from './container.js';

/** Collects CPU data; hostile tables that point at the same bytes again and again are refused. */
export class CpuTable {
  readonly cpus: CpuData[] = [];
  constructor(
    readonly fileSize: number,
    /** Bytes of the file that no data have claimed yet. */
    readonly budget: { left: number },
    readonly note: Note,
  ) {}

  add(cpu: number, offset: number, size: number): void {
    if (size === 0) return;
    if (offset <= 0 || offset >= this.fileSize) {
      this.note('trace_dat_cut_short');
      return;
    }
    const there = Math.min(size, this.fileSize - offset);
    if (there < size) this.note('trace_dat_cut_short');
    if (there > this.budget.left) {
      this.note('trace_dat_data_twice');
      return;
    }
    this.budget.left -= there;
    this.cpus.push({ cpu, offset, size: there });
  }
}
