/** What every backend of keyed state must do, as properties against plain maps and arrays. */
import * as fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import type {
  ListCell,
  MapCell,
  StateSpec,
  StateTtl,
  ValueCell,
} from '../../engine/functions/keyed-state.js';
import { keyGroupOf } from '../../engine/records/key.js';
import type { KeyedStateBackend, TimerService } from '../../engine/runtime/state/keyed-state-backend.js';

/** Makes an empty backend for keys of one string column. */
export type MakeBackend = (setting: {
  readonly maxParallelism: number;
  readonly nowMs: () => number;
}) => KeyedStateBackend;

const MAX_PARALLELISM = 4;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Few hashes, so that keys share them, and places in any table. */
export const hashOf = (key: string): number => Math.floor(KEYS.indexOf(key) / 2) * 64;

export function spec(name: string, kind: StateSpec['kind'], ttl: StateTtl | null = null): StateSpec {
  return { name, kind, type: null, keyType: null, ttl };
}

/** A value with the time at which it was last used. */
interface Used<V> {
  v: V;
  ms: number;
}

/** What a key has. */
class Model {
  value: Used<number> | null = null;
  list: Used<number>[] = [];
  map = new Map<number, Used<number>>();
  timers: Record<string, number[]> = { event: [], processing: [] };

  hasNothing(): boolean {
    const { value, list, map, timers } = this;
    return (
      value === null && list.length + map.size + timers['event']!.length + timers['processing']!.length === 0
    );
  }

  expire(nowMs: number, ttl: StateTtl | null): void {
    const isFresh = ({ ms }: Used<unknown>): boolean => ttl === null || ms + ttl.ms > nowMs;
    if (this.value !== null && !isFresh(this.value)) this.value = null;
    this.list = this.list.filter(isFresh);
    for (const [key, used] of this.map) if (!isFresh(used)) this.map.delete(key);
  }
}

/** A backend, and plain collections of what it should hold. */
class Twins {
  readonly clock = new ManualClock(1_000);
  readonly models = new Map(KEYS.map((key) => [key, new Model()]));
  /** In the order of registration, of all keys. */
  readonly registered: { clock: string; key: string; ms: number }[] = [];
  readonly ttl: StateTtl | null;
  readonly #make: () => KeyedStateBackend;
  backend: KeyedStateBackend;
  cells: ReturnType<typeof cellsOf>;

  constructor(make: MakeBackend, ttl: StateTtl | null) {
    this.ttl = ttl;
    this.#make = () => make({ maxParallelism: MAX_PARALLELISM, nowMs: () => this.clock.wallMs() });
    this.backend = this.#make();
    this.cells = cellsOf(this.backend, ttl);
  }

  used<V>(v: V): Used<V> {
    return { v, ms: this.clock.wallMs() };
  }

  touch<V>(used: Used<V>): V {
    if (this.ttl?.update === 'onReadAndWrite') used.ms = this.clock.wallMs();
    return used.v;
  }

  timers(clock: string): TimerService {
    return clock === 'event' ? this.backend.eventTimers : this.backend.processingTimers;
  }

  pending(clock: string) {
    return this.registered.filter((each) => each.clock === clock).sort((x, y) => x.ms - y.ms);
  }

  forget(clock: string, key: string, ms: number): void {
    const at = this.registered.findIndex(
      (each) => each.clock === clock && each.key === key && each.ms === ms,
    );
    if (at < 0) return;
    this.registered.splice(at, 1);
    const { timers } = this.models.get(key)!;
    timers[clock] = timers[clock]!.filter((each) => each !== ms);
  }

  /** Everything is written down and restored elsewhere. */
  copy(): void {
    const from = this.backend;
    this.backend = this.#make();
    this.cells = cellsOf(this.backend, this.ttl);
    for (const group of ORDER) this.backend.restore(group, from.snapshot(group));
    // Of one time, those of a group that was restored earlier come first.
    const place = (key: string): number => ORDER.indexOf(keyGroupOf(hashOf(key), MAX_PARALLELISM));
    this.registered.sort((x, y) => place(x.key) - place(y.key));
  }
}

interface Call {
  readonly key: string;
  readonly clock: string;
  readonly n: number;
  readonly m: number;
}

