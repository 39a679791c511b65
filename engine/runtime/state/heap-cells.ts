import type { ListCell, MapCell, ValueCell } from '../../functions/keyed-state.js';
import type { KeyScope } from './keyed-state-backend.js';

/** Throws CONTEXT_OUT_OF_SCOPE: a state was used while there is no current key. */
export type OutOfScope = (state: string) => never;

/** A column of a state on the heap, by slot; `undefined` where the key has none. */
export abstract class HeapColumn {
  readonly values: unknown[] = [];
  readonly keys: KeyScope;
  readonly #name: string;
  readonly #outOfScope: OutOfScope;

  constructor(name: string, keys: KeyScope, outOfScope: OutOfScope) {
    this.keys = keys;
    this.#name = name;
    this.#outOfScope = outOfScope;
    keys.columns.push(this);
  }

  open(slot: number): void {
    this.values[slot] = undefined;
  }

  clear(): void {
    this.put(this.slot(), undefined);
  }

  /** What a snapshot holds of a slot; undefined: nothing. */
  dump(slot: number): unknown {
    return this.values[slot];
  }

  /** The contrary. */
  load(slot: number, dumped: unknown): void {
    this.put(slot, dumped);
  }

  /** Of the current key. */
  slot(): number {
    const { slot } = this.keys;
    if (slot < 0) this.#outOfScope(this.#name);
    return slot;
  }

  /** @param value  undefined: none; what a key has is counted */
  put(slot: number, value: unknown): void {
    if (this.values[slot] === undefined) {
      if (value !== undefined) this.keys.live[slot]!++;
    } else if (value === undefined) {
      this.keys.live[slot]!--;
    }
    this.values[slot] = value;
  }
}

export class HeapValue extends HeapColumn implements ValueCell {
  get(): unknown {
    return this.values[this.slot()];
  }

  set(value: unknown): void {
    this.put(this.slot(), value);
  }
}

export class HeapList extends HeapColumn implements ListCell {
  get(): readonly unknown[] {
    return (this.values[this.slot()] as unknown[] | undefined) ?? NO_ITEMS;
  }

  add(item: unknown): void {
    const slot = this.slot();
    const items = this.values[slot] as unknown[] | undefined;
    if (items === undefined) this.put(slot, [item]);
    else items.push(item);
  }

  set(items: readonly unknown[]): void {
    this.put(this.slot(), items.length === 0 ? undefined : items);
  }
}

export class HeapMap extends HeapColumn implements MapCell {
  get(key: unknown): unknown {
    return this.#map()?.get(key);
  }

  has(key: unknown): boolean {
    return this.#map()?.has(key) ?? false;
  }

  set(key: unknown, value: unknown): void {
    const map = this.#map();
    if (map === undefined) this.put(this.slot(), new Map([[key, value]]));
    else map.set(key, value);
  }

  delete(key: unknown): void {
    const map = this.#map();
    if (map?.delete(key) && map.size === 0) this.clear();
  }

  entries(): Iterable<readonly [unknown, unknown]> {
    return this.#map() ?? [];
  }

  #map(): Map<unknown, unknown> | undefined {
    return this.values[this.slot()] as Map<unknown, unknown> | undefined;
  }
}

const NO_ITEMS: readonly unknown[] = Object.freeze([]);
