import { durationFault, parseDuration } from '../base/duration.js';
import type { KeyedProcessFunction } from '../functions/process-function.js';
import { printAggregate } from '../plan/describe.js';
import { fieldOf } from '../plan/draft.js';
import type { Step } from '../plan/faults.js';
import { HIDDEN_KEY, resultName } from '../plan/hidden-key.js';
import type { AggregateSpec, AlignedWindow, OperatorConfig } from '../plan/logical-plan.js';
import { type FieldSpec, RESERVED_NAMES, type RecordType, type RowShape } from '../records/schema.js';
import { acceptedKinds, aggregateSpec, argumentFault, isAggregate, isWindowOnly } from './aggregate-spec.js';
import type { Aggregate, AggregateColumns, AggregateFor } from './aggregates.js';
import { CallSite } from './call-site.js';
import { type ConnectableStream, ConnectedStreams, type ConnectionSide } from './connected-streams.js';
import { describeValue } from './flow-graph.js';
import { JoinedStreams } from './joined-streams.js';
import { lateTag } from './late-tag.js';
import { type KeyOf, processArguments } from './process.js';
import type { Simplify } from './row-types.js';
import type { Stream } from './stream.js';
import { WindowedStream } from './windowed-stream.js';
import { readWindow, type WindowAssigner, type WindowOptions, windowText } from './windows.js';

/** When a result per key over all time is emitted: with every record, or once at the end of the input. */
export interface EmitOptions {
  readonly emit?: 'changes' | 'final';
}

/** Rows of type T, grouped by key; Key has the key's columns. */
export class KeyedStream<T extends object, Key extends object> {
  readonly #stream: Stream<T>;
  readonly #keys: readonly string[];
  readonly #keyStep: Step;

  /** @internal */
  constructor(stream: Stream<any>, keyStep: Step, keys: readonly string[]) {
    this.#stream = stream;
    this.#keys = keys;
    this.#keyStep = keyStep;
  }

