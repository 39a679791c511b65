import type { KeyedCoProcessFunction } from '../functions/process-function.js';
import { fieldOf } from '../plan/draft.js';
import type { Step } from '../plan/faults.js';
import { HIDDEN_KEY, resultName } from '../plan/hidden-key.js';
import type { OperatorConfig, OperatorFunctions } from '../plan/logical-plan.js';
import type { FieldType, RecordType, RowShape } from '../records/schema.js';
import { mappingArguments, observe, quoted, stepOf } from './call-arguments.js';
import type { FlowInput } from './flow-graph.js';
import type { KeyedStream } from './keyed-stream.js';
import { processArguments } from './process.js';
import type { FieldOf } from './row-types.js';
import { isStream } from './same-fields.js';
import type { FlatMapResult, Stream } from './stream.js';

/** What can be connected: a stream with whatever partitioner it has, or a keyed one. */
export type ConnectableStream<T extends object> = Stream<T> | KeyedStream<T, any>;

/** @internal One of two connected streams. */
export interface ConnectionSide {
  readonly stream: Stream<any>;
  /** Its rows on their way to the operator where both meet. */
  readonly inputs: readonly FlowInput[];
  /** Columns of the key; null: it has none. */
  readonly keys: readonly string[] | null;
}

/** One field, or several in order. */
type KeyFields<T> = FieldOf<T> | readonly FieldOf<T>[];

/**
 * Two streams whose rows meet in one operator, which handles each in a way of its own. Nothing is said of the order in
 * which rows of the one and of the other come.
 *
 * Where both are keyed, rows of equal keys meet in one subtask. Where one is `broadcast()`, each subtask gets all of
 * its rows.
 */
export class ConnectedStreams<A extends object, B extends object> {
  /** @internal */
  readonly first: ConnectionSide;
  /** @internal */
  readonly second: ConnectionSide;

  /** @internal */
  constructor(step: Step, first: ConnectionSide, other: ConnectableStream<B>) {
    const { graph } = first.stream;
    const second = (other as Partial<ConnectableStream<B>> | undefined)?.side;
    const isSound = isStream(graph, step, second?.stream ?? other);
    this.first = first;
    this.second = isSound ? second! : first;
    for (const { stream, keys } of [this.first, this.second]) {
      if (stream.node.output.fields !== null || keys?.includes(HIDDEN_KEY) !== true) continue;
      const text = 'a key function needs rows of declared fields here; declare them: .map(schema, fn)';
      graph.fault('PLAN_SCHEMA_MISSING', step, text);
    }
    if (first.keys !== null && this.second.keys !== null)
      this.#compareKeys(step, first.keys, this.second.keys);
  }

  /** Turns each row into another, by a function for each stream. */
  map<R extends object>(first: (row: A) => R, second: (row: B) => R): Stream<R>;
  /** Turns each row into another of a declared type. */
  map<R extends object>(
    schema: RecordType<R>,
    first: (row: A) => NoInfer<R>,
    second: (row: B) => NoInfer<R>,
  ): Stream<R>;
  map(...given: readonly unknown[]): Stream<any> {
    return this.#mapping('map', 'co-map', given);
  }

  /** Turns each row into any number of rows, by a function for each stream. */
  flatMap<R extends object>(
    first: (row: A, emit: (row: R) => void) => FlatMapResult<R>,
    second: (row: B, emit: (row: R) => void) => FlatMapResult<R>,
  ): Stream<R>;
  /** Turns each row into any number of rows of a declared type, emitted or returned as an iterable. */
  flatMap<R extends object>(
    schema: RecordType<R>,
    first: (row: A, emit: (row: NoInfer<R>) => void) => FlatMapResult<NoInfer<R>>,
    second: (row: B, emit: (row: NoInfer<R>) => void) => FlatMapResult<NoInfer<R>>,
  ): Stream<R>;
  flatMap(...given: readonly unknown[]): Stream<any> {
    return this.#mapping('flatMap', 'co-flat-map', given);
  }

