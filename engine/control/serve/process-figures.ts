import { availableParallelism, freemem, hostname, totalmem } from 'node:os';
import type { ServedRun } from './served-run.js';

/**
 * Figures of the process, which is the one task manager of its runs in Flink's terms. A slot is what one subtask of
 * every vertex of a run takes: as many are in use as the widest vertex has subtasks.
 */

export const HOST = hostname();
export const ENDPOINT = `${HOST}:${process.pid}`;
export const TASK_MANAGER_ID = `sluice-${process.pid}`;

const CORES = availableParallelism();
const NS_PER_US = 1_000;

export function living(runs: readonly ServedRun[]): readonly ServedRun[] {
  return runs.filter(({ life }) => !life.isOver);
}

export function slotsOf(runs: readonly ServedRun[]): { readonly all: number; readonly free: number } {
  const used = living(runs).reduce((sum, run) => sum + widest(run), 0);
  const all = Math.max(used, CORES);
  return { all, free: all - used };
}

const widest = ({ graph }: ServedRun): number =>
  graph.vertices.reduce((most, { parallelism }) => Math.max(most, parallelism), 0);

interface Segments {
  readonly all: number;
  readonly used: number;
  readonly allBytes: number;
  readonly usedBytes: number;
}

/** Buffers between the tasks of the runs that go on. */
export function segmentsOf(runs: readonly ServedRun[]): Segments {
  const sums = { all: 0, used: 0, allBytes: 0, usedBytes: 0 };
  for (const run of living(runs)) {
    for (const { input, output } of run.metrics('1s').tasks) {
      const ins = input === null ? 0 : input.exclusive + input.floating;
      const insUsed = input === null ? 0 : input.exclusiveInUse + input.floatingInUse;
      const all = ins + (output?.segments ?? 0);
      const used = insUsed + (output === null ? 0 : output.segments - output.freeSegments);
      sums.all += all;
      sums.used += used;
      sums.allBytes += all * run.options.segmentBytes;
      sums.usedBytes += used * run.options.segmentBytes;
    }
  }
  return sums;
}

/** What the process tells of itself, under Flink's names where it has them. */
export function processValues(runs: readonly ServedRun[]): ReadonlyMap<string, number> {
  const { heapUsed, heapTotal } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const segments = segmentsOf(runs);
  return new Map([
    ['Status.JVM.Memory.Heap.Used', heapUsed],
    ['Status.JVM.Memory.Heap.Committed', heapTotal],
    ['Status.JVM.CPU.Time', (user + system) * NS_PER_US],
    ['Status.Shuffle.Netty.TotalMemorySegments', segments.all],
    ['Status.Shuffle.Netty.UsedMemorySegments', segments.used],
    ['Status.Shuffle.Netty.AvailableMemorySegments', segments.all - segments.used],
    ['Status.Shuffle.Netty.TotalMemory', segments.allBytes],
    ['Status.Shuffle.Netty.UsedMemory', segments.usedBytes],
    ['Status.Shuffle.Netty.AvailableMemory', segments.allBytes - segments.usedBytes],
  ]);
}

/** The same of the side that deploys. */
export function masterValues(runs: readonly ServedRun[]): ReadonlyMap<string, number> {
  const { all, free } = slotsOf(runs);
  return new Map([
    ['numRunningJobs', living(runs).length],
    ['numRegisteredTaskManagers', 1],
    ['taskSlotsTotal', all],
    ['taskSlotsAvailable', free],
  ]);
}

/** What a run as a whole tells. */
export function jobValues({ life }: ServedRun): ReadonlyMap<string, number> {
  const began = life.cameMs('RUNNING');
  const uptime = began === null ? 0 : (life.isOver ? life.cameMs(life.state)! : Date.now()) - began;
  return new Map([
    ['uptime', uptime],
    ['runningTime', uptime],
    ['downtime', 0],
    ['numRestarts', 0],
  ]);
}

/** The task manager as Flink lists it. */
export function taskManagerInfo(runs: readonly ServedRun[]): object {
  const slots = slotsOf(runs);
  const shared = living(runs).map(resourceOf);
  const networkBytes = shared.reduce((sum, { networkMemory }) => sum + networkMemory, 0);
  const heapBytes = shared.reduce((sum, { taskHeapMemory }) => sum + taskHeapMemory, 0);
  return {
    id: TASK_MANAGER_ID,
    path: ENDPOINT,
    dataPort: -1,
    jmxPort: -1,
    timeSinceLastHeartbeat: Date.now(),
    slotsNumber: slots.all,
    freeSlots: slots.free,
    totalResource: resource(CORES, heapBytes, networkBytes),
    freeResource: resource(slots.free, 0, 0),
    hardware: {
      cpuCores: CORES,
      physicalMemory: totalmem(),
      freeMemory: freemem(),
      managedMemory: 0,
    },
    memoryConfiguration: {
      frameworkHeap: 0,
      taskHeap: heapBytes,
      frameworkOffHeap: 0,
      taskOffHeap: 0,
      networkMemory: networkBytes,
      managedMemory: 0,
      jvmMetaspace: 0,
      jvmOverhead: 0,
      totalFlinkMemory: heapBytes + networkBytes,
      totalProcessMemory: process.memoryUsage.rss(),
    },
    blocked: false,
  };
}

/** What a run takes. */
export function resourceOf(run: ServedRun): ReturnType<typeof resource> {
  const { segmentBytes, tasks } = run.metrics('1s');
  const heapBytes = tasks.reduce((sum, task) => sum + task.heapBytes, 0);
  return resource(widest(run), heapBytes, segmentBytes);
}

function resource(cpuCores: number, taskHeapMemory: number, networkMemory: number) {
  return {
    cpuCores,
    taskHeapMemory,
    taskOffHeapMemory: 0,
    managedMemory: 0,
    networkMemory,
    extendedResources: {},
  };
}
