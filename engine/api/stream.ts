import type { Sink } from '../connectors/connector.js';
import { print } from '../connectors/print.js';
import type { OnError } from '../functions/dead-letter.js';
import type { OutputTag } from '../functions/output-tag.js';
import { fieldOf } from '../plan/draft.js';
import type { Step } from '../plan/faults.js';
import { HIDDEN_KEY } from '../plan/hidden-key.js';
import type { OperatorConfig, OperatorFunctions, Partitioner } from '../plan/logical-plan.js';
import {
  type FieldSpec,
  type FieldType,
  isScalarKind,
  type RecordType,
  type RowShape,
  SCALAR_KINDS,
  t,
} from '../records/schema.js';
import { type AsyncMapper, type AsyncOptions, asyncArguments } from './async-options.js';
import { BranchingStream } from './branching-stream.js';
import {
  type ColumnArguments,
  columnArguments,
  isFieldType,
  mappingArguments,
  observe,
  quoted,
  stepOf,
} from './call-arguments.js';
import { type ConnectableStream, ConnectedStreams, type ConnectionSide } from './connected-streams.js';
import { type EventTimeOptions, eventTimeConfig } from './event-time.js';
import {
  describeValue,
  type FlowGraph,
  type FlowInput,
  type FlowNode,
  type Partitioning,
} from './flow-graph.js';
import { KeyedStream } from './keyed-stream.js';
import { SinkHandle } from './operator-handle.js';
import type { FieldOf, NoView, Simplify, View } from './row-types.js';
import { streamsLike } from './same-fields.js';
import { type ViewOption, viewOption } from './view-option.js';

/**
 * Rows of type T on their way.
 *
 * Every method adds an operator and gives the stream after it; nothing runs while a job is written. Functions receive
 * plain objects that are theirs to keep, with the fields they can be seen to read.
 *
 * With `{ view: true }` a function gets a *view* of the record where its bytes lie, which decodes a field each time it
 * is read. It is good during the call alone (of a generator: until it has ended), and other records show through it
 * later; checked builds throw RECORD_VIEW_STALE then. It has no members of its own: `{ ...view }` and
 * `JSON.stringify(view)` are empty. A record that was made in the same task is handed over as a plain object.
 */
export class Stream<T extends object> extends BranchingStream<T> {
  /** @internal what the operators after it read, and how rows reach them; the first is `node` */
  readonly inputs: readonly FlowInput[];

  /** @internal */
  constructor(
    graph: FlowGraph,
    node: FlowNode,
    inputs: readonly FlowInput[] = [{ node, partitioning: { partitioner: { kind: 'default' } } }],
  ) {
    super(graph, node);
    this.inputs = inputs;
  }

  /**
   * Takes each row's time from a field.
   *
   * @param field  a timestamp, or an int64 of milliseconds since 1970
   */
  eventTime(field: FieldOf<T>, options: EventTimeOptions<T> = {}): Stream<T> {
    const step = stepOf(`eventTime('${String(field)}')`);
    this.graph.refer(step, this.node.output, field, ['timestamp', 'int64'], false);
    const config = eventTimeConfig(this.graph, step, field, options);
    const { watermarks } = options;
    return this.derive(step, config, this.node.output, watermarks === undefined ? {} : { watermarks });
  }

  /** Keeps the rows for which the function is true. */
  filter<S extends T>(fn: (row: T) => row is S): Stream<S>;
  filter(fn: (row: T) => boolean): Stream<T>;
  filter(fn: (row: View<T>) => boolean, options: ViewOption): Stream<T>;
  filter(fn: (row: any) => boolean, options?: ViewOption): Stream<T> {
    const step = stepOf('filter');
    this.graph.expectFunction(step, fn);
    const config = {
      kind: 'filter',
      observed: observe(fn),
      ...viewOption(this.graph, step, options),
    } as const;
    return this.derive(step, config, this.node.output, { fn });
  }

  // Of overloads that do not fit the compiler tells the last with as many arguments: the declared ones come last.

