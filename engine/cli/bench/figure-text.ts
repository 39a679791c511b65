/** Figures of a bench as a person reads them. */
import type { BenchReport } from '../../control/bench/bench-report.js';
import { formatBytes, formatCount } from '../quantities.js';
import type { FigureRatio } from './bench-comparison.js';

/** An amount with its unit: `1.23 M`, `4.56 ms`, `0.42 s`, `12 MB`, `3.1 x`. */
export function figureText(value: number, unit: string): string {
  if (unit === 'records/s') return rateText(value);
  if (unit === 'bytes') return formatBytes(value);
  return unit === 'times' ? `${threeDigits(value)} x` : `${threeDigits(value)} ${unit}`;
}

/** Three digits: rates that differ by a few percent must look different. */
export function rateText(perSecond: number): string {
  if (perSecond >= 1e6) return `${threeDigits(perSecond / 1e6)} M/s`;
  if (perSecond >= 1e3) return `${threeDigits(perSecond / 1e3)} k/s`;
  return `${formatCount(perSecond)}/s`;
}

export function percentText(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `0.0123`, `1.23`, `12.3`, `123`, `1234`. */
export function threeDigits(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(4, digits));
}

export function verdictText(verdict: FigureRatio['verdict']): string {
  return verdict === 'within the spread' ? 'same' : verdict;
}

/** The tasks got less than this share of the cores, while they were ready for more. */
const CORES_SHARE = 0.75;
const READY_MORE = 0.5;

/** Said where other programs had the cores, so that the figures are theirs too; none where not, or nobody knows. */
export function crowdedLines({ vertices, cores }: BenchReport): readonly string[] {
  let [got, awaited] = [0, 0];
  for (const { subtasks, onCore, awaitingCore } of vertices) {
    if (onCore === null || awaitingCore === null) return [];
    got += subtasks * onCore;
    awaited += subtasks * awaitingCore;
  }
  if (got >= CORES_SHARE * cores || awaited < READY_MORE) return [];
  const [ready, had] = [threeDigits(got + awaited), threeDigits(got)];
  return [
    `Other programs had the cores: tasks were ready for ${ready} of them and got ${had} of ${cores}. Measure again when the machine is idle.`,
  ];
}

/** What was measured and how, beside the figures. */
export const NOTES = {
  sustainable:
    'Sustainable throughput: the highest rate at which the sources keep their schedule, so that no queue grows.',
  latency:
    'Latency: from when a record was due at its source to when the task of a sink came to the marker behind it. Time ' +
    'that records wait in windows and within functions is left out; what a late source costs is not.',
  times:
    'on core, queued: running, or ready while others had the cores. pressed: backpressured. held: by a promise, or by ' +
    'a rate of its own.',
  own: 'Sinks wrote as always; what they wrote was removed, and nothing was committed.',
  discarded: 'Sinks discarded their rows.',
} as const;