  /**
   * Calls an instance of a class with each row, by a member for each stream. Both are keyed, and rows of equal keys
   * share states and timers; it gives out any number of rows, also to side outputs.
   */
  process<R extends object>(Fn: new () => KeyedCoProcessFunction<A, B, R, any>): Stream<R>;
  process<R extends object>(
    schema: RecordType<R>,
    Fn: new () => KeyedCoProcessFunction<A, B, NoInfer<R>, any>,
  ): Stream<R>;
  process(...given: readonly unknown[]): Stream<any> {
    const { graph } = this.first.stream;
    const step = stepOf('process');
    const { shape, process, ...asked } = processArguments(graph, step, given, 'KeyedCoProcessFunction');
    const keys = [this.first.keys ?? [], this.second.keys ?? []] as const;
    if (this.first.keys === null || this.second.keys === null)
      graph.fault(
        'ARGUMENT_INVALID',
        step,
        'state is kept by key; write keyBy for both streams before process',
      );
    return this.derive(step, { kind: 'keyed-co-process', keys, ...asked }, shape, { process });
  }

  /** Rows with equal values in these fields, one or several of each stream, go to one subtask. */
  keyBy(first: KeyFields<A>, second: KeyFields<B>): ConnectedStreams<A, B>;
  /** Rows for which the functions give equal values go to one subtask. */
  keyBy<V>(
    first: (row: A) => NoInfer<V>,
    second: (row: B) => NoInfer<V>,
    type: FieldType<V, boolean>,
  ): ConnectedStreams<A, B>;
  keyBy(first: unknown, second: unknown, type?: unknown): ConnectedStreams<A, B> {
    const step = stepOf(`keyBy(${keyText(first)}, ${keyText(second)})`);
    const keyed = (stream: any, key: unknown): KeyedStream<any, any> =>
      typeof key === 'function' ? stream.keyBy(key, type) : stream.keyBy(...[key].flat());
    const [a, b] = [keyed(this.first.stream, first), keyed(this.second.stream, second)];
    return new ConnectedStreams<A, B>(step, a.side, b);
  }

  /** @internal adds an operator where both meet */
  derive<R extends object>(
    step: Step,
    config: OperatorConfig,
    output: RowShape,
    functions: OperatorFunctions,
  ): Stream<R> {
    const second = this.second.inputs.map((each): FlowInput => ({ ...each, input: 1 }));
    return this.first.stream.derive(step, config, output, functions, [...this.first.inputs, ...second]);
  }

  /** Of `(first, second)`, or `(schema, first, second)`. */
  #mapping(call: string, kind: 'co-map' | 'co-flat-map', given: readonly unknown[]): Stream<any> {
    const { graph } = this.first.stream;
    const { step, fn, shape, asked } = mappingArguments(graph, call, given.slice(0, -1));
    const second = given.at(-1) as (...args: any[]) => unknown;
    graph.expectFunction(step, second);
    const observed = [asked.observed, observe(second)] as const;
    return this.derive(step, { kind, observed, declared: asked.declared }, shape, { fn, second });
  }

  /** Equal keys must have equal hashes, and those depend on the kinds. */
  #compareKeys(step: Step, first: readonly string[], second: readonly string[]): void {
    const { graph, node } = this.first.stream;
    const [a, b] = [node.output, this.second.stream.node.output];
    const fault = (text: string): void => graph.fault('PLAN_FIELD_TYPE', step, text);
    if (first.length !== second.length) {
      fault(`the first stream is keyed by ${first.length} fields and the second by ${second.length}`);
      return;
    }
    if ((a.fields === null) !== (b.fields === null)) {
      const text =
        'the rows of one stream are declared and those of the other are not, and so their keys differ';
      graph.fault('PLAN_SCHEMA_MISSING', step, text);
      return;
    }
    for (const [i, name] of first.entries()) {
      const [one, other] = [fieldOf(a, name), fieldOf(b, second[i]!)];
      if (one === null || other === null || hashedAs(one.kind) === hashedAs(other.kind)) continue;
      const [here, there] = [resultName(name), resultName(second[i]!)];
      fault(
        `the key '${here}' of the first stream is ${one.kind}, and '${there}' of the second is ${other.kind}`,
      );
    }
  }
}

/** A category hashes as its string does. */
const hashedAs = (kind: string): string => (kind === 'category' ? 'string' : kind);

const keyText = (key: unknown): string =>
  typeof key === 'function'
    ? 'function'
    : typeof key === 'object'
      ? `[${quoted([key].flat())}]`
      : quoted([key]);