  /**
   * Groups further, by windows of event time.
   *
   * @param options.allowedLateness  how long a window takes rows after it was given out; each of them gives it out
   *                                 anew, for its key. Default 0
   * @param options.late             where rows go that come later still: `.sideOutput(late)` of the result reads them.
   *                                 Without it they are dropped and counted
   */
  window(window: WindowAssigner, options: WindowOptions = {}): WindowedStream<T, Key> {
    const { graph } = this.#stream;
    const step = { call: `window(${windowText(window)})`, site: new CallSite() };
    const broken: AlignedWindow = { kind: 'tumbling', sizeMs: 1, offsetMs: 0 };
    if (window?.kind !== 'tumbling' && window?.kind !== 'sliding') {
      const text = `a window is expected here, such as tumbling('1d'), not ${describeValue(window)}`;
      graph.fault('ARGUMENT_INVALID', { ...step, call: 'window' }, text);
      return new WindowedStream(this, { window: broken });
    }
    const read = readWindow(window);
    if ('fault' in read) graph.fault('PLAN_DURATION_INVALID', step, read.fault);
    const lateness = options?.allowedLateness ?? '0ms';
    const latenessMs = parseDuration(lateness);
    if (latenessMs === null || latenessMs < 0)
      graph.fault('PLAN_DURATION_INVALID', step, durationFault('allowedLateness', lateness));
    const tag = lateTag(graph, step, options?.late, this.#stream.node.output);
    return new WindowedStream(this, {
      window: 'fault' in read ? broken : read,
      ...(latenessMs !== null && latenessMs > 0 && { latenessMs }),
      ...(tag !== null && { late: tag }),
    });
  }

  /** Folds the rows of each key into one: the function gets the result so far and the next row. */
  reduce(fn: (a: T, b: T) => T, options: EmitOptions = {}): Stream<T> {
    const step = { call: 'reduce', site: new CallSite() };
    const emit = this.#emit(step, options);
    return this.addReduce(step, fn, { kind: 'keyed-reduce', keys: this.#keys, emit });
  }

  /** One row per key: the key's columns, then the aggregates in the order given. */
  aggregate<const S extends Readonly<Record<string, AggregateFor<T, false>>>>(
    aggregates: S,
    options: EmitOptions = {},
  ): Stream<Simplify<Key & AggregateColumns<T, S>>> {
    const step = { call: 'aggregate', site: new CallSite() };
    const emit = this.#emit(step, options);
    return this.addAggregate(step, aggregates, false, (specs) => {
      return { kind: 'keyed-aggregate', keys: this.#keys, aggregates: specs, emit };
    });
  }

  /**
   * Calls an instance of a class with each row. Its states and timers are those of the key of the row; it gives out any
   * number of rows, also to side outputs.
   */
  process<R extends object>(Fn: new () => KeyedProcessFunction<T, R, KeyOf<Key>>): Stream<R>;
  process<R extends object>(
    schema: RecordType<R>,
    Fn: new () => KeyedProcessFunction<T, NoInfer<R>, KeyOf<Key>>,
  ): Stream<R>;
  process(...given: readonly unknown[]): Stream<any> {
    const step = { call: 'process', site: new CallSite() };
    const { graph } = this.#stream;
    const { shape, process, observed, ...asked } = processArguments(
      graph,
      step,
      given,
      'KeyedProcessFunction',
    );
    const config = { kind: 'keyed-process', keys: this.#keys, observed: observed[0], ...asked } as const;
    return this.#stream.derive(step, config, shape, { process }, this.side.inputs);
  }

  /** These rows and those of another stream, for an operator that handles each in a way of its own. */
  connect<U extends object>(other: ConnectableStream<U>): ConnectedStreams<T, U> {
    return new ConnectedStreams({ call: 'connect', site: new CallSite() }, this.side, other);
  }

  /** Each two rows of this stream and of another that have equal keys; `map` makes one of them. */
  join<U extends object>(other: KeyedStream<U, any>): JoinedStreams<T, U> {
    return new JoinedStreams(new ConnectedStreams({ call: 'join', site: new CallSite() }, this.side, other));
  }

  /** @internal */
  get keys(): readonly string[] {
    return this.#keys;
  }

  /** @internal its rows on their way to the subtasks of their keys */
  get side(): ConnectionSide {
    const inputs = this.#stream.inputsBy({ partitioner: { kind: 'hash', fields: this.#keys } });
    return { stream: this.#stream, inputs, keys: this.#keys };
  }

  /** @internal the result is of the rows as the user knows them, without the hidden key */
  addReduce(step: Step, fn: (a: T, b: T) => T, config: OperatorConfig): Stream<T> {
    const { graph, node } = this.#stream;
    graph.expectFunction(step, fn);
    const { fields } = node.output;
    if (fields === null && this.#keys.includes(HIDDEN_KEY)) {
      const text = 'a reduce by a key function needs rows of declared fields; declare them: .map(schema, fn)';
      graph.fault('PLAN_SCHEMA_MISSING', this.#keyStep, text);
    }
    const output: RowShape = { fields: fields?.filter(({ name }) => name !== HIDDEN_KEY) ?? null };
    return this.#stream.derive(step, config, output, { fn }, this.side.inputs);
  }

  /** @internal */
  addAggregate(
    step: Step,
    aggregates: unknown,
    inWindow: boolean,
    configOf: (specs: readonly AggregateSpec[]) => OperatorConfig,
  ): Stream<any> {
    const { graph, node } = this.#stream;
    const entries = typeof aggregates === 'object' && aggregates !== null ? Object.entries(aggregates) : [];
    if (entries.length === 0) {
      graph.fault('ARGUMENT_INVALID', step, 'name at least one aggregate, such as { records: count() }');
    }
    const specs = entries.map(([as, aggregate]) => this.#spec(step, as, aggregate, inWindow));
    graph.columns(step, [...this.#keys.map(resultName), ...entries.map(([as]) => as)]);
    const output = { fields: node.output.fields && this.#outputFields(node.output, specs) };
    const sound = specs.filter((spec) => spec !== null);
    return this.#stream.derive(step, configOf(sound), output, {}, this.side.inputs);
  }

  /** Null when it is not one that can be. */
  #spec(step: Step, as: string, aggregate: unknown, inWindow: boolean): AggregateSpec | null {
    const { graph, node } = this.#stream;
    if ((RESERVED_NAMES as readonly string[]).includes(as)) {
      const text = `'${as}' cannot be the name of a column: every object has such a member`;
      graph.fault('ARGUMENT_INVALID', step, text);
      return null;
    }
    if (!isAggregate(aggregate)) {
      graph.fault(
        'ARGUMENT_INVALID',
        step,
        `column '${as}' needs an aggregate such as count(), not ${describeValue(aggregate)}`,
      );
      return null;
    }
    const call = `${printAggregate(aggregate)} in aggregate`;
    if (isWindowOnly(aggregate.fn) && !inWindow) {
      graph.fault(
        'ARGUMENT_INVALID',
        { ...step, call },
        'there is no window here; add .window(tumbling(…)) after keyBy',
      );
    }
    return this.#sound({ ...step, call }, as, aggregate, node.output);
  }

  #sound(step: Step, as: string, aggregate: Aggregate, shape: RowShape): AggregateSpec | null {
    const { graph } = this.#stream;
    const { field, fn, where } = aggregate;
    const fault = argumentFault(aggregate);
    if (fault !== null) graph.fault('ARGUMENT_INVALID', step, fault);
    if (where !== undefined && !graph.refer(step, shape, where, ['bool'])) return null;
    if (field === null) return aggregateSpec(as, aggregate, null);
    const isSound = graph.refer(step, shape, field, acceptedKinds(fn));
    return isSound ? aggregateSpec(as, aggregate, fieldOf(shape, field)) : null;
  }

  /** Null, that is undeclared, after a mistake. */
  #outputFields(input: RowShape, specs: readonly (AggregateSpec | null)[]): readonly FieldSpec[] | null {
    const columns = [
      ...this.#keys.map((key): FieldSpec | null => {
        const field = fieldOf(input, key);
        return field && { name: resultName(key), kind: field.kind, nullable: field.nullable };
      }),
      ...specs.map((spec): FieldSpec | null => {
        const { as: name, kind, nullable, parts } = spec ?? {};
        return spec && ({ name, kind, nullable, ...(parts && { parts }) } as FieldSpec);
      }),
    ];
    return columns.every((column) => column !== null) ? columns : null;
  }

  #emit(step: Step, options: EmitOptions): 'changes' | 'final' {
    const { emit = 'changes' } = options;
    if (emit !== 'changes' && emit !== 'final') {
      const text = `emit is 'changes' or 'final', not ${JSON.stringify(emit)}`;
      this.#stream.graph.fault('ARGUMENT_INVALID', step, text);
    }
    return emit;
  }
}
