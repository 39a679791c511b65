/**
 * Accumulators that are objects: each takes values one by one, or all that another one has, and none shares what can
 * change.
 */
export interface ValueAccumulator<V, R> {
  add(value: V): void;
  /** Adds what one of later rows has. */
  absorb(other: this): void;
  /** Its receiver's to keep and change. */
  result(): R;
}

/** All values, in the order in which they came. */
export class CollectedValues<V> implements ValueAccumulator<V, V[]> {
  readonly #values: V[] = [];

  add(value: V): void {
    this.#values.push(value);
  }

  absorb(other: this): void {
    for (const value of other.#values) this.#values.push(value);
  }

  result(): V[] {
    return [...this.#values];
  }
}

/** How many different values there were; NaN is one value, and -0 is 0. Exact: it keeps them all. */
export class DistinctValues<V> implements ValueAccumulator<V, number> {
  readonly #values = new Set<V>();

  add(value: V): void {
    this.#values.add(value);
  }

  absorb(other: this): void {
    for (const value of other.#values) this.#values.add(value);
  }

  result(): number {
    return this.#values.size;
  }
}

/** The largest values, as many as were asked for, the largest first; NaN is larger than every other number. */
export class LargestValues<V extends number | bigint | string> implements ValueAccumulator<V, V[]> {
  readonly #limit: number;
  readonly #values: V[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(value: V): void {
    const values = this.#values;
    let at = values.length;
    if (at === this.#limit && !isLarger(value, values[at - 1]!)) return;
    if (at < this.#limit) values.push(value);
    else at--;
    for (; at > 0 && isLarger(value, values[at - 1]!); at--) values[at] = values[at - 1]!;
    values[at] = value;
  }

  absorb(other: this): void {
    for (const value of other.#values) this.add(value);
  }

  result(): V[] {
    return [...this.#values];
  }
}

function isLarger(a: unknown, b: unknown): boolean {
  return (a as number) > (b as number) || (Number.isNaN(a) && !Number.isNaN(b));
}
