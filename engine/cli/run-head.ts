import type { Metrics } from '../control/metrics/metrics.js';
import { clean, joinFitting, shorten } from './columns.js';
import { paint } from './ink.js';
import { formatBytes, formatCount, formatElapsed } from './quantities.js';

/** In place of figures of the inputs, which are at rest. */
export const STOPPING_NOTE = 'records in flight are brought to their end';

/** A run in one line: its name, its state, how long, how fast. */
export function runHead(metrics: Metrics, columns: number, color: boolean): string {
  const { job, state, elapsedMs, recordsIn, recordsInPerSecond, segmentBytes, tasks } = metrics;
  const hasEnded = state === 'FINISHED' || state === 'STOPPED';
  const rate = hasEnded ? (recordsIn / Math.max(1, elapsedMs)) * 1000 : recordsInPerSecond;
  const stateColor =
    state === 'FAILED' ? 'red' : state === 'RUNNING' || state === 'FINISHED' ? 'green' : 'yellow';
  const name = shorten(clean(job), columns - state.length - 2);
  const parts = [
    { text: `${paint('bold', name, color)}  ${paint(stateColor, state, color)}`, rank: 0, gap: '' },
    { text: formatElapsed(elapsedMs), rank: 1, gap: '  ' },
    { text: `${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}`, rank: 3, gap: '   ' },
    { text: state === 'STOPPING' ? STOPPING_NOTE : `${formatCount(rate)} records/s`, rank: 2, gap: '   ' },
    { text: `${formatBytes(segmentBytes)} segments`, rank: 4, gap: '   ' },
  ];
  return joinFitting(parts, columns);
}
