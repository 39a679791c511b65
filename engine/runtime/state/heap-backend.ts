import { SluiceError } from '../../base/errors.js';
import type { ListCell, MapCell, StateSpec, ValueCell } from '../../functions/keyed-state.js';
import { keyGroupOf } from '../../records/key.js';
import { PackedCodec } from '../../records/packed.js';
import { type HeapColumn, HeapList, HeapMap, HeapValue, type OutOfScope } from './heap-cells.js';
import type { KeyedStateBackend, KeyScope } from './keyed-state-backend.js';
import { TimerQueue } from './timer-queue.js';
import { TtlColumn, TtlList, TtlMap, TtlValue } from './ttl-cells.js';

/** Slots that a clean-up looks at. Source: Flink, StateTtlConfig, the default of cleanupIncrementally. */
const CLEANED_SLOTS = 5;

export interface HeapSetting {
  readonly maxParallelism: number;
  /** Processing time. */
  readonly nowMs: () => number;
  /** For messages: whose state it is. */
  readonly operator: { readonly uid: string; readonly shown: string };
}

/** State by key on the heap of the thread: a column by slot for each state. */
export class HeapBackend implements KeyedStateBackend {
  readonly keys: KeyScope;
  readonly eventTimers: TimerQueue;
  readonly processingTimers: TimerQueue;
  readonly #setting: HeapSetting;
  readonly #columns = new Map<string, HeapColumn & { readonly spec: StateSpec }>();
  #expiring: TtlColumn[] = [];
  #cleaned = 0;
  readonly #eventGroups: GroupedTimers;
  readonly #processingGroups: GroupedTimers;
  /** Slots by key group, as of a version of the keys. */
  #groups: { readonly version: number; readonly slots: readonly (readonly number[] | undefined)[] } | null =
    null;

  constructor(keys: KeyScope, setting: HeapSetting) {
    this.keys = keys;
    this.#setting = setting;
    this.eventTimers = new TimerQueue(keys);
    this.processingTimers = new TimerQueue(keys);
    const groupOf = (slot: number): number => keyGroupOf(keys.hashes[slot]!, setting.maxParallelism);
    this.#eventGroups = new GroupedTimers(this.eventTimers, groupOf);
    this.#processingGroups = new GroupedTimers(this.processingTimers, groupOf);
  }

  cell(spec: StateSpec): ValueCell | ListCell | MapCell {
    const column = this.#column(spec);
    this.#columns.set(spec.name, Object.assign(column, { spec }));
    if (column instanceof TtlColumn) this.#expiring.push(column);
    return column;
  }

