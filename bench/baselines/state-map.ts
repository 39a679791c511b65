/** State by key in a Map of objects. */
import { type KeyedCounts, runState } from './state-work.js';

class MapCounts implements KeyedCounts {
  readonly #counts = new Map<number | string, { n: number; sum: number }>();

  addInt(key: number, amount: number): void {
    const entry = this.#counts.get(key);
    if (entry === undefined) this.#counts.set(key, { n: 1, sum: amount });
    else {
      entry.n++;
      entry.sum += amount;
    }
  }

  addString(key: string, amount: number): void {
    const entry = this.#counts.get(key);
    if (entry === undefined) this.#counts.set(key, { n: 1, sum: amount });
    else {
      entry.n++;
      entry.sum += amount;
    }
  }

  get keys(): number {
    return this.#counts.size;
  }

  get count(): number {
    let count = 0;
    for (const { n } of this.#counts.values()) count += n;
    return count;
  }

  get sum(): number {
    let total = 0;
    for (const { sum } of this.#counts.values()) total += sum;
    return total;
  }
}

await runState(new MapCounts());
