import { type Duration, durationFault, parseDuration } from '../base/duration.js';
import { SluiceError } from '../base/errors.js';
import { type FieldType, fieldSpec, type TypeSpec } from '../records/schema.js';

/**
 * State by key, as fields of a process function: `readonly last = valueState(t.timestamp)`. The name of the field is
 * the name of the state. Each call of the function sees what belongs to the key of its row, or of its timer.
 */

/** How state is forgotten that was not used for a while, by processing time. */
export interface StateOptions {
  /** How long; an entry of a list or a map has a time of its own. */
  readonly ttl?: Duration;
  /** What counts as use. Default `onCreateAndWrite`. */
  readonly update?: 'onCreateAndWrite' | 'onReadAndWrite';
  /** Whether what has expired may be seen until it is cleaned up. Default `neverReturnExpired`. */
  readonly visibility?: 'neverReturnExpired' | 'returnExpiredIfNotCleanedUp';
}

/** A state as plain data, a part of the plan. */
export interface StateSpec {
  readonly name: string;
  readonly kind: 'value' | 'list' | 'map' | 'reducing' | 'aggregating';
  /** Of the value, the items, or the accumulator; null: not declared. */
  readonly type: TypeSpec | null;
  /** Of the keys of a map. */
  readonly keyType: TypeSpec | null;
  readonly ttl: StateTtl | null;
}

export interface StateTtl {
  readonly ms: number;
  readonly update: NonNullable<StateOptions['update']>;
  readonly visibility: NonNullable<StateOptions['visibility']>;
}

/** Where a backend keeps one value of the current key; undefined: there is none. */
export interface ValueCell {
  get(): unknown;
  set(value: unknown): void;
  clear(): void;
}

/** The items of the current key. */
export interface ListCell {
  get(): readonly unknown[];
  add(item: unknown): void;
  set(items: readonly unknown[]): void;
  clear(): void;
}

/** The entries of the current key. */
export interface MapCell {
  get(key: unknown): unknown;
  has(key: unknown): boolean;
  set(key: unknown, value: unknown): void;
  delete(key: unknown): void;
  entries(): Iterable<readonly [unknown, unknown]>;
  clear(): void;
}

type Cell = ValueCell | ListCell | MapCell;

/** What all kinds have in common. */
export abstract class KeyedState<C extends Cell = Cell> {
  /** @internal */
  readonly spec: Omit<StateSpec, 'name'>;
  /** @internal given by the backend when the operator is deployed */
  cell: C = UNBOUND as unknown as C;

  /** @internal */
  constructor(spec: Omit<StateSpec, 'name'>) {
    this.spec = spec;
    made?.push(this);
  }

  /** Forgets what there is for the key. */
  clear(): void {
    this.cell.clear();
  }
}

/** One value. */
export class ValueState<V> extends KeyedState<ValueCell> {
  /** Null: there is none. */
  value(): V | null {
    return (this.cell.get() as V | undefined) ?? null;
  }

  /** @param value  null: as `clear` */
  update(value: V | null): void {
    if (value === null || value === undefined) this.cell.clear();
    else this.cell.set(value);
  }
}

/** A list, in the order in which items were added. */
export class ListState<V> extends KeyedState<ListCell> {
  get(): readonly V[] {
    return this.cell.get() as readonly V[];
  }

  add(item: V): void {
    this.cell.add(item);
  }

  addAll(items: Iterable<V>): void {
    for (const item of items) this.cell.add(item);
  }

  /** Replaces all items. */
  update(items: Iterable<V>): void {
    this.cell.set([...items]);
  }
}

/** A map; keys are strings, numbers, bigints or truth values. */
export class MapState<K, V> extends KeyedState<MapCell> {
  /** Null: there is none. */
  get(key: K): V | null {
    return (this.cell.get(key) as V | undefined) ?? null;
  }

  put(key: K, value: V): void {
    this.cell.set(key, value);
  }

  putAll(entries: Iterable<readonly [K, V]>): void {
    for (const [key, value] of entries) this.cell.set(key, value);
  }

  remove(key: K): void {
    this.cell.delete(key);
  }

  contains(key: K): boolean {
    return this.cell.has(key);
  }

  entries(): Iterable<readonly [K, V]> {
    return this.cell.entries() as Iterable<readonly [K, V]>;
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.cell.entries()) yield key as K;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.cell.entries()) yield value as V;
  }

  isEmpty(): boolean {
    for (const _ of this.cell.entries()) return false;
    return true;
  }
}

