import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TASK_METRICS } from '../../../engine/control/metrics/metric-catalogue.js';
import { prometheus } from '../../../engine/control/serve/routes/prometheus.js';
import { RunBoard, type ServedRun } from '../../../engine/control/serve/served-run.js';
import { parsePrometheus } from '../../kit/http-kit.js';

const text = suite('metrics as Prometheus reads them');

const TIMES = {
  ...{ busyMs: 1, idleMs: 2, softBackpressuredMs: 3, hardBackpressuredMs: 4, asyncMs: 5, rateLimitedMs: 6 },
  ...{ longestSoftMs: 1.25, longestHardMs: 1e-9, state: 'busy' },
};

const LATENCY = {
  ...{ source: 'b'.repeat(32), markers: 12, p50Ms: 0.5, p75Ms: 0.75, p95Ms: 1, p98Ms: 1.5 },
  ...{ p99Ms: 2, p999Ms: 2.5 },
};

/** Every figure of a task is some number. */
const FIGURES = new Proxy({}, { get: () => 1, has: () => true });
const NAME = 'says "hi" \\ <b>\nand more, {}=';

/** A run of two tasks, of which only the second has an input. */
function planted(id: string): ServedRun {
  const task = (subtask: number) =>
    Object.assign(Object.create(FIGURES), {
      ...{ vertex: 'a'.repeat(32), name: NAME, subtask, state: 'RUNNING', busyRatio: 0.25, times: TIMES },
      ...{
        input: subtask === 0 ? null : { queuedBuffers: 7, poolUsage: 0.5 },
        output: null,
        watermarkMs: null,
      },
      latencies: subtask === 0 ? [] : [LATENCY],
      ...{ recordsIn: 41 + subtask, recordsInPerSecond: Number.POSITIVE_INFINITY },
    });
  return {
    id,
    graph: { job: 'a "job"', vertices: [{ parallelism: 2 }] },
    options: { segmentBytes: 1024 },
    life: {
      state: 'RUNNING',
      isOver: false,
      failures: [],
      deployingMs: 1,
      cameMs: () => 1,
      taskEndedMs: () => null,
    },
    metrics: () => ({ state: 'RUNNING', tasks: [task(0), task(1)] }),
    ended: new Promise(() => {}),
    stop: () => {},
    cancel: () => {},
  } as unknown as ServedRun;
}

async function told(...runs: readonly ServedRun[]): Promise<string> {
  const board = new RunBoard();
  for (const run of runs) board.add(run);
  const rules = { isOwner: true } as never;
  const answer = await prometheus({ board, rules, path: {}, query: new URLSearchParams() });
  assert.ok('text' in answer);
  return answer.text;
}

text('every value can be read, under the name, labels and type that it has in the catalogue', async () => {
  const families = parsePrometheus(await told(planted('1'.repeat(32)), planted('2'.repeat(32))));
  const read = families.get('flink_taskmanager_job_task_numRecordsIn')!;
  assert.equal([read.type, read.help], ['counter', TASK_METRICS.numRecordsIn.meaning]);
  assert.equal(
    read.samples.map(({ labels, value }) => [labels['job_id']![0], labels['subtask_index'], value]),
    [
      ['1', '0', 41],
      ['1', '1', 42],
      ['2', '0', 41],
      ['2', '1', 42],
    ],
  );
  const { labels } = read.samples[0]!;
  assert.equal([labels['task_name'], labels['job_name']], [NAME, 'a "job"'], 'escaped, and the same again');
  assert.equal(Object.keys(labels).sort(), [
    ...['host', 'job_id', 'job_name', 'subtask_index', 'task_attempt_id', 'task_attempt_num', 'task_id'],
    ...['task_name', 'tm_id'],
  ]);
  const busy = families.get('flink_taskmanager_job_task_busyTimeMsPerSecond')!;
  assert.equal([busy.type, busy.samples[0]!.value], ['gauge', 250]);
  const queue = families.get('flink_taskmanager_job_task_Shuffle_Netty_Input_Buffers_inputQueueLength')!;
  assert.equal(
    queue.samples.map(({ labels: { subtask_index } }) => subtask_index),
    ['1', '1'],
  );
  const rate = families.get('flink_taskmanager_job_task_numRecordsInPerSecond')!;
  assert.is(rate.samples[0]!.value, Number.POSITIVE_INFINITY);
  assert.is(families.get('flink_jobmanager_numRunningJobs')!.samples[0]!.value, 2);
  assert.is(families.get('flink_jobmanager_job_numRestarts')!.samples.length, 2);
});

text('latencies are summaries by source and subtask, as Flink writes them', async () => {
  const families = parsePrometheus(await told(planted('1'.repeat(32))));
  const scope = 'latency_source_id_operator_id_operator_subtask_index_latency';
  const { type, samples } = families.get(`flink_taskmanager_job_${scope}`)!;
  assert.is(type, 'summary');
  const { quantile, source_id, operator_id, operator_subtask_index, job_id } = samples[0]!.labels;
  assert.equal(
    [quantile, source_id, operator_id, operator_subtask_index, job_id],
    ['0.5', 'b'.repeat(32), 'a'.repeat(32), '1', '1'.repeat(32)],
  );
  const values = samples.map(({ labels, value }) => [labels['quantile'] ?? 'count', value]);
  assert.equal([values[0], values[5], values[6]], [['0.5', 0.5], ['0.999', 2.5], ['count', 12]]); // biome-ignore format: rows
});

text('names of metrics stay apart without their dots', () => {
  const names = Object.keys(TASK_METRICS).map((name) => name.replaceAll('.', '_'));
  assert.is(new Set(names).size, names.length);
});

text('without a run there is what the process tells', async () => {
  const families = parsePrometheus(await told());
  assert.is(families.get('flink_jobmanager_numRunningJobs')!.samples[0]!.value, 0);
  assert.ok(families.get('flink_taskmanager_Status_JVM_Memory_Heap_Used')!.samples[0]!.value > 1e6);
});

const HEAD = '# HELP a what\n# TYPE a gauge\n';
// biome-ignore format: a table
const WRONG: readonly (readonly [what: string, text: string])[] = [
  ['a quote that is not escaped', `${HEAD}a{b="c"d"} 1\n`], ['a sample without a type', 'a 1\n'], ['a number in words', `${HEAD}a one\n`],
  ['a sample twice', `${HEAD}a{b="c"} 1\na{b="c"} 2\n`], ['a label twice', `${HEAD}a{b="c",b="d"} 1\n`], ['a line that does not end', `${HEAD}a 1`],
  ['samples apart', `${HEAD}# HELP z what\n# TYPE z gauge\na{b="1"} 1\nz 1\na{b="2"} 1\n`], ['a type that is none', '# HELP a b\n# TYPE a number\na 1\n'],
  ['a name with a dot', '# HELP a.b c\n# TYPE a.b gauge\na.b 1\n'], ['a new line in a label', `${HEAD}a{b="c\nd"} 1\n`],
];
for (const [what, wrong] of WRONG)
  text(`the parser of this test refuses ${what}`, () => {
    assert.throws(() => parsePrometheus(wrong));
  });

text.run();
