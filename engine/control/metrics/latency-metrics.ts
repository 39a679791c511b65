import { LatencyHistogram } from '../../base/latency-histogram.js';
import {
  FIRST_LINE_OF_SOURCE,
  type LatencyLine,
  LINE_OF_CHAIN,
  LINE_OF_EXCHANGE,
} from '../../memory/latency-line.js';
import type { JobVertex } from '../../plan/job-graph.js';
import type { LatencyMetrics, TaskMetrics } from './metrics.js';

/**
 * @param lines    of one task; none: no markers are sent
 * @param sources  by their numbers
 */
export function taskLatency(
  lines: readonly LatencyLine[],
  sources: readonly JobVertex[],
): Pick<TaskMetrics, 'latency' | 'latencies' | 'residence'> {
  if (lines.length === 0) return {};
  const bySource = lines.slice(FIRST_LINE_OF_SOURCE);
  const latency = latencyMetrics(bySource);
  if (latency === null) return {};
  return {
    latency,
    latencies: bySource.flatMap((line, number) => {
      const own = latencyMetrics([line]);
      return own === null ? [] : [{ source: sources[number]!.id, ...own }];
    }),
    residence: {
      exchange: latencyMetrics([lines[LINE_OF_EXCHANGE]!]),
      chain: latencyMetrics([lines[LINE_OF_CHAIN]!])!,
    },
  };
}

/** Figures over all that lines have counted; null: nothing. */
function latencyMetrics(lines: readonly LatencyLine[]): LatencyMetrics | null {
  const histogram = LatencyHistogram.of(lines.map((line) => line.counts()));
  const markers = histogram.count;
  if (markers === 0) return null;
  const sum = (of: (line: LatencyLine) => number): number => lines.reduce((all, line) => all + of(line), 0);
  const maxMs = Math.max(...lines.map(({ largestMs }) => largestMs));
  const meanMs = Math.min(sum(({ sumMs }) => sumMs) / markers, maxMs); // a marker may come between two looks
  const at = (quantile: number): number => Math.min(histogram.atMs(quantile), maxMs);
  return {
    markers,
    minMs: Math.min(at(0), meanMs),
    meanMs,
    stddevMs: histogram.deviationMs(meanMs),
    p50Ms: at(0.5),
    p75Ms: at(0.75),
    p90Ms: at(0.9),
    p95Ms: at(0.95),
    p98Ms: at(0.98),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs,
  };
}
