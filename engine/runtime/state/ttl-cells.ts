import type { ListCell, MapCell, StateTtl, ValueCell } from '../../functions/keyed-state.js';
import { HeapColumn, type OutOfScope } from './heap-cells.js';
import type { KeyScope } from './keyed-state-backend.js';

/**
 * States that are forgotten when they were not used for a while, by processing time. Each value, item of a list and
 * entry of a map has a time of its own: when it was last written, or read, if that counts. What has expired is gone
 * when it is next looked at, or when a clean-up comes by.
 *
 * Source: Flink, AbstractTtlDecorator, TtlListState, TtlMapState.
 */
export abstract class TtlColumn extends HeapColumn {
  readonly ttl: StateTtl;
  readonly nowMs: () => number;

  constructor(name: string, keys: KeyScope, outOfScope: OutOfScope, ttl: StateTtl, nowMs: () => number) {
    super(name, keys, outOfScope);
    this.ttl = ttl;
    this.nowMs = nowMs;
  }

  /** Forgets what has expired of a slot. */
  abstract expire(slot: number, nowMs: number): void;

  hasExpired(stamped: Stamped, nowMs: number): boolean {
    return stamped.ms + this.ttl.ms <= nowMs;
  }

  /** What a reader gets; undefined: it is not to be seen. */
  read(stamped: Stamped, nowMs: number): unknown {
    if (this.hasExpired(stamped, nowMs))
      return this.ttl.visibility === 'returnExpiredIfNotCleanedUp' ? stamped.value : undefined;
    if (this.ttl.update === 'onReadAndWrite') stamped.ms = nowMs;
    return stamped.value;
  }

  stamp(value: unknown): Stamped {
    return { value, ms: this.nowMs() };
  }
}

/** A value and when it was last used. */
interface Stamped {
  value: unknown;
  ms: number;
}

export class TtlValue extends TtlColumn implements ValueCell {
  get(): unknown {
    const slot = this.slot();
    const stamped = this.values[slot] as Stamped | undefined;
    if (stamped === undefined) return undefined;
    const nowMs = this.nowMs();
    const value = this.read(stamped, nowMs);
    this.expire(slot, nowMs);
    return value;
  }

  set(value: unknown): void {
    this.put(this.slot(), this.stamp(value));
  }

  expire(slot: number, nowMs: number): void {
    const stamped = this.values[slot] as Stamped | undefined;
    if (stamped !== undefined && this.hasExpired(stamped, nowMs)) this.put(slot, undefined);
  }
}

export class TtlList extends TtlColumn implements ListCell {
  get(): readonly unknown[] {
    const slot = this.slot();
    const items = (this.values[slot] as Stamped[] | undefined) ?? [];
    const nowMs = this.nowMs();
    const seen = items.map((item) => this.read(item, nowMs)).filter((item) => item !== undefined);
    this.expire(slot, nowMs);
    return seen;
  }

  add(item: unknown): void {
    const slot = this.slot();
    const items = this.values[slot] as Stamped[] | undefined;
    if (items === undefined) this.put(slot, [this.stamp(item)]);
    else items.push(this.stamp(item));
  }

  set(items: readonly unknown[]): void {
    this.put(this.slot(), items.length === 0 ? undefined : items.map((item) => this.stamp(item)));
  }

  expire(slot: number, nowMs: number): void {
    const items = this.values[slot] as Stamped[] | undefined;
    if (!items?.some((item) => this.hasExpired(item, nowMs))) return;
    const left = items.filter((item) => !this.hasExpired(item, nowMs));
    this.put(slot, left.length === 0 ? undefined : left);
  }
}

type StampedMap = Map<unknown, Stamped>;

export class TtlMap extends TtlColumn implements MapCell {
  get(key: unknown): unknown {
    const map = this.#map();
    const entry = map?.get(key);
    if (entry === undefined) return undefined;
    const nowMs = this.nowMs();
    const value = this.read(entry, nowMs);
    if (this.hasExpired(entry, nowMs)) this.delete(key);
    return value;
  }

  has(key: unknown): boolean {
    return this.get(key) !== undefined;
  }

  set(key: unknown, value: unknown): void {
    const map = this.#map();
    if (map === undefined) this.put(this.slot(), new Map([[key, this.stamp(value)]]));
    else map.set(key, this.stamp(value));
  }

  delete(key: unknown): void {
    const map = this.#map();
    if (map?.delete(key) && map.size === 0) this.clear();
  }

  entries(): Iterable<readonly [unknown, unknown]> {
    const nowMs = this.nowMs();
    const seen: [unknown, unknown][] = [];
    for (const [key, entry] of this.#map() ?? []) {
      const value = this.read(entry, nowMs);
      if (value !== undefined) seen.push([key, value]);
    }
    this.expire(this.slot(), nowMs);
    return seen;
  }

  expire(slot: number, nowMs: number): void {
    const map = this.values[slot] as StampedMap | undefined;
    if (map === undefined) return;
    for (const [key, entry] of map) if (this.hasExpired(entry, nowMs)) map.delete(key);
    if (map.size === 0) this.put(slot, undefined);
  }

  #map(): StampedMap | undefined {
    return this.values[this.slot()] as StampedMap | undefined;
  }
}
