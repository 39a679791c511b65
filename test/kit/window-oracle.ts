/** Windows of event time as a plain loop has them: every row in a list of each of its windows. */

export interface OracleWindow {
  readonly sizeMs: number;
  /** The size, where windows do not overlap. */
  readonly slideMs: number;
  readonly offsetMs: number;
  readonly latenessMs: number;
}

/** The rows of one key in one window, in the order in which they came. */
export interface WindowContents<T> {
  readonly startMs: number;
  readonly endMs: number;
  readonly rows: T[];
}

/** Takes rows one by one, a watermark after each, and says which windows give out a result. */
export class WindowOracle<T> {
  readonly #window: OracleWindow;
  readonly #timeOf: (row: T) => number;
  readonly #keyOf: (row: T) => string;
  readonly #windows = new Map<string, WindowContents<T>>();
  #watermarkMs = Number.NEGATIVE_INFINITY;
  /** Rows that no window took. */
  readonly late: T[] = [];

  constructor(window: OracleWindow, timeOf: (row: T) => number, keyOf: (row: T) => string) {
    this.#window = window;
    this.#timeOf = timeOf;
    this.#keyOf = keyOf;
  }

  /** Windows that a row gives out anew at once, since they had been given out. */
  add(row: T): WindowContents<T>[] {
    const open = this.#startsOf(this.#timeOf(row)).filter((startMs) => !this.#isGone(startMs));
    if (open.length === 0) this.late.push(row);
    const anew: WindowContents<T>[] = [];
    for (const startMs of open) {
      const name = `${startMs} ${this.#keyOf(row)}`;
      const endMs = startMs + this.#window.sizeMs;
      const contents = this.#windows.get(name) ?? { startMs, endMs, rows: [] };
      contents.rows.push(row);
      this.#windows.set(name, contents);
      if (endMs - 1 <= this.#watermarkMs) anew.push({ ...contents, rows: [...contents.rows] });
    }
    return anew;
  }

  /** Windows that the watermark has passed now, by their ends. */
  watermark(watermarkMs: number): WindowContents<T>[] {
    const before = this.#watermarkMs;
    this.#watermarkMs = Math.max(before, watermarkMs);
    const fired = [...this.#windows.values()].filter(
      ({ endMs }) => endMs - 1 > before && endMs - 1 <= watermarkMs,
    );
    for (const [name, { startMs }] of this.#windows) if (this.#isGone(startMs)) this.#windows.delete(name);
    return fired.sort((a, b) => a.endMs - b.endMs);
  }

  #isGone(startMs: number): boolean {
    return startMs + this.#window.sizeMs - 1 + this.#window.latenessMs <= this.#watermarkMs;
  }

  /** Asks every window around whether the time is in it. */
  #startsOf(atMs: number): number[] {
    const { sizeMs, slideMs, offsetMs } = this.#window;
    const starts: number[] = [];
    const near = Math.trunc((atMs - offsetMs) / slideMs) + 2;
    for (let k = near; k * slideMs + offsetMs + sizeMs > atMs; k--) {
      if (k * slideMs + offsetMs <= atMs) starts.unshift(k * slideMs + offsetMs);
    }
    return starts;
  }
}
