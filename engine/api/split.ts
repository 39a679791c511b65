import type { Step } from '../plan/faults.js';
import type { OperatorConfig, OperatorFunctions } from '../plan/logical-plan.js';
import { observe } from './call-arguments.js';
import { describeValue, type FlowGraph } from './flow-graph.js';
import type { Stream } from './stream.js';

/** Functions of a split by the names of its streams. */
export type Branches<T> = Readonly<Record<string, (row: T) => boolean>>;

/** The streams of a split: one by each name, and the rows that no function took. */
export type Split<T extends object, B> = {
  readonly [K in keyof B]: B[K] extends (row: any) => row is infer S ? Stream<S & T> : Stream<T>;
} & { readonly rest: Stream<T> };

type SplitConfig = Extract<OperatorConfig, { kind: 'split' }>;

/** What is behind the last branch. */
const REST = 'rest';

export function splitArguments(
  graph: FlowGraph,
  step: Step,
  given: unknown,
): { readonly config: SplitConfig; readonly functions: OperatorFunctions } {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const entries = isObject ? Object.entries(given) : [];
  if (entries.length === 0) {
    const text = isObject ? 'no function' : describeValue(given);
    graph.fault('ARGUMENT_INVALID', step, `functions by the names of streams are expected here, not ${text}`);
  }
  for (const [name, fn] of entries) {
    graph.expectFunction(step, fn);
    if (name === REST)
      graph.fault('ARGUMENT_INVALID', step, `'${REST}' is the name of the rows that no function took`);
  }
  const branches = entries.map(([name, fn]) => ({ name, observed: observe(fn) }));
  return { config: { kind: 'split', branches }, functions: { columns: Object.fromEntries(entries) } };
}

/** Streams by name, each of which comes to be when it is asked for: one that is not read is no part of the job. */
export function splitStreams<T extends object>(
  rest: Stream<T>,
  { branches }: SplitConfig,
  branch: (name: string) => Stream<T>,
): object {
  const streams = { [REST]: rest };
  for (const { name } of branches) {
    if (name !== REST) Object.defineProperty(streams, name, { enumerable: true, get: () => branch(name) });
  }
  return streams;
}