/** One value that all values added are folded into. */
export class ReducingState<V> extends KeyedState<ValueCell> {
  readonly #reduce: (a: V, b: V) => V;

  /** @internal */
  constructor(spec: Omit<StateSpec, 'name'>, reduce: (a: V, b: V) => V) {
    super(spec);
    this.#reduce = reduce;
  }

  /** Null: nothing was added. */
  get(): V | null {
    return (this.cell.get() as V | undefined) ?? null;
  }

  add(value: V): void {
    const before = this.cell.get() as V | undefined;
    this.cell.set(before === undefined ? value : this.#reduce(before, value));
  }
}

/** How an accumulator comes to be, takes a value in, and gives a result. */
export interface AggregateFunction<In, Acc, Out> {
  createAccumulator(): Acc;
  /** Gives the accumulator with the value in it: a new one, or the same one changed. */
  add(value: In, accumulator: Acc): Acc;
  getResult(accumulator: Acc): Out;
}

/** An accumulator that takes in what is added. */
export class AggregatingState<In, Acc, Out> extends KeyedState<ValueCell> {
  readonly #aggregate: AggregateFunction<In, Acc, Out>;

  /** @internal */
  constructor(spec: Omit<StateSpec, 'name'>, aggregate: AggregateFunction<In, Acc, Out>) {
    super(spec);
    this.#aggregate = aggregate;
  }

  /** Null: nothing was added. */
  get(): Out | null {
    const accumulator = this.cell.get() as Acc | undefined;
    return accumulator === undefined ? null : this.#aggregate.getResult(accumulator);
  }

