import { isSluiceError, whatOf } from '../base/errors.js';
import { KeyedState, type StateSpec, statesMadeBy } from '../functions/keyed-state.js';
import {
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  ProcessFunction,
} from '../functions/process-function.js';
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
  /** By input. */
  readonly observed: readonly [first: Observed, second: Observed];
  readonly declared: boolean;
  readonly states: readonly StateSpec[];
  readonly shape: RowShape;
  readonly process: new () => object;
}

/** Classes that a function of the user extends, with the members that are called with rows, one for each input. */
const BASES = {
  ProcessFunction: { base: ProcessFunction, members: ['processElement'] },
  KeyedProcessFunction: { base: KeyedProcessFunction, members: ['processElement'] },
  KeyedCoProcessFunction: { base: KeyedCoProcessFunction, members: ['processElement1', 'processElement2'] },
} as const;

/** `(Fn)` or `(schema, Fn)`. A function is made once here, to see which states it has. */
export function processArguments(
  graph: FlowGraph,
  step: Step,
  given: readonly unknown[],
  kind: keyof typeof BASES,
): Given {
  const declared = given.length > 1 || isRecordType(given[0]);
  const [schema, Fn] = declared ? given : [null, given[0]];
  const shape = declared ? declaredShape(graph, step, schema) : { fields: null };
  const { base, members } = BASES[kind];
  const process = Fn as new () => object;
  const nothing = { observed: [null, null], declared, states: [], shape, process } as const;
  if (typeof Fn !== 'function' || !(Fn.prototype instanceof base)) {
    const text = `a class that extends ${kind} is expected here, not ${described(Fn)}`;
    graph.fault('ARGUMENT_INVALID', step, text);
    return nothing;
  }
  const made = construct(graph, step, process);
  if (made === null) return nothing;
  const { instance, states } = made;
  const functions = instance as Readonly<Record<string, unknown>>;
  for (const name of members) graph.expectFunction(step, functions[name]);
  for (const name of ['onTimer', 'open', 'close']) {
    if (functions[name] !== undefined)
      graph.expectFunction({ ...step, call: `${step.call}, ${name}` }, functions[name]);
  }
  if (kind === 'ProcessFunction' && states.length > 0)
    graph.fault('ARGUMENT_INVALID', step, 'state is kept by key; write keyBy before process');
  const [first, second = null] = members.map((name) => observe(functions[name]));
  return { ...nothing, observed: [first ?? null, second], states };
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
