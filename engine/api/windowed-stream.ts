import type { Windowed } from '../plan/logical-plan.js';
import type { AggregateColumns, AggregateFor } from './aggregates.js';
import { CallSite } from './call-site.js';
import type { KeyedStream } from './keyed-stream.js';
import type { Simplify } from './row-types.js';
import type { Stream } from './stream.js';

/** Rows of type T, grouped by key and window. A result is emitted when the watermark passes the window's end. */
export class WindowedStream<T extends object, Key extends object> {
  readonly #keyed: KeyedStream<T, Key>;
  readonly #windowed: Omit<Windowed, 'keys'>;

  /** @internal */
  constructor(keyed: KeyedStream<T, Key>, windowed: Omit<Windowed, 'keys'>) {
    this.#keyed = keyed;
    this.#windowed = windowed;
  }

  /**
   * Folds the rows of each key and window into one: the function gets the result so far and the next row.
   *
   * In windows that overlap it gets two results of parts, the earlier first: it has to give the same in whatever
   * groups it is asked, and to leave what its arguments hold as it is.
   */
  reduce(fn: (a: T, b: T) => T): Stream<T> {
    const { keys } = this.#keyed;
    const step = { call: 'reduce', site: new CallSite() };
    return this.#keyed.addReduce(step, fn, { kind: 'window-reduce', keys, ...this.#windowed });
  }

  /** One row per key and window: the key's columns, then the aggregates in the order given. */
  aggregate<const S extends Readonly<Record<string, AggregateFor<T, true>>>>(
    aggregates: S,
  ): Stream<Simplify<Key & AggregateColumns<T, S>>> {
    const { keys } = this.#keyed;
    const step = { call: 'aggregate', site: new CallSite() };
    return this.#keyed.addAggregate(step, aggregates, true, (specs) => {
      return { kind: 'window-aggregate', keys, ...this.#windowed, aggregates: specs };
    });
  }
}
