import { type Duration, durationFault, parseDuration } from '../base/duration.js';
import type { AsyncCall, AsyncHandlers, AsyncPlan, AsyncRetry } from '../plan/async-plan.js';
import type { Step } from '../plan/faults.js';

import { givenMapping, observeAll, stepOf } from './call-arguments.js';
import { describeValue, type FlowGraph } from './flow-graph.js';

/** An async function: it answers for a row later. */
export type AsyncMapper<T, A> = (row: T, call: AsyncCall) => PromiseLike<A> | A;

/** When and how often a function is called again after a failure. */
export interface RetryOptions {
  /** Further calls at most, after the first; from 1. */
  readonly retries: number;
  /** Before the first further call; default 100ms. */
  readonly delay?: Duration;
  /** Each delay is this many times the one before; from 1; default 1. */
  readonly factor?: number;
  /** No delay is longer; default 1m. */
  readonly maxDelay?: Duration;
  /** Which errors are worth another call; default all. */
  readonly onError?: (error: unknown) => boolean;
  /** Which answers are worth another call; default none. */
  readonly onResult?: (result: any) => boolean;
}

/** How an async function is called. */
export interface AsyncOptions<T, A> {
  /** Results keep the order of their rows; default true. Else each goes on at once, but none passes a watermark. */
  readonly ordered?: boolean;
  /** Most rows of a subtask that wait for their answers, from 1 to 1,000,000; default 100. Then the stream waits. */
  readonly capacity?: number;
  /** For all calls for a row together; default: as long as it takes. The job fails then, or `onTimeout` answers. */
  readonly timeout?: Duration;
  /** The answer for a row that got none in time. */
  readonly onTimeout?: (row: T) => A;
  readonly retry?: RetryOptions;
}

const CAPACITY = { default: 100, max: 1_000_000 } as const;
const KEYS = ['ordered', 'capacity', 'timeout', 'onTimeout', 'retry'] as const;
const RETRY_KEYS = ['retries', 'delay', 'factor', 'maxDelay', 'onError', 'onResult'] as const;

/** Of an async operator: `(fn, options?)`, or `(schema, fn, options?)`; notes mistakes in them. */
export function asyncArguments(graph: FlowGraph, call: string, given: readonly unknown[]) {
  const step = stepOf(call);
  const { fn, shape, options, declared } = givenMapping(graph, step, given);
  if (typeof fn !== 'function')
    graph.fault('ARGUMENT_INVALID', step, `a function is expected here, not ${describeValue(fn)}`);
  const { plan, handlers } = asyncPlan(graph, step, options as AsyncOptions<any, any>);
  return { step, fn, shape, declared, observed: observeAll([fn, handlers.onTimeout]), plan, handlers };
}

function asyncPlan(
  graph: FlowGraph,
  step: Step,
  options: AsyncOptions<any, any> | undefined,
): { readonly plan: AsyncPlan; readonly handlers: AsyncHandlers } {
  const given = objectOf(graph, step, 'the options', KEYS, options);
  const { ordered = true, capacity = CAPACITY.default, timeout, onTimeout, retry } = given;
  if (typeof ordered !== 'boolean')
    graph.fault('ARGUMENT_INVALID', step, `ordered is true or false, not ${describeValue(ordered)}`);
  if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= CAPACITY.max)) {
    const text = `capacity is a whole number from 1 to ${CAPACITY.max}, not ${String(capacity)}`;
    graph.fault('ARGUMENT_INVALID', step, text);
  }
  const timeoutMs = timeout === undefined ? null : positive(graph, step, 'timeout', timeout);
  if (onTimeout !== undefined)
    graph.expectFunction({ ...step, call: `onTimeout in ${step.call}` }, onTimeout);
  if (onTimeout !== undefined && timeout === undefined)
    graph.fault('ARGUMENT_INVALID', step, 'onTimeout is never called without a timeout; give one');
  const { onError, onResult } = retry ?? {};
  return {
    plan: { ordered, capacity, timeoutMs, retry: retry === undefined ? null : retryPlan(graph, step, retry) },
    handlers: {
      ...(onTimeout !== undefined && { onTimeout }),
      ...(onError !== undefined && { retryError: onError }),
      ...(onResult !== undefined && { retryResult: onResult }),
    },
  };
}

function retryPlan(graph: FlowGraph, step: Step, options: RetryOptions): AsyncRetry {
  const given = objectOf(graph, step, 'retry', RETRY_KEYS, options);
  const { retries, delay = '100ms', factor = 1, maxDelay = '1m', onError, onResult } = given;
  if (!(Number.isInteger(retries) && retries >= 1))
    graph.fault('ARGUMENT_INVALID', step, `retries is a whole number from 1, not ${String(retries)}`);
  if (!(Number.isFinite(factor) && factor >= 1))
    graph.fault('ARGUMENT_INVALID', step, `factor is a number from 1, not ${String(factor)}`);
  for (const [name, fn] of Object.entries({ onError, onResult }))
    if (fn !== undefined) graph.expectFunction({ ...step, call: `${name} in ${step.call}` }, fn);
  return {
    ...{ retries, factor },
    delayMs: positive(graph, step, 'delay', delay),
    maxDelayMs: positive(graph, step, 'maxDelay', maxDelay),
  };
}

function positive(graph: FlowGraph, step: Step, name: string, text: Duration): number {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0 && ms <= TIMER_MS_MAX) return ms;
  const range = ms === null ? '' : ', above zero and at most 24d';
  graph.fault('PLAN_DURATION_INVALID', step, `${durationFault(name, text)}${range}`);
  return 1;
}

/** `setTimeout` takes no more than 2^31 - 1 ms. */
const TIMER_MS_MAX = 24 * 86_400_000;

function objectOf<O extends object>(
  graph: FlowGraph,
  step: Step,
  what: string,
  keys: readonly string[],
  given: O | undefined,
): O {
  if (given === undefined) return {} as O;
  if (typeof given !== 'object' || given === null) {
    graph.fault(
      'ARGUMENT_INVALID',
      step,
      `${what}: an object of ${keys.join(', ')}, not ${describeValue(given)}`,
    );
    return {} as O;
  }
  const other = Object.keys(given).find((key) => !keys.includes(key));
  if (other !== undefined)
    graph.fault('ARGUMENT_INVALID', step, `${what}: there is no '${other}'; there are ${keys.join(', ')}`);
  return given;
}
