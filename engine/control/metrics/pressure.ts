import type { TaskMetrics } from './metrics.js';

/** Shares of its time that a subtask waits for output, waits for input and is at work, as Flink calls them. */
export interface Pressure {
  readonly ratio: number;
  readonly idleRatio: number;
  readonly busyRatio: number;
}

export function pressureOf({ backpressuredRatio, idleRatio, busyRatio }: TaskMetrics): Pressure {
  return { ratio: backpressuredRatio, idleRatio, busyRatio };
}

/** Flink's levels: up to a tenth, up to a half, more. */
export function pressureLevel(ratio: number): 'ok' | 'low' | 'high' {
  return ratio <= 0.1 ? 'ok' : ratio <= 0.5 ? 'low' : 'high';
}
