import { json, Refusal, type TextAnswer } from '../answer.js';
import { type Handler, runOf, shown, unresolved, vertexOf } from '../call.js';

/** What Flink answers of a job that takes no checkpoints by itself. */

const STATISTICS = { min: 0, max: 0, avg: 0, p50: 'NaN', p90: 'NaN', p95: 'NaN', p99: 'NaN', p999: 'NaN' };

const NONE = {
  counts: { restored: 0, total: 0, in_progress: 0, completed: 0, failed: 0 },
  summary: {
    checkpointed_size: STATISTICS,
    state_size: STATISTICS,
    end_to_end_duration: STATISTICS,
    alignment_buffered: STATISTICS,
    processed_data: STATISTICS,
    persisted_data: STATISTICS,
  },
  latest: { completed: null, savepoint: null, failed: null, restored: null },
  history: [],
};

/** The interval of what never happens is the largest number of Java, which a number of JavaScript cannot hold. */
const NEVER_MS = 2 ** 63;
const NEVER_TEXT = '9223372036854775807';

const SETTINGS = {
  mode: 'exactly_once',
  interval: NEVER_MS,
  timeout: 600_000,
  min_pause: 0,
  max_concurrent: 1,
  externalization: { enabled: false, delete_on_cancellation: true },
  state_backend: 'HashMapStateBackend',
  checkpoint_storage: 'JobManagerCheckpointStorage',
  unaligned_checkpoints: false,
  tolerable_failed_checkpoints: 0,
  aligned_checkpoint_timeout: 0,
  checkpoints_after_tasks_finish: true,
  state_changelog_enabled: false,
  changelog_periodic_materialization_interval: 600_000,
  changelog_storage: 'memory',
};

export const checkpoints: Handler = (call) => {
  runOf(call);
  return json(NONE);
};

export const checkpointConfig: Handler = (call): TextAnswer => {
  runOf(call);
  const answer = json(SETTINGS);
  return { ...answer, text: answer.text.replace(String(NEVER_MS), NEVER_TEXT) };
};

export const checkpointDetails: Handler = (call) => {
  runOf(call);
  throw noneOf(call.path['checkpointid']!);
};

export const checkpointSubtasks: Handler = (call) => {
  vertexOf(runOf(call), call);
  throw noneOf(call.path['checkpointid']!);
};

function noneOf(id: string): Refusal {
  if (!/^\d{1,19}$/.test(id)) return unresolved('checkpointid', id);
  return new Refusal(404, `Could not find checkpointing statistics for checkpoint ${shown(id)}.`);
}