  /** Turns each row into another; at exchanges the shape of the result is learned from the first ones. */
  map<R extends object>(fn: (row: T) => R): Stream<R>;
  map<R extends object>(fn: (row: View<T>) => R & NoView, options: ViewOption): Stream<R>;
  /** Turns each row into another of a declared type; what the function returns is checked against it. */
  map<R extends object>(schema: RecordType<R>, fn: (row: T) => NoInfer<R>): Stream<R>;
  map<R extends object>(
    schema: RecordType<R>,
    fn: (row: View<T>) => NoInfer<R> & NoView,
    options: ViewOption,
  ): Stream<R>;
  map(...given: readonly unknown[]): Stream<any> {
    const { step, fn, shape, asked } = mappingArguments(this.graph, 'map', given);
    return this.derive(step, { kind: 'map', ...asked }, shape, { fn });
  }

  /** Turns each row into any number of rows; at exchanges the shape of the result is learned from the first ones. */
  flatMap<R extends object>(fn: (row: T, emit: (row: R) => void) => FlatMapResult<R>): Stream<R>;
  flatMap<R extends object>(
    fn: (row: View<T>, emit: (row: R & NoView) => void) => FlatMapResult<R & NoView>,
    options: ViewOption,
  ): Stream<R>;
  /** Turns each row into any number of rows of a declared type, emitted or returned as an iterable. */
  flatMap<R extends object>(
    schema: RecordType<R>,
    fn: (row: T, emit: (row: NoInfer<R>) => void) => FlatMapResult<NoInfer<R>>,
  ): Stream<R>;
  flatMap<R extends object>(
    schema: RecordType<R>,
    fn: (row: View<T>, emit: (row: NoInfer<R> & NoView) => void) => FlatMapResult<NoInfer<R> & NoView>,
    options: ViewOption,
  ): Stream<R>;
  flatMap(...given: readonly unknown[]): Stream<any> {
    const { step, fn, shape, asked } = mappingArguments(this.graph, 'flatMap', given);
    return this.derive(step, { kind: 'flat-map', ...asked }, shape, { fn });
  }

  /**
   * Turns each row into another by a function that answers later. Many rows wait for their answers at a time; when
   * `capacity` do, the stream waits.
   */
  mapAsync<R extends object>(fn: AsyncMapper<T, R>, options?: AsyncOptions<T, R>): Stream<R>;
  mapAsync<R extends object>(
    schema: RecordType<R>,
    fn: AsyncMapper<T, NoInfer<R>>,
    options?: AsyncOptions<T, NoInfer<R>>,
  ): Stream<R>;
  mapAsync(...given: readonly unknown[]): Stream<any> {
    return this.#async('mapAsync', given);
  }

  /** The same, with any number of rows for each: an iterable of them. */
  flatMapAsync<R extends object>(
    fn: AsyncMapper<T, Iterable<R>>,
    options?: AsyncOptions<T, Iterable<R>>,
  ): Stream<R>;
  flatMapAsync<R extends object>(
    schema: RecordType<R>,
    fn: AsyncMapper<T, Iterable<NoInfer<R>>>,
    options?: AsyncOptions<T, Iterable<NoInfer<R>>>,
  ): Stream<R>;
  flatMapAsync(...given: readonly unknown[]): Stream<any> {
    return this.#async('flatMapAsync', given);
  }

  /** Keeps only these fields, in this order; never makes an object. */
  pick<const K extends FieldOf<T>>(...fields: readonly K[]): Stream<Simplify<Pick<T, K>>> {
    const step = stepOf(`pick(${quoted(fields)})`);
    const { output } = this.node;
    const isSound = fields.map((field) => this.graph.refer(step, output, field)).every(Boolean);
    if (fields.length === 0) this.graph.fault('ARGUMENT_INVALID', step, 'name at least one field');
    this.graph.columns(step, fields);
    const picked = output.fields !== null && isSound ? fields.map((field) => fieldOf(output, field)!) : null;
    return this.derive(step, { kind: 'pick', fields }, { fields: picked });
  }

  /** Adds columns, or replaces those of the same name: `{ dollars: [t.float64, (bid) => bid.price * 0.908] }`. */
  with<C extends Record<string, unknown>>(
    columns: {
      readonly [K in keyof C]: readonly [type: FieldType<C[K], boolean>, fn: (row: T) => NoInfer<C[K]>];
    },
  ): Stream<Simplify<Omit<T, keyof C> & C>>;
  with<C extends Record<string, unknown>>(
    columns: {
      readonly [K in keyof C]: readonly [type: FieldType<C[K], boolean>, fn: (row: View<T>) => NoInfer<C[K]>];
    },
    options: ViewOption,
  ): Stream<Simplify<Omit<T, keyof C> & C>>;
  with(columns: ColumnArguments<any>, options?: ViewOption): Stream<any> {
    const step = stepOf(`with({ ${Object.keys(columns ?? {}).join(', ')} })`);
    return this.#with(step, columns ?? {}, viewOption(this.graph, step, options));
  }

