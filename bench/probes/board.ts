/**
 * Words that a probe shares with the source, the maps and the sink of its job, across threads.
 *
 * The memory travels as environment data, which every thread gets that is started after it was set. Words have one
 * writer each and are read plainly; only the stall is waited for.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { HISTOGRAM_BUCKETS, LatencyHistogram } from '../inside/latency-histogram.js';

const KEY = 'sluice-bench-board';
/** Doubles between two words of different writers: a cache line and its neighbour. */
const LINE = 16;

/** Most maps between source and sink. */
export const HOPS_MAX = 3;

// biome-ignore format: a table
const F64 = {
  //              index            writer    meaning
  ratePerMs:      0 * LINE,     // probe     records per ms by schedule; 0: as many as are taken
  sourceRounds:   0 * LINE + 1, // probe     work of the source per record
  sinkRounds:     0 * LINE + 2, // probe     work of the sink per record
  windowBegin:    0 * LINE + 3, // probe     records due or made from here on ...
  windowEnd:      0 * LINE + 4, // probe     ... and before this are counted in the histogram, ms
  mapRounds:      0 * LINE + 5, // probe     work of a map per record
  totalRounds:    0 * LINE + 6, // probe     work of a total per record
  hotShare:       0 * LINE + 7, // probe     share of the records that have the hot key, 0..1
  made:           1 * LINE,     // source    records made
  madeAtMs:       1 * LINE + 1, // source    when the last one was made
  gapEndedMs:     2 * LINE,     // source    when it first made one again after making none for GAP_MS; probe sets it to 0
  taken:          3 * LINE,     // sink      records taken
  takenAtMs:      3 * LINE + 1, // sink      when the last one was taken
  lastAtMs:       3 * LINE + 2, // sink      when that was due or made
  onTheWayMs:     3 * LINE + 3, // sink      sum over all: taken minus due or made
  stalledMs:      4 * LINE,     // sink      when it last began to stand still
  madeAtStall:    4 * LINE + 1, // sink      `made` at that time
  resumedMs:      4 * LINE + 2, // sink      when it last went on
  hops:           5 * LINE,     // map k     at hops + k * LINE: when it last handled a record
} as const;

const F64_LENGTH = F64.hops + HOPS_MAX * LINE + HISTOGRAM_BUCKETS;

/** A source that made nothing for this long has stood still. */
const GAP_MS = 8;

export type BoardWord = Exclude<keyof typeof F64, 'hops'>;

export class Board {
  /** For code that runs per record. */
  readonly f64: Float64Array;
  readonly histogram: LatencyHistogram;
  readonly #stall: Int32Array;

  private constructor(memory: SharedArrayBuffer) {
    this.f64 = new Float64Array(memory, 0, F64_LENGTH);
    this.#stall = new Int32Array(memory, F64_LENGTH * 8, 1);
    this.histogram = new LatencyHistogram(this.f64.subarray(F64.hops + HOPS_MAX * LINE));
  }

  /** Before the job starts, on the main thread. */
  static create(): Board {
    const memory = new SharedArrayBuffer(F64_LENGTH * 8 + 8);
    setEnvironmentData(KEY, memory);
    return new Board(memory);
  }

  /** In the job, on any thread. */
  static attach(): Board {
    return new Board(getEnvironmentData(KEY) as unknown as SharedArrayBuffer);
  }

  get(word: BoardWord): number {
    return this.f64[F64[word]]!;
  }

  set(word: BoardWord, value: number): void {
    this.f64[F64[word]] = value;
  }

  /** When map k last handled a record. */
  hop(k: number): number {
    return this.f64[F64.hops + k * LINE]!;
  }

  setHop(k: number, nowMs: number): void {
    this.f64[F64.hops + k * LINE] = nowMs;
  }

  /** Makes the sink stand still from its next record on. */
  stall(): void {
    Atomics.store(this.#stall, 0, 1);
  }

  release(): void {
    Atomics.store(this.#stall, 0, 0);
    Atomics.notify(this.#stall, 0);
  }

  get isStalled(): boolean {
    return Atomics.load(this.#stall, 0) === 1;
  }

  /** Blocks the thread of the sink until `release`. */
  awaitRelease(): void {
    while (this.isStalled) Atomics.wait(this.#stall, 0, 1);
  }

  /** Notes that a record is made now. */
  onMade(nowMs: number): void {
    const { f64 } = this;
    if (nowMs - f64[F64.madeAtMs]! > GAP_MS && f64[F64.gapEndedMs] === 0) f64[F64.gapEndedMs] = nowMs;
    f64[F64.made]!++;
    f64[F64.madeAtMs] = nowMs;
  }
}