  cleanUp(): void {
    const { keys } = this;
    if (this.#expiring.length === 0 || keys.size === 0) return;
    const nowMs = this.#setting.nowMs();
    for (let i = 0; i < CLEANED_SLOTS; i++) {
      this.#cleaned = this.#cleaned + 1 < keys.size ? this.#cleaned + 1 : 0;
      const slot = this.#cleaned;
      if (keys.live[slot]! < 0) continue;
      for (const column of this.#expiring) column.expire(slot, nowMs);
      if (keys.live[slot] === 0 && slot !== keys.slot) keys.remove(slot);
    }
  }

  snapshot(keyGroup: number): Uint8Array {
    const { keys } = this;
    const slots = this.#slotsOf(keyGroup).filter((slot) => keys.live[slot]! > 0);
    const position = new Map(slots.map((slot, i) => [slot, i]));
    const timersOf = (grouped: GroupedTimers) =>
      (grouped.of(keyGroup) ?? []).map(([slot, time]) => [position.get(slot)!, time] as const);
    const content: Snapshot = {
      version: 1,
      keys: slots.map((slot) => [keys.hashes[slot]!, ...keys.keyOf(slot)]),
      states: [...this.#columns.values()].map((column) => ({
        name: column.spec.name,
        kind: kindOf(column.spec),
        values: slots.flatMap((slot, i) => {
          const dumped = column.dump(slot);
          return dumped === undefined ? [] : [[i, dumped] as const];
        }),
      })),
      timers: [timersOf(this.#eventGroups), timersOf(this.#processingGroups)],
    };
    return Uint8Array.from(new PackedCodec({ buf: Buffer.alloc(0) }).pack(content));
  }

  restore(keyGroup: number, snapshot: Uint8Array): void {
    const { keys } = this;
    const buf = Buffer.from(snapshot);
    const content = new PackedCodec({ buf }).unpack(0, buf.length) as Snapshot;
    const slots = content.keys.map(([hash, ...key]) => {
      keys.enter(hash, ...key);
      const { slot } = keys;
      keys.slot = -1; // it keeps its slot: what it has comes now
      return slot;
    });
    for (const { name, kind, values } of content.states) {
      const column = this.#columns.get(name);
      if (column === undefined || kindOf(column.spec) !== kind)
        this.#incompatible(keyGroup, name, kind, column?.spec);
      for (const [i, dumped] of values) column.load(slots[i]!, dumped);
    }
    for (const [at, queue] of [this.eventTimers, this.processingTimers].entries()) {
      for (const [i, time] of content.timers[at]!) {
        keys.reenter(slots[i]!);
        queue.register(time);
      }
    }
    keys.slot = -1;
  }

  clear(): void {
    this.keys.clear();
    for (const { values } of this.#columns.values()) values.length = 0;
    this.eventTimers.clear();
    this.processingTimers.clear();
    this.#groups = null;
    this.#cleaned = 0;
  }

  #slotsOf(keyGroup: number): readonly number[] {
    const { keys } = this;
    if (this.#groups?.version !== keys.version) {
      const slots: number[][] = [];
      for (let slot = 0; slot < keys.size; slot++) {
        if (keys.live[slot]! < 0) continue;
        const group = keyGroupOf(keys.hashes[slot]!, this.#setting.maxParallelism);
        (slots[group] ??= []).push(slot);
      }
      this.#groups = { version: keys.version, slots };
    }
    return this.#groups.slots[keyGroup] ?? [];
  }

  #column(spec: StateSpec): HeapColumn & (ValueCell | ListCell | MapCell) {
    const { nowMs, operator } = this.#setting;
    const { name, kind, ttl } = spec;
    const outOfScope: OutOfScope = (state) => {
      const what =
        `${operator.shown} used state '${state}' while there is no key; there is one during processElement and ` +
        'onTimer only, not in open, in close or later';
      throw new SluiceError('CONTEXT_OUT_OF_SCOPE', what, { detail: { operator: operator.uid, state } });
    };
    const given = [name, this.keys, outOfScope] as const;
    switch (kind) {
      case 'list':
        return ttl === null ? new HeapList(...given) : new TtlList(...given, ttl, nowMs);
      case 'map':
        return ttl === null ? new HeapMap(...given) : new TtlMap(...given, ttl, nowMs);
      default:
        return ttl === null ? new HeapValue(...given) : new TtlValue(...given, ttl, nowMs);
    }
  }

  #incompatible(keyGroup: number, name: string, was: string, now: StateSpec | undefined): never {
    const { shown, uid } = this.#setting.operator;
    const is = now === undefined ? 'is not declared any more' : `is of kind ${kindOf(now)} now`;
    const what = `state '${name}' of ${shown}, written as one of kind ${was}, ${is}`;
    throw new SluiceError('STATE_INCOMPATIBLE', what, { detail: { operator: uid, state: name, keyGroup } });
  }
}

/** The timers of a queue by key group, worked out anew when it has changed. */
class GroupedTimers {
  readonly #queue: TimerQueue;
  readonly #groupOf: (slot: number) => number;
  #version = -1;
  #groups: (readonly [slot: number, time: number])[][] = [];

  constructor(queue: TimerQueue, groupOf: (slot: number) => number) {
    this.#queue = queue;
    this.#groupOf = groupOf;
  }

  /** In the order of firing. */
  of(keyGroup: number): readonly (readonly [slot: number, time: number])[] | undefined {
    if (this.#version !== this.#queue.version) {
      this.#version = this.#queue.version;
      this.#groups = [];
      for (const timer of this.#queue.list()) (this.#groups[this.#groupOf(timer[0])] ??= []).push(timer);
    }
    return this.#groups[keyGroup];
  }
}

/** What two versions of a state must have in common. */
function kindOf({ kind, ttl }: StateSpec): string {
  return ttl === null ? kind : `${kind} with ttl`;
}

interface Snapshot {
  readonly version: 1;
  /** Hash and columns of each key. */
  readonly keys: readonly (readonly [hash: number, ...columns: unknown[]])[];
  /** Values by position of their key. */
  readonly states: readonly {
    readonly name: string;
    readonly kind: string;
    readonly values: readonly (readonly [key: number, dumped: unknown])[];
  }[];
  /** Of event time and of processing time, by position of their key, in the order of firing. */
  readonly timers: readonly (readonly (readonly [key: number, time: number])[])[];
}
