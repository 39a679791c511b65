import type { TaskMetrics } from '../../engine/control/metrics/metrics.js';
import { AT_REST } from '../../engine/control/metrics/time-ratios.js';
import { TaskClockReader } from '../../engine/memory/task-clock.js';

/** The figures of a task that does nothing, but for what is said of it. */
export const taskMetrics = (over: Partial<TaskMetrics>): TaskMetrics => ({
  vertex: 'a',
  name: 'a',
  subtask: 0,
  state: 'RUNNING',
  ...AT_REST,
  times: new TaskClockReader(new Int32Array(new SharedArrayBuffer(128)), 0).read(0),
  recordsIn: 0,
  recordsOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  buffersIn: 0,
  buffersOut: 0,
  lateRecords: 0,
  droppedRecords: 0,
  input: null,
  output: null,
  splitsDone: 0,
  undeclaredMs: 0,
  loops: 0,
  gcCount: 0,
  gcMs: 0,
  heapBytes: 0,
  gcMsPerSecond: 0,
  undeclaredMsPerSecond: 0,
  recordsInPerSecond: 0,
  recordsOutPerSecond: 0,
  bytesInPerSecond: 0,
  bytesOutPerSecond: 0,
  buffersInPerSecond: 0,
  buffersOutPerSecond: 0,
  watermarkMs: null,
  ...over,
});