  /** Rows with equal values in these fields go to one subtask, in order. */
  keyBy<const K extends FieldOf<T>>(...fields: readonly [K, ...K[]]): KeyedStream<T, Simplify<Pick<T, K>>>;
  /** Rows for which the function gives equal values go to one subtask, in order. In results the key is named `key`. */
  keyBy<V>(fn: (row: T) => NoInfer<V>, type: FieldType<V, boolean>): KeyedStream<T, { key: V }>;
  keyBy(...given: readonly unknown[]): KeyedStream<T, any> {
    const [fn, type] = given;
    if (typeof fn === 'function') {
      const step = stepOf('keyBy(function)');
      if (!isFieldType(type)) {
        const text = 'a function needs the type of the key behind it: keyBy((row) => row.user.id, t.string)';
        this.graph.fault('ARGUMENT_INVALID', step, text);
      } else if (!isScalarKind(type.kind)) {
        const text = `a ${type.kind} cannot be a key; keys are ${SCALAR_KINDS.join(', ')}`;
        this.graph.fault('PLAN_FIELD_TYPE', step, text);
      }
      const columns = {
        [HIDDEN_KEY]: [isFieldType(type) ? type : t.string, fn as (row: T) => unknown] as const,
      };
      // The key belongs to the rows where they are: it neither moves nor copies them before it spreads them.
      const [keyed, ...others] = this.inputs.map(({ node }) => {
        const each = new Stream<T>(this.graph, node).#with<object>(step, columns).named('key');
        each.node.parallelism = node.parallelism;
        return each;
      });
      return new KeyedStream(together(keyed!, others, 'keyBy'), step, [HIDDEN_KEY]);
    }
    const step = stepOf(`keyBy(${quoted(given)})`);
    if (given.length === 0) this.graph.fault('ARGUMENT_INVALID', step, 'name at least one field');
    for (const field of given) this.graph.refer(step, this.node.output, String(field), SCALAR_KINDS);
    this.graph.columns(step, given.map(String));
    return new KeyedStream(this, step, given.map(String));
  }

  /**
   * These rows and those of others, in no order between them. Their fields are the same: names, kinds and what may be
   * null. Event time is as far as that of the stream that is furthest behind.
   */
  union(...others: readonly [Stream<T>, ...Stream<T>[]]): PassingStream<T> {
    const step = stepOf('union');
    if (others.length === 0) this.graph.fault('ARGUMENT_INVALID', step, 'name at least one stream');
    return together(this, streamsLike(this.graph, step, this.node, others), step.call);
  }

  /** These rows and those of another stream, for an operator that handles each in a way of its own. */
  connect<U extends object>(other: ConnectableStream<U>): ConnectedStreams<T, U> {
    return new ConnectedStreams(stepOf('connect'), this.side, other);
  }

  /** Ends the stream in a sink. */
  to(sink: Sink<T>): SinkHandle {
    return this.#end(stepOf('to(sink)'), sink);
  }

  /** Ends the stream on standard output, a line per row. */
  print(): SinkHandle {
    return this.#end(stepOf('print()'), print());
  }

  /** @internal */
  override streamOf<R extends object>(node: FlowNode): Stream<R> {
    return new Stream<R>(this.graph, node);
  }

  /** @internal adds an operator that reads this stream, or these inputs */
  override derive<R extends object>(
    step: Step,
    config: OperatorConfig,
    output: RowShape,
    functions: OperatorFunctions = {},
    inputs: readonly FlowInput[] = this.inputs,
  ): Stream<R> {
    return new Stream<R>(this.graph, this.graph.add(step, inputs, config, output, functions));
  }

  /** @internal the same rows, on their way to the next operator by a partitioner of its own */
  inputsBy(partitioning: Partitioning): readonly FlowInput[] {
    return this.inputs.map(({ node }) => ({ node, partitioning }));
  }

  /** @internal */
  get side(): ConnectionSide {
    return { stream: this, inputs: this.inputs, keys: null };
  }

