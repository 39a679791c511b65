import { type Duration, durationFault, parseDuration } from '../base/duration.js';
import type { Step } from '../plan/faults.js';
import type { EventTimeConfig } from '../plan/logical-plan.js';
import type { WatermarkGenerator } from '../plan/watermark-generator.js';
import { observedFields } from '../records/observed-fields.js';
import { describeValue, type FlowGraph } from './flow-graph.js';

/** How event time is told from rows. */
export interface EventTimeOptions<T> {
  /** How much older than the newest row so far a row may be before it is late; default 0ms. */
  readonly outOfOrderness?: Duration;
  /**
   * A subtask without rows for so long holds back no watermark until one comes; time in which it was backpressured does
   * not count. Default: it holds them back for as long as it takes.
   */
  readonly idleAfter?: Duration;
  /** Makes what gives out watermarks in place of `outOfOrderness`, once for each subtask. */
  readonly watermarks?: () => WatermarkGenerator<T>;
}

const KEYS = ['outOfOrderness', 'idleAfter', 'watermarks'] as const;

/** What goes into a plan; notes mistakes in the options. */
export function eventTimeConfig(
  graph: FlowGraph,
  step: Step,
  field: string,
  options: EventTimeOptions<any>,
): EventTimeConfig {
  const other = Object.keys(options).find((key) => !(KEYS as readonly string[]).includes(key));
  if (other !== undefined)
    graph.fault('ARGUMENT_INVALID', step, `there is no option '${other}'; there are ${KEYS.join(', ')}`);
  const { outOfOrderness, idleAfter, watermarks } = options;
  const ms = (name: string, text: Duration, min: number): number => {
    const parsed = parseDuration(text);
    if (parsed !== null && parsed >= min) return parsed;
    graph.fault('PLAN_DURATION_INVALID', step, durationFault(name, text));
    return min;
  };
  const outOfOrdernessMs = ms('outOfOrderness', outOfOrderness ?? '0ms', 0);
  const idle = idleAfter === undefined ? {} : { idleAfterMs: ms('idleAfter', idleAfter, 1) };
  const config = { kind: 'event-time', field, outOfOrdernessMs, ...idle } as const;
  if (watermarks === undefined) return config;
  if (outOfOrderness !== undefined)
    graph.fault('ARGUMENT_INVALID', step, 'say either outOfOrderness or watermarks, which are instead of it');
  return { ...config, generator: { observed: generatorFields(graph, step, watermarks) } };
}

/** Fields of the rows that a generator looks at. One is made here to see. */
function generatorFields(graph: FlowGraph, step: Step, watermarks: unknown): readonly string[] | null {
  const call = `watermarks in ${step.call}`;
  graph.expectFunction({ ...step, call }, watermarks);
  if (typeof watermarks !== 'function') return null;
  const made: unknown = watermarks();
  const { onEvent, onPeriodic } = (made ?? {}) as Partial<WatermarkGenerator<unknown>>;
  if (typeof onEvent !== 'function' || (onPeriodic !== undefined && typeof onPeriodic !== 'function')) {
    const text = `it makes an object of onEvent(timestamp, row) and perhaps onPeriodic(), not ${describeValue(made)}`;
    graph.fault('ARGUMENT_INVALID', { ...step, call }, text);
    return null;
  }
  return observedFields(onEvent, 1);
}
