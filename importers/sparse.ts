// Numbers of ascending rows: only the rows that say something are kept.

export class Sparse {
  #rows = new Int32Array(64);
  #values = new Float64Array(64);
  length = 0;

  put(row: number, value: number): void {
    if (this.length === this.#rows.length) {
      const rows = new Int32Array(this.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
      const values = new Float64Array(this.length * 2);
      values.set(this.#values);
      this.#values = values;
    }
    this.#rows[this.length] = row;
    this.#values[this.length++] = value;
  }

  row(i: number): number {
    return this.#rows[i]!;
  }
  value(i: number): number {
    return this.#values[i]!;
  }

  /** Index of the last entry at or before a row; -1 if there is none. */
  at(row: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rows[middle]! <= row) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The value of that row itself, or `absent`. */
  valueAt(row: number, absent: number): number {
    const i = this.at(row);
    return i >= 0 && this.#rows[i] === row ? this.#values[i]! : absent;
  }
}