  /** @internal */
  override partitioned(
    step: Step,
    partitioner: Partitioner,
    functions?: OperatorFunctions,
  ): PassingStream<T> {
    const inputs = this.inputsBy({ partitioner, step, ...(functions !== undefined && { functions }) });
    return new PassingStream<T>(this.graph, this.node, inputs, step.call);
  }

  #async(call: 'mapAsync' | 'flatMapAsync', given: readonly unknown[]): Stream<any> {
    const { step, fn, shape, ...asked } = asyncArguments(this.graph, call, given);
    const { handlers, ...plan } = asked;
    const config = { kind: 'async', many: call === 'flatMapAsync', ...plan } as const;
    const stream = this.derive<any>(step, config, shape, { fn, handlers });
    stream.node.chaining = 'head';
    return stream;
  }

  #with<R extends object>(
    step: Step,
    columns: ColumnArguments<T>,
    view: { readonly view?: true } = {},
  ): Stream<R> {
    const { specs, functions } = columnArguments(this.graph, step, columns);
    const plain = specs.map(({ observed: _, ...field }): FieldSpec => field);
    const before = this.node.output.fields;
    const fields = before && [
      ...before.map((field) => plain.find(({ name }) => name === field.name) ?? field),
      ...plain.filter(({ name }) => !before.some((field) => field.name === name)),
    ];
    return this.derive(step, { kind: 'with', columns: specs, ...view }, { fields }, { columns: functions });
  }

  #end(step: Step, sink: Sink<T>): SinkHandle {
    const { graph, node, inputs } = this;
    const isSink = typeof sink?.createWriter === 'function';
    if (!isSink) {
      const text = `a sink is expected here, such as csv(path), not ${describeValue(sink)}`;
      graph.fault('ARGUMENT_INVALID', step, text);
    }
    const { urn = '', label = 'sink', options = null, path = null } = isSink ? sink : {};
    const call = step.call === 'print()' ? step.call : `to(${label})`;
    const config = { kind: 'sink', urn, label, options, path } as const;
    return new SinkHandle(
      graph,
      graph.add({ ...step, call }, inputs, config, node.output, { sink: sink as Sink<any> }),
    );
  }
}

/**
 * Rows between two operators, as a partitioner or `union` passes them on. A partitioner is replaced by what follows, as
 * `keyBy` does. It is no operator: name, uid, parallelism and place in a chain are those of the operators before and
 * after it.
 */
export class PassingStream<T extends object> extends Stream<T> {
  readonly #call: string;

  /** @internal @param call  what made it */
  constructor(graph: FlowGraph, node: FlowNode, inputs: readonly FlowInput[], call: string) {
    super(graph, node, inputs);
    this.#call = call;
  }

  override uid(this: never, uid: string): never;
  override uid(uid: unknown): this {
    return this.#refuse(`uid(${String(uid)})`);
  }

  override named(this: never, name: string): never;
  override named(name: unknown): this {
    return this.#refuse(`named(${String(name)})`);
  }

  override parallelism(this: never, parallelism: number): never;
  override parallelism(parallelism: unknown): this {
    return this.#refuse(`parallelism(${String(parallelism)})`);
  }

  override startNewChain(this: never): never;
  override startNewChain(): this {
    return this.#refuse('startNewChain()');
  }

  override disableChaining(this: never): never;
  override disableChaining(): this {
    return this.#refuse('disableChaining()');
  }

  override onError(this: never, action: OnError): never;
  override onError(_: unknown): any {
    return this.#refuse('onError');
  }

  override sideOutput(this: never, tag: OutputTag<any>): never;
  override sideOutput(tag: OutputTag<any>): any {
    return this.#refuse(`sideOutput('${tag?.name}')`);
  }

  #refuse(call: string): this {
    const text = `${this.#call} is no operator; say this before it, or of the next`;
    this.graph.fault('ARGUMENT_INVALID', stepOf(call), text);
    return this;
  }
}

/** Several streams of the same fields as one. */
function together<T extends object>(
  first: Stream<T>,
  others: readonly Stream<T>[],
  call: string,
): PassingStream<T> {
  const inputs = [first, ...others].flatMap((each) => each.inputs);
  return new PassingStream<T>(first.graph, first.node, inputs, call);
}

/** What was not emitted may be returned. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that only emits returns nothing
export type FlatMapResult<R> = Iterable<R> | void;
