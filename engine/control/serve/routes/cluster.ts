import { runningVersion } from '../../package-copy.js';
import { json, Refusal } from '../answer.js';
import { type Handler, shown } from '../call.js';
import { EXECUTION_STATES, jobSpan, jobState, stateCounts, subtaskPast } from '../flink-states.js';
import {
  living,
  resourceOf,
  segmentsOf,
  slotsOf,
  TASK_MANAGER_ID,
  taskManagerInfo,
} from '../process-figures.js';
import type { RunPast, ServedRun } from '../served-run.js';

/** What is true of the process as a whole: one job manager and one task manager in Flink's terms. */

const MS_PER_MINUTE = 60_000;

/** Where Flink tells of which commit it was built. */
const REVISION = 'sluice';

/** What a dashboard asks for first. */
export const config: Handler = ({ rules }) =>
  json({
    'refresh-interval': rules.refreshIntervalMs,
    'timezone-name': Intl.DateTimeFormat().resolvedOptions().timeZone,
    'timezone-offset': -new Date().getTimezoneOffset() * MS_PER_MINUTE,
    'flink-version': runningVersion(),
    'flink-revision': REVISION,
    features: {
      'web-submit': false,
      'web-cancel': rules.canCancel && (rules.isOwner || rules.token !== null),
      'web-rescale': false,
      'web-history': false,
    },
  });

export const overview: Handler = ({ board }) => {
  const states = board.all().map(({ life }) => jobState(life));
  const number = (state: string): number => states.filter((each) => each === state).length;
  const slots = slotsOf(board.all());
  return json({
    taskmanagers: 1,
    'slots-total': slots.all,
    'slots-available': slots.free,
    'jobs-running': living(board.all()).length,
    'jobs-finished': number('FINISHED'),
    'jobs-cancelled': number('CANCELED'),
    'jobs-failed': number('FAILED'),
    'flink-version': runningVersion(),
    'flink-commit': REVISION,
  });
};

export const jobs: Handler = ({ board }) =>
  json({ jobs: board.all().map(({ id, life }) => ({ id, status: jobState(life) })) });

export const jobsOverview: Handler = ({ board }) => json({ jobs: board.all().map(overviewOf) });

function overviewOf(run: ServedRun): object {
  const now = Date.now();
  const { tasks } = run.metrics('1s');
  const pasts = tasks.map(({ state }, task) => subtaskPast(run, task, state, now));
  const counts = stateCounts(pasts);
  return {
    jid: run.id,
    name: run.graph.job,
    ...jobSpan(run.life, now),
    state: jobState(run.life),
    'last-modification': lastChangeMs(run.life),
    tasks: {
      total: pasts.length,
      ...Object.fromEntries(EXECUTION_STATES.map((state) => [state.toLowerCase(), counts[state]])),
    },
  };
}

/** When the run last came to another state. */
function lastChangeMs(life: RunPast): number {
  return life.cameMs(life.state)!;
}

export const taskManagers: Handler = ({ board }) => json({ taskmanagers: [taskManagerInfo(board.all())] });

export const taskManager: Handler = ({ board, path }) => {
  refuseOtherManager(path['taskmanagerid']!);
  const runs = board.all();
  const segments = segmentsOf(runs);
  const memory = process.memoryUsage();
  const tasks = living(runs).flatMap((run) => run.metrics('1s').tasks);
  const total = (of: (task: (typeof tasks)[number]) => number): number =>
    Math.round(tasks.reduce((sum, task) => sum + of(task), 0));
  const heapUsed = memory.heapUsed + total(({ heapBytes }) => heapBytes);
  return json({
    ...taskManagerInfo(runs),
    metrics: {
      heapUsed,
      heapCommitted: memory.heapTotal + total(({ heapBytes }) => heapBytes),
      heapMax: -1,
      nonHeapUsed: memory.external,
      nonHeapCommitted: memory.external,
      nonHeapMax: -1,
      directCount: segments.all,
      directUsed: memory.arrayBuffers,
      directMax: -1,
      ...{ mappedCount: 0, mappedUsed: 0, mappedMax: 0 },
      nettyShuffleMemorySegmentsAvailable: segments.all - segments.used,
      nettyShuffleMemorySegmentsUsed: segments.used,
      nettyShuffleMemorySegmentsTotal: segments.all,
      nettyShuffleMemoryAvailable: segments.allBytes - segments.usedBytes,
      nettyShuffleMemoryUsed: segments.usedBytes,
      nettyShuffleMemoryTotal: segments.allBytes,
      garbageCollectors: [
        { name: 'V8', count: total(({ gcCount }) => gcCount), time: total(({ gcMs }) => gcMs) },
      ],
    },
    allocatedSlots: living(runs).map((run) => ({ jobId: run.id, resource: resourceOf(run) })),
  });
};

export function refuseOtherManager(id: string): void {
  if (id !== TASK_MANAGER_ID) throw new Refusal(404, `Could not find TaskExecutor ${shown(id)}.`);
}

/** What Flink tells of its virtual machine; a thread of Node.js has no class path. */
export const jobManagerEnvironment: Handler = () =>
  json({
    jvm: { version: `Node.js ${process.version}`, arch: process.arch, options: process.execArgv },
    classpath: [],
  });

/** Options of the run that was started last: each has its own. */
export const jobManagerConfig: Handler = ({ board }) => {
  const entries = board.all().at(-1)?.optionEntries ?? [];
  return json(entries.map(({ key, value }) => ({ key, value })));
};