/** Calls while there is a key. */
const OF_A_KEY: Readonly<Record<string, (twins: Twins, model: Model, call: Call) => void>> = {
  update: (twins, model, { n }) => {
    twins.cells.value.set(n);
    model.value = twins.used(n);
  },
  clear: ({ cells }, model) => {
    cells.value.clear();
    model.value = null;
  },
  add: (twins, model, { n }) => {
    twins.cells.list.add(n);
    model.list.push(twins.used(n));
  },
  set: (twins, model, { n, m }) => {
    twins.cells.list.set([n, m]);
    model.list = [n, m].map((v) => twins.used(v));
  },
  clearList: ({ cells }, model) => {
    cells.list.clear();
    model.list = [];
  },
  put: (twins, model, { n, m }) => {
    twins.cells.map.set(n, m);
    model.map.set(n, twins.used(m));
  },
  remove: ({ cells }, model, { n }) => {
    cells.map.delete(n);
    model.map.delete(n);
  },
  clearMap: ({ cells }, model) => {
    cells.map.clear();
    model.map.clear();
  },
  register: (twins, model, { key, clock, n, m }) => {
    twins.timers(clock).register(n * m);
    if (model.timers[clock]!.includes(n * m)) return;
    twins.registered.push({ clock, key, ms: n * m });
    model.timers[clock]!.push(n * m);
  },
  delete: (twins, _, { key, clock, n, m }) => {
    twins.timers(clock).delete(n * m);
    twins.forget(clock, key, n * m);
  },
  look: (twins, model, { n, m }) => {
    const { value, list, map } = twins.cells;
    const touch = <V>(used: Used<V>): V => twins.touch(used);
    assert.is(value.get(), model.value === null ? undefined : touch(model.value));
    assert.equal([...list.get()], model.list.map(touch));
    assert.is(map.get(n), model.map.has(n) ? touch(model.map.get(n)!) : undefined);
    assert.is(map.has(m), model.map.has(m) && touch(model.map.get(m)!) > 0);
    const byKey = <V>(entries: Iterable<readonly [any, V]>) => [...entries].sort(([x], [y]) => x - y);
    const expected = byKey(model.map).map(([key, used]) => [key, touch(used)]);
    assert.equal(byKey(map.entries()), expected as never);
  },
};

/** Calls between two keys. */
const BETWEEN_KEYS: Readonly<Record<string, (twins: Twins, call: Call) => void>> = {
  take: (twins, { clock }) => {
    const [first] = twins.pending(clock);
    const timers = twins.timers(clock);
    assert.is(timers.firstMs, first?.ms ?? Number.POSITIVE_INFINITY);
    if (first === undefined) return;
    assert.is(timers.take(), first.ms);
    const { keys } = twins.backend;
    assert.equal(keys.keyOf(keys.slot), [first.key]);
    keys.leave();
    twins.forget(clock, first.key, first.ms);
  },
  pass: ({ clock }, { n }) => clock.advance(n * 10),
  copy: (twins) => twins.copy(),
  cleanUp: ({ backend }) => backend.cleanUp(),
};

const commands = fc.array(
  fc.record({
    key: fc.constantFrom(...KEYS),
    act: fc.constantFrom(...Object.keys(OF_A_KEY), ...Object.keys(BETWEEN_KEYS)),
    clock: fc.constantFrom('event', 'processing'),
    n: fc.integer({ min: 1, max: 5 }),
    m: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 1, maxLength: 120 },
);

/** Random calls give what plain collections give, also after everything was written down and restored elsewhere. */
export function checkAgainstModel(make: MakeBackend, ttl: StateTtl | null, seed: number): void {
  const property = fc.property(commands, (calls) => {
    const twins = new Twins(make, ttl);
    for (const { act, ...call } of calls) {
      for (const model of twins.models.values()) model.expire(twins.clock.wallMs(), ttl);
      const { keys } = twins.backend;
      if (act in OF_A_KEY) {
        keys.enter(hashOf(call.key), call.key);
        OF_A_KEY[act]!(twins, twins.models.get(call.key)!, call);
        keys.leave();
      } else BETWEEN_KEYS[act]!(twins, call);
      const { count } = twins.backend.keys;
      const alive = [...twins.models.values()].filter((model) => !model.hasNothing()).length;
      if (ttl === null) assert.is(count, alive, 'keys without anything have no slot');
      else assert.ok(count >= alive);
      for (const clock of ['event', 'processing'])
        assert.is(twins.timers(clock).size, twins.pending(clock).length);
    }
  });
  fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 300) });
}

/** In which groups are restored. */
const ORDER = [2, 0, 3, 1];

function cellsOf(backend: KeyedStateBackend, ttl: StateTtl | null) {
  return {
    value: backend.cell(spec('value', 'value', ttl)) as ValueCell,
    list: backend.cell(spec('list', 'list', ttl)) as ListCell,
    map: backend.cell(spec('map', 'map', ttl)) as MapCell,
  };
}
