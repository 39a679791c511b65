/**
 * Which events are of a kind, and in which order they come.
 *
 * Of every 50 events the first is a person, three are auctions, the rest are bids. Out of order, the events of each
 * group of `outOfOrderGroup` are dealt out by a fixed permutation; what is left over at the end and fills no group comes
 * in order, so that any order is one of the same events.
 */
export type EventKind = 'person' | 'auction' | 'bid';

export interface EventRange {
  /** Events in all, of all kinds. */
  readonly events: number;
  /** From 1, in order, to `GROUP_MAX`; no multiple of `GROUP_STEP`. */
  readonly outOfOrderGroup: number;
}

export const PROPORTION = { person: 1, auction: 3, bid: 46 } as const;
export const EPOCH = PROPORTION.person + PROPORTION.auction + PROPORTION.bid;

export const GROUP_MAX = 10_000;
/** A prime: number i of a group is event `i * GROUP_STEP mod outOfOrderGroup` of it. */
export const GROUP_STEP = 953;

/** What is one kind's, over and over: a pattern of a number of events that holds whole epochs and whole groups. */
export class EventOrder {
  /** Events of the kind. */
  readonly count: number;
  readonly #period: number;
  /** Offsets of the kind's events in a period, in the order in which they come. */
  readonly #offsets: Int32Array;
  readonly #wholeCount: number;
  /** The same for what is left after the last whole period. */
  readonly #rest: Int32Array;
  readonly #restBegin: number;

  constructor({ events, outOfOrderGroup }: EventRange, kind: EventKind) {
    this.#period = leastCommonMultiple(EPOCH, outOfOrderGroup);
    this.#offsets = offsetsOf(kind, this.#period, outOfOrderGroup);
    this.#restBegin = Math.floor(events / this.#period) * this.#period;
    this.#rest = offsetsOf(kind, events - this.#restBegin, outOfOrderGroup);
    this.#wholeCount = (this.#restBegin / this.#period) * this.#offsets.length;
    this.count = this.#wholeCount + this.#rest.length;
  }

  /** The number of the event that comes as number `index` of its kind. */
  eventAt(index: number): number {
    if (index >= this.#wholeCount) return this.#restBegin + this.#rest[index - this.#wholeCount]!;
    const offsets = this.#offsets;
    const periods = Math.floor(index / offsets.length);
    return periods * this.#period + offsets[index - periods * offsets.length]!;
  }
}

function offsetsOf(kind: EventKind, length: number, group: number): Int32Array {
  const offsets: number[] = [];
  for (let position = 0; position < length; position++) {
    const begin = Math.floor(position / group) * group;
    const isWhole = begin + group <= length;
    const event = isWhole ? begin + (((position - begin) * GROUP_STEP) % group) : position;
    if (kindOf(event) === kind) offsets.push(event);
  }
  return Int32Array.from(offsets);
}

function kindOf(event: number): EventKind {
  const place = event % EPOCH;
  if (place < PROPORTION.person) return 'person';
  return place < PROPORTION.person + PROPORTION.auction ? 'auction' : 'bid';
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}
