import { isSluiceError, whatOf } from '../base/errors.js';
import { KeyedState, type StateSpec, statesMadeBy } from '../functions/keyed-state.js';
import { KeyedProcessFunction, ProcessFunction } from '../functions/process-function.js';
import type { Step } from '../plan/faults.js';
import type { Observed } from '../plan/logical-plan.js';
import type { RowShape } from '../records/schema.js';
import { declaredShape, isRecordType, observe } from './call-arguments.js';
import { describeValue, type FlowGraph } from './flow-graph.js';

/** What a process function sees as its key: the value of a single column, or an object of several. */
export type KeyOf<Key> = IsUnion<keyof Key> extends true ? Key : Key[keyof Key];

type IsUnion<K, A = K> = K extends unknown ? ([A] extends [K] ? false : true) : never;

/** The states of a function; each is a fault where there is no key. */
type StatesOf<F> = { [K in keyof F]-?: F[K] extends KeyedState<any> ? K : never }[keyof F];

/** What is to be said of a function that keeps state where there is no key to keep it by. */
export type Stateless<F> = [StatesOf<F>] extends [never]
  ? unknown
  : 'state is kept by key; write keyBy before process';

/** Rows that a function gives out. */
export type OutOf<F> = F extends ProcessFunction<any, infer R> ? R : never;

interface Given {
  readonly observed: Observed;
  readonly declared: boolean;
  readonly states: readonly StateSpec[];
  readonly shape: RowShape;
  readonly process: new () => object;
}

/** `(Fn)` or `(schema, Fn)`. A function is made once here, to see which states it has. */
export function processArguments(
  graph: FlowGraph,
  step: Step,
  given: readonly unknown[],
  isKeyed: boolean,
): Given {
  const declared = given.length > 1 || isRecordType(given[0]);
  const [schema, Fn] = declared ? given : [null, given[0]];
  const shape = declared ? declaredShape(graph, step, schema) : { fields: null };
  const base = isKeyed ? KeyedProcessFunction : ProcessFunction;
  const process = Fn as new () => object;
  if (typeof Fn !== 'function' || !(Fn.prototype instanceof base)) {
    graph.fault(
      'ARGUMENT_INVALID',
      step,
      `a class that extends ${base.name} is expected here, not ${described(Fn)}`,
    );
    return { observed: null, declared, states: [], shape, process };
  }
  const made = construct(graph, step, process);
  if (made === null) return { observed: null, declared, states: [], shape, process };
  const { instance, states } = made;
  const members = instance as Readonly<Record<string, unknown>>;
  graph.expectFunction(step, members['processElement']);
  for (const name of ['onTimer', 'open', 'close']) {
    if (members[name] !== undefined)
      graph.expectFunction({ ...step, call: `${step.call}, ${name}` }, members[name]);
  }
  if (!isKeyed && states.length > 0)
    graph.fault('ARGUMENT_INVALID', step, 'state is kept by key; write keyBy before process');
  return { observed: observe(members['processElement']), declared, states, shape, process };
}

function construct(graph: FlowGraph, step: Step, Fn: new () => object) {
  try {
    const { result: instance, states } = statesMadeBy(() => new Fn());
    return { instance, states: fieldsOf(graph, step, instance, states) };
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const [code, text] = isSluiceError(error)
      ? [error.code, whatOf(error)]
      : (['JOB_BUILDER_FAILED', message] as const);
    graph.fault(code, step, `${Fn.name || 'the function'} cannot be made: ${text}`, error);
    return null;
  }
}

/** States by the names of the fields that hold them. */
function fieldsOf(
  graph: FlowGraph,
  step: Step,
  instance: object,
  made: readonly KeyedState[],
): readonly StateSpec[] {
  const fields = Object.entries(instance).flatMap(([name, value]) =>
    value instanceof KeyedState ? [{ name, state: value }] : [],
  );
  for (const state of made) {
    const names = fields.flatMap((field) => (field.state === state ? [field.name] : []));
    if (names.length === 1) continue;
    const text =
      names.length === 0
        ? `a ${state.spec.kind} state is in no field of its own; write readonly name = …State(…), not #name, not in an array`
        : `fields ${names.join(' and ')} hold one state`;
    graph.fault('ARGUMENT_INVALID', step, text);
  }
  return fields.map(({ name, state }) => ({ name, ...state.spec }));
}

const described = (value: unknown): string =>
  typeof value === 'function' ? `${value.name || 'a function'}` : describeValue(value);
