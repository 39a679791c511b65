import { keptSample, packSample, SAMPLE_NUMBERS, type TaskSample } from './task-sample.js';

/** All tasks at one moment. */
interface Moment {
  readonly atMs: number;
  readonly tasks: readonly TaskSample[];
}

/** The same, each task taken from what is kept when it is asked for: few of many are looked at. */
export interface PastMoment {
  readonly atMs: number;
  readonly task: (index: number) => TaskSample;
}

/** The last ones, one a second for a good minute, and one every five seconds for ten: how far apart, and how many. */
const TIERS = [
  { everyMs: 0, slots: 16 },
  { everyMs: 1_000, slots: 64 },
  { everyMs: 5_000, slots: 120 },
] as const;

/** A moment that comes a little early is taken nevertheless: timers are not exact. */
const EARLY_MS = 50;

/**
 * What all tasks had come to at moments of the past, the nearer the more of them.
 *
 * Memory: about 37 KB a task, once the run is ten minutes old.
 */
export class SampleHistory {
  readonly #tiers: readonly Tier[];
  readonly #tasks: number;

  constructor(tasks: number) {
    this.#tasks = tasks;
    this.#tiers = TIERS.map(({ everyMs, slots }) => new Tier(everyMs, slots, tasks * SAMPLE_NUMBERS));
  }

  /** @param tasks  in order; moments come in order too */
  add(atMs: number, tasks: readonly TaskSample[]): void {
    for (const tier of this.#tiers) {
      const row = tier.take(atMs);
      if (row === null) continue;
      for (let task = 0; task < tasks.length; task++) packSample(tasks[task]!, row, task * SAMPLE_NUMBERS);
    }
  }

  /**
   * The youngest moment that is `windowMs` old at least, or the oldest there is; null before the first. It is good
   * until the next one is added.
   */
  before(nowMs: number, windowMs: number): Moment | null {
    const moments = this.#tiers.flatMap((tier) => tier.moments());
    if (moments.length === 0) return null;
    const old = moments.filter(({ atMs }) => nowMs - atMs >= windowMs - EARLY_MS);
    const found =
      old.length > 0
        ? old.reduce((a, b) => (b.atMs > a.atMs ? b : a))
        : moments.reduce((a, b) => (b.atMs < a.atMs ? b : a));
    return this.#moment(found);
  }

  /**
   * The moments of the last `windowMs`, the oldest first; the nearer to now the closer together. They are good until
   * the next one is added.
   */
  recent(nowMs: number, windowMs: number): readonly PastMoment[] {
    const rows = this.#tiers.flatMap((tier) => tier.moments()).filter(({ atMs }) => nowMs - atMs <= windowMs);
    const byTime = new Map(rows.map((each) => [each.atMs, each.row]));
    return [...byTime]
      .sort(([a], [b]) => a - b)
      .map(([atMs, row]) => ({ atMs, task: (index) => keptSample(row, index * SAMPLE_NUMBERS) }));
  }

  #moment({ atMs, row }: Row): Moment {
    const tasks = Array.from({ length: this.#tasks }, (_, task) => keptSample(row, task * SAMPLE_NUMBERS));
    return { atMs, tasks };
  }
}

interface Row {
  readonly atMs: number;
  readonly row: Float64Array;
}

/** Moments that are about equally far apart; the oldest makes room for the next. */
class Tier {
  readonly #everyMs: number;
  readonly #slots: number;
  readonly #numbers: number;
  readonly #rows: Float64Array[] = [];
  readonly #atMs: number[] = [];
  #next = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number, slots: number, numbers: number) {
    this.#everyMs = everyMs;
    this.#slots = slots;
    this.#numbers = numbers;
  }

  /** The row to write a moment into; null if it is too near to the last. */
  take(atMs: number): Float64Array | null {
    if (atMs - this.#lastMs < this.#everyMs - EARLY_MS) return null;
    this.#lastMs = atMs;
    const slot = this.#next;
    this.#next = (slot + 1) % this.#slots;
    this.#rows[slot] ??= new Float64Array(this.#numbers);
    this.#atMs[slot] = atMs;
    return this.#rows[slot];
  }

  moments(): readonly Row[] {
    return this.#rows.map((row, slot) => ({ atMs: this.#atMs[slot]!, row }));
  }
}