  add(value: In): void {
    const before = this.cell.get() as Acc | undefined;
    this.cell.set(
      this.#aggregate.add(value, before === undefined ? this.#aggregate.createAccumulator() : before),
    );
  }
}

/** A state of one value. @throws SluiceError ARGUMENT_INVALID, PLAN_DURATION_INVALID */
export function valueState<V>(type: FieldType<V>, options?: StateOptions): ValueState<V>;
export function valueState<V>(options?: StateOptions): ValueState<V>;
export function valueState(...given: readonly unknown[]): ValueState<any> {
  return new ValueState(specOf('valueState', 'value', given, 1));
}

/** A state of a list. @throws SluiceError ARGUMENT_INVALID, PLAN_DURATION_INVALID */
export function listState<V>(type: FieldType<V>, options?: StateOptions): ListState<V>;
export function listState<V>(options?: StateOptions): ListState<V>;
export function listState(...given: readonly unknown[]): ListState<any> {
  return new ListState(specOf('listState', 'list', given, 1));
}

/** A state of a map. @throws SluiceError ARGUMENT_INVALID, PLAN_DURATION_INVALID */
export function mapState<K extends MapKey, V>(
  keyType: FieldType<K>,
  type: FieldType<V>,
  options?: StateOptions,
): MapState<K, V>;
export function mapState<K extends MapKey, V>(options?: StateOptions): MapState<K, V>;
export function mapState(...given: readonly unknown[]): MapState<any, any> {
  const spec = specOf('mapState', 'map', given, 2);
  if (spec.keyType !== null && (spec.keyType.nullable || !MAP_KEYS.test(spec.keyType.kind))) {
    const what = `mapState: keys are strings, numbers, bigints or truth values, not ${spec.keyType.kind}`;
    throw new SluiceError('ARGUMENT_INVALID', what);
  }
  return new MapState(spec);
}

/** A state of one value that values are folded into. @throws SluiceError ARGUMENT_INVALID, PLAN_DURATION_INVALID */
export function reducingState<V>(
  type: FieldType<V>,
  reduce: (a: NoInfer<V>, b: NoInfer<V>) => NoInfer<V>,
  options?: StateOptions,
): ReducingState<V>;
export function reducingState<V>(reduce: (a: V, b: V) => V, options?: StateOptions): ReducingState<V>;
export function reducingState(...given: readonly unknown[]): ReducingState<any> {
  const at = given.findIndex((each) => typeof each === 'function');
  if (at < 0)
    throw new SluiceError('ARGUMENT_INVALID', 'reducingState: a function of two values is expected');
  const spec = specOf('reducingState', 'reducing', given.toSpliced(at, 1), 1);
  return new ReducingState(spec, given[at] as (a: unknown, b: unknown) => unknown);
}

/** A state of an accumulator. @throws SluiceError ARGUMENT_INVALID, PLAN_DURATION_INVALID */
export function aggregatingState<In, Acc, Out>(
  accumulatorType: FieldType<Acc>,
  aggregate: AggregateFunction<In, NoInfer<Acc>, Out>,
  options?: StateOptions,
): AggregatingState<In, Acc, Out>;
export function aggregatingState<In, Acc, Out>(
  aggregate: AggregateFunction<In, Acc, Out>,
  options?: StateOptions,
): AggregatingState<In, Acc, Out>;
export function aggregatingState(...given: readonly unknown[]): AggregatingState<any, any, any> {
  const at = given.findIndex(
    (each) => typeof (each as Partial<Aggregating> | null)?.createAccumulator === 'function',
  );
  if (at < 0) {
    const what =
      'aggregatingState: createAccumulator, add and getResult are expected as members of an object';
    throw new SluiceError('ARGUMENT_INVALID', what);
  }
  const spec = specOf('aggregatingState', 'aggregating', given.toSpliced(at, 1), 1);
  return new AggregatingState(spec, given[at] as Aggregating);
}

type Aggregating = AggregateFunction<unknown, unknown, unknown>;
export type MapKey = string | number | bigint | boolean;
const MAP_KEYS = /^(bool|int8|int16|int32|uint32|int64|bigint|float32|float64|timestamp|string|category)$/;

/** @param types  how many may stand before the options */
function specOf(
  call: string,
  kind: StateSpec['kind'],
  given: readonly unknown[],
  types: number,
): Omit<StateSpec, 'name'> {
  const isTyped = typeof given[0] === 'object' && given[0] !== null && 'kind' in given[0];
  const specs = isTyped ? given.slice(0, types).map((type) => typeOf(call, type)) : [];
  const [options = {}, ...others] = given.slice(specs.length);
  if (others.length > 0 || typeof options !== 'object' || options === null)
    throw new SluiceError('ARGUMENT_INVALID', `${call}: a type such as t.int32 and options are expected`);
  const keyType = kind === 'map' ? (specs[0] ?? null) : null;
  return { kind, type: specs.at(-1) ?? null, keyType, ttl: ttlOf(call, options) };
}

function typeOf(call: string, type: unknown): TypeSpec {
  const { name: _, ...spec } = fieldSpec(call, type as FieldType<any, boolean>);
  return spec;
}

function ttlOf(call: string, options: StateOptions): StateTtl | null {
  const { ttl, update = 'onCreateAndWrite', visibility = 'neverReturnExpired', ...others } = options;
  const fault = (what: string) => new SluiceError('ARGUMENT_INVALID', `${call}: ${what}`);
  const [other] = Object.keys(others);
  if (other !== undefined) throw fault(`there is no option '${other}'; there are ttl, update and visibility`);
  if (update !== 'onCreateAndWrite' && update !== 'onReadAndWrite')
    throw fault(`update is 'onCreateAndWrite' or 'onReadAndWrite', not ${JSON.stringify(update)}`);
  if (visibility !== 'neverReturnExpired' && visibility !== 'returnExpiredIfNotCleanedUp')
    throw fault(
      `visibility is 'neverReturnExpired' or 'returnExpiredIfNotCleanedUp', not ${JSON.stringify(visibility)}`,
    );
  if (ttl === undefined) {
    if (options.update === undefined && options.visibility === undefined) return null;
    throw fault('update and visibility say something of a ttl, and there is none');
  }
  const ms = parseDuration(ttl);
  if (ms === null || ms <= 0)
    throw new SluiceError('PLAN_DURATION_INVALID', `${call}: ${durationFault('the ttl', ttl)}, above zero`);
  return { ms, update, visibility };
}

const unbound = (): never => {
  const what =
    'a state was used that belongs to no key: states are fields of a keyed process function, and there is a key ' +
    'during processElement and onTimer only';
  throw new SluiceError('CONTEXT_OUT_OF_SCOPE', what);
};

const UNBOUND = {
  get: unbound,
  has: unbound,
  set: unbound,
  add: unbound,
  delete: unbound,
  entries: unbound,
  clear: unbound,
} satisfies ValueCell & ListCell & MapCell;

/** The states made while a function is constructed. */
let made: KeyedState[] | null = null;

/** Runs a constructor, and gives all states that it made beside what it gave. */
export function statesMadeBy<T>(construct: () => T): {
  readonly result: T;
  readonly states: readonly KeyedState[];
} {
  const before = made;
  const states: KeyedState[] = [];
  made = states;
  try {
    return { result: construct(), states };
  } finally {
    made = before;
  }
}
