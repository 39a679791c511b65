import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../../engine/control/engine.js';
import type { TaskMetrics } from '../../../engine/control/metrics/metrics.js';
import type { Run } from '../../../engine/control/run.js';
import { ROUTES } from '../../../engine/control/serve/route-table.js';
import { ask, askJson, differences, either, type Shape } from '../../kit/http-kit.js';
import { jobPath, later, until } from '../../kit/run-kit.js';

const routes = suite('routes');
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-routes-'));
process.env['XDG_RUNTIME_DIR'] = folder;

/** Goes on from before the first test to after the last, so that the server stays. */
let keeper: Run;
let run: Run;
let url: string;
let id: string;
/** The vertices in order: source, window, sink. */
let vertices: readonly string[];
/** Answers of all routes, before the run, again and again during it, and after. */
const rounds: ReadonlyMap<string, unknown>[] = [];

const ROUNDS_MAX = 40;

/** So little between tasks that every wait comes soon, and is over soon. */
const SMALL = {
  'taskmanager.memory.segment-size': '1 kb',
  'taskmanager.network.memory.max-overdraft-buffers-per-gate': 0,
};

routes.before(async () => {
  const gate = join(folder, 'open');
  keeper = await start(jobPath('endless'), { params: { sourceRate: 5 }, parallelism: 1, serve: { port: 0 } });
  url = keeper.url!;
  process.env['SLUICE_TEST_GATE'] = gate;
  const starting = start(jobPath('served'), { parallelism: 2, serve: { port: 0 }, options: SMALL });
  for (id = keeper.id; id === keeper.id; ) id = (await askJson(url, '/jobs')).jobs.at(-1).id;
  const { plan } = await askJson(url, `/jobs/${id}/plan`);
  vertices = plan.nodes.map((node: { id: string }) => node.id);
  rounds.push(await askAll());
  writeFileSync(gate, '');
  run = await starting;
  for (const source of Object.values(run.sources)) source.setRate(null);
  await until(() => run.metrics().tasks.every(hasWaited));
  // Fast, there is backpressure and garbage; slow, there is time to wait for input.
  for (let isFast = true; isMissing() && rounds.length < ROUNDS_MAX; isFast = !isFast) {
    for (const source of Object.values(run.sources)) source.setRate(isFast ? null : 10);
    await later(isFast ? 200 : 400);
    rounds.push(await askAll());
  }
});

/** A number that has to change before the run ends has not. */
const isMissing = (): boolean => unchanged().some((at) => !AT_THE_END.test(at.split(' ')[0]!));

routes.after(async () => {
  await run.cancel();
  await keeper.cancel();
  rmSync(folder, { recursive: true });
});

const AGGREGATE: Shape = {
  id: 'string',
  'min?': 'number',
  'max?': 'number',
  'avg?': 'number',
  'sum?': 'number',
  'skew?': 'number',
};
const VALUE: Shape = { id: 'string', value: 'string' };
const SPAN = { 'start-time': 'int', 'end-time': 'int', duration: 'int' } as const;
const JOB_STATES = either("'CREATED'", "'RUNNING'", "'FINISHED'", "'CANCELED'", "'FAILED'");
const TASK_STATES = either("'CREATED'", "'DEPLOYING'", "'RUNNING'", "'FINISHED'", "'CANCELED'", "'FAILED'");
const LEVELS = { backpressureLevel: "'ok'|'low'|'high'", 'backpressure-level': "'ok'|'low'|'high'" } as const;
const RATIOS = { ratio: 'number', idleRatio: 'number', busyRatio: 'number' } as const;

const counts = (names: string): Shape => Object.fromEntries(names.split(' ').map((name) => [name, 'int']));
const STATES =
  'CREATED SCHEDULED DEPLOYING INITIALIZING RUNNING FINISHED CANCELING CANCELED FAILED RECONCILING';
const STATE_COUNTS = counts(STATES);
const IO: Shape = {
  ...(counts(
    'read-bytes write-bytes read-records write-records accumulated-backpressured-time accumulated-idle-time accumulated-busy-time',
  ) as object),
  ...{ 'read-bytes-complete': 'boolean', 'write-bytes-complete': 'boolean' },
  ...{ 'read-records-complete': 'boolean', 'write-records-complete': 'boolean' },
};
const STATISTICS: Shape = {
  ...{ min: 'number', max: 'number', avg: 'int', sum: 'number' },
  ...{ median: 'number', p25: 'number', p75: 'number', p95: 'number' },
};
const DURATIONS = 'CREATED SCHEDULED DEPLOYING INITIALIZING RUNNING';
const AGGREGATED: Shape = {
  metrics: Object.fromEntries(
    Object.keys(IO as object)
      .filter((name) => !name.endsWith('-complete'))
      .map((name) => [name, STATISTICS]),
  ),
  'status-duration': Object.fromEntries(DURATIONS.split(' ').map((name) => [name, STATISTICS])),
};
const PLAN: Shape = {
  ...{ jid: 'hex32', name: 'string', type: "'STREAMING'" },
  nodes: [
    {
      ...{ id: 'hex32', parallelism: 'int', operator: 'string', operator_strategy: 'string' },
      ...{ description: 'string', optimizer_properties: 'empty' },
      'inputs?': [{ num: 'int', id: 'hex32', ship_strategy: 'string', exchange: 'string' }],
    },
  ],
};
const RESOURCE: Shape = {
  ...(counts('cpuCores taskHeapMemory taskOffHeapMemory managedMemory networkMemory') as object),
  extendedResources: 'empty',
};
const TASK_MANAGER: Shape = {
  ...{ id: 'string', path: 'string', dataPort: 'int', jmxPort: 'int', timeSinceLastHeartbeat: 'int' },
  ...{
    slotsNumber: 'int',
    freeSlots: 'int',
    totalResource: RESOURCE,
    freeResource: RESOURCE,
    blocked: 'boolean',
  },
  hardware: counts('cpuCores physicalMemory freeMemory managedMemory'),
  memoryConfiguration: counts(
    'frameworkHeap taskHeap frameworkOffHeap taskOffHeap networkMemory managedMemory jvmMetaspace jvmOverhead ' +
      'totalFlinkMemory totalProcessMemory',
  ),
};
const CHECKPOINT_STATISTICS: Shape = {
  ...(counts('min max avg') as object),
  ...{ p50: "'NaN'", p90: "'NaN'", p95: "'NaN'", p99: "'NaN'", p999: "'NaN'" },
};

/** A frame, and those that it calls. */
const FRAMES: Shape[] = [];
const FRAME: Shape = { name: 'string', value: 'int', children: FRAMES };
FRAMES.push(FRAME);

/** Flink's fields of every route; `:` stands for the ids of the run. */
// biome-ignore format: a table
const FIELDS: Readonly<Record<string, Shape>> = {
  '/config': { 'refresh-interval': 'int', 'timezone-name': 'string', 'timezone-offset': 'int', 'flink-version': 'string', 'flink-revision': 'string',
    features: { 'web-submit': 'boolean', 'web-cancel': 'boolean', 'web-rescale': 'boolean', 'web-history': 'boolean' } },
  '/overview': { ...(counts('taskmanagers slots-total slots-available jobs-running jobs-finished jobs-cancelled jobs-failed') as object), 'flink-version': 'string', 'flink-commit': 'string' },
  '/jobs': { jobs: [{ id: 'hex32', status: JOB_STATES }] },
  '/jobs/overview': { jobs: [{ jid: 'hex32', name: 'string', ...SPAN, state: JOB_STATES, 'last-modification': 'int', tasks: counts(`total ${STATES.toLowerCase()}`) }] },
  '/jobs/:job': { jid: 'hex32', name: 'string', isStoppable: 'boolean', state: JOB_STATES, 'job-type': "'STREAMING'", ...SPAN, maxParallelism: 'int', now: 'int',
    timestamps: counts('INITIALIZING CREATED RUNNING FAILING FAILED CANCELLING CANCELED FINISHED RESTARTING SUSPENDED RECONCILING'),
    vertices: [{ id: 'hex32', slotSharingGroupId: 'hex32', name: 'string', maxParallelism: 'int', parallelism: 'int', status: TASK_STATES, ...SPAN, tasks: STATE_COUNTS, metrics: IO }],
    'status-counts': STATE_COUNTS, plan: PLAN },
  '/jobs/:job/plan': { plan: PLAN },
  '/jobs/:job/status': { status: JOB_STATES },
  '/jobs/:job/config': { jid: 'hex32', name: 'string', 'execution-config': { 'restart-strategy': 'string', 'job-parallelism': 'int', 'object-reuse-mode': 'boolean', 'user-config': { sourceRate: 'string', sinkRate: 'string' } } },
  '/jobs/:job/exceptions': { exceptionHistory: { entries: 'empty', truncated: 'boolean' } },
  '/jobs/:job/accumulators': { 'job-accumulators': 'empty', 'user-task-accumulators': 'empty', 'serialized-user-task-accumulators': 'empty' },
  '/jobs/:job/metrics': [{ id: 'string' }],
  '/jobs/:job/metrics?get=uptime,runningTime,downtime,numRestarts': [VALUE],
  '/jobs/:job/backpressure': { status: "'ok'|'deprecated'", 'end-timestamp?': 'int', 'vertices?': [{ id: 'hex32', name: 'string', parallelism: 'int', ...LEVELS, subtask: 'int', ...RATIOS }] },
  '/jobs/:job/diagnosis': { job: 'string', verdict: "'limited'|'healthy'|'unknown'", summary: 'string', windowMs: 'number',
    history: [{ cause: 'string|null', name: 'string|null', subtask: 'int|null', fromMs: 'int', toMs: 'int' }],
    findings: [{ cause: 'string', severity: "'limit'|'hint'", share: 'number', vertex: 'hex32', name: 'string', subtask: 'int|null', reason: 'string', evidence: ['string'], advice: 'string|null', gain: 'number|null' }] },
  '/jobs/:job/checkpoints': { counts: counts('restored total in_progress completed failed'), history: 'empty',
    summary: Object.fromEntries('checkpointed_size state_size end_to_end_duration alignment_buffered processed_data persisted_data'.split(' ').map((name) => [name, CHECKPOINT_STATISTICS])),
    latest: { completed: 'null', savepoint: 'null', failed: 'null', restored: 'null' } },
  '/jobs/:job/checkpoints/config': { mode: "'exactly_once'", ...(counts('interval timeout min_pause max_concurrent tolerable_failed_checkpoints aligned_checkpoint_timeout changelog_periodic_materialization_interval') as object),
    externalization: { enabled: 'boolean', delete_on_cancellation: 'boolean' }, state_backend: 'string', checkpoint_storage: 'string', unaligned_checkpoints: 'boolean', checkpoints_after_tasks_finish: 'boolean', state_changelog_enabled: 'boolean', changelog_storage: 'string' },
  '/jobs/:job/vertices/:vertex': { id: 'hex32', name: 'string', parallelism: 'int', maxParallelism: 'int', now: 'int', aggregated: AGGREGATED,
    subtasks: [{ subtask: 'int', status: TASK_STATES, attempt: 'int', endpoint: 'string', ...SPAN, start_time: 'int', metrics: IO, 'taskmanager-id': 'string', 'status-duration': counts(DURATIONS) }] },
  '/jobs/:job/vertices/:vertex/accumulators': { id: 'hex32', 'user-accumulators': 'empty' },
  '/jobs/:job/vertices/:vertex/backpressure': { status: "'ok'|'deprecated'", 'backpressureLevel?': 'string', 'backpressure-level?': 'string', 'end-timestamp?': 'int', 'subtasks?': [{ subtask: 'int', ...LEVELS, ...RATIOS }] },
  '/jobs/:job/vertices/:vertex/flamegraph?type=full': { endTimestamp: 'int', 'data?': FRAME },
  '/jobs/:job/vertices/:vertex/metrics': [{ id: 'string' }],
  '/jobs/:job/vertices/:vertex/subtasks/accumulators': { id: 'hex32', parallelism: 'int', subtasks: [{ subtask: 'int', attempt: 'int', endpoint: 'string', 'user-accumulators': 'empty' }] },
  '/jobs/:job/vertices/:vertex/subtasks/metrics': [{ id: 'string' }],
  '/jobs/:job/vertices/:vertex/subtasks/metrics?get=backPressuredTimeMsPerSecond,busyTimeMsPerSecond,numRecordsInPerSecond': [AGGREGATE],
  '/jobs/:job/vertices/:vertex/subtasks/1/metrics': [{ id: 'string' }],
  '/jobs/:job/vertices/:vertex/subtasktimes': { id: 'hex32', name: 'string', now: 'int', subtasks: [{ subtask: 'int', endpoint: 'string', duration: 'int', timestamps: STATE_COUNTS }] },
  '/jobs/:job/vertices/:vertex/taskmanagers': { id: 'hex32', name: 'string', now: 'int', taskmanagers: [{ endpoint: 'string', status: TASK_STATES, ...SPAN, metrics: IO, 'status-counts': STATE_COUNTS, 'taskmanager-id': 'string', aggregated: AGGREGATED }] },
  '/jobs/:job/vertices/:vertex/watermarks': [VALUE],
  '/taskmanagers': { taskmanagers: [TASK_MANAGER] },
  '/taskmanagers/:manager': { ...(TASK_MANAGER as object), allocatedSlots: [{ jobId: 'hex32', resource: RESOURCE }],
    metrics: { ...(counts('heapUsed heapCommitted heapMax nonHeapUsed nonHeapCommitted nonHeapMax directCount directUsed directMax mappedCount mappedUsed mappedMax ' +
      'nettyShuffleMemorySegmentsAvailable nettyShuffleMemorySegmentsUsed nettyShuffleMemorySegmentsTotal nettyShuffleMemoryAvailable nettyShuffleMemoryUsed nettyShuffleMemoryTotal') as object),
      garbageCollectors: [{ name: 'string', count: 'int', time: 'int' }] } },
  '/taskmanagers/metrics': [{ id: 'string' }],
  '/taskmanagers/metrics?get=Status.JVM.Memory.Heap.Used,Status.JVM.CPU.Time': [AGGREGATE],
  '/taskmanagers/:manager/metrics': [{ id: 'string' }],
  '/jobmanager/config': [{ key: 'string', value: 'string' }],
  '/jobmanager/environment': { jvm: { version: 'string', arch: 'string', options: ['string'] }, classpath: ['string'] },
  '/jobmanager/metrics': [{ id: 'string' }],
};

/** Garbage was collected; a source has had to wait for output between two records, a window inside one. */
function hasWaited({ vertex, times, gcCount }: TaskMetrics): boolean {
  if (gcCount === 0) return false;
  if (vertex === vertices[0]) return times.longestSoftMs > 0;
  return vertex !== vertices[1] || times.longestHardMs > 0;
}

/** Paths to ask for: one for each vertex where a route is about one. */
function pathsOf(route: string): readonly string[] {
  const path = route.replace(':job', id).replace(':manager', `sluice-${process.pid}`);
  return path.includes(':vertex') ? vertices.map((vertex) => path.replace(':vertex', vertex)) : [path];
}

/** Every route, and every metric that there is by its name. */
async function askAll(): Promise<ReadonlyMap<string, unknown>> {
  const answers = new Map<string, unknown>();
  const paths = Object.keys(FIELDS).flatMap(pathsOf);
  await Promise.all(paths.map(async (path) => answers.set(path, await askJson(url, path))));
  await Promise.all(
    vertices.map(async (vertex) => {
      const path = `/jobs/${id}/vertices/${vertex}/metrics`;
      const ids = (answers.get(path) as { id: string }[]).map((each) => each.id);
      const values: { id: string; value: string }[] = await askJson(url, `${path}?get=${ids.join(',')}`);
      answers.set(`${path}?`, Object.fromEntries(values.map((each) => [each.id, Number(each.value)])));
    }),
  );
  return answers;
}

/** What cannot change in the life of this run, and why. `:source`, `:window` and `:sink` are its vertices. */
// biome-ignore format: a table
const CONSTANT: readonly (readonly [path: RegExp, why: string])[] = [
  [/\.(subtask|attempt|num|parallelism|maxParallelism|job-parallelism|total)$/,                   'it is of the plan'],
  [/^\/config\.|\.(interval|timeout|max_concurrent|\w+_interval)$/,                              'a setting'],
  [/\/checkpoints|flamegraph|\.(min_pause|numRestarts|downtime)\b/,                                 'there are none of them'],
  [/\b(SCHEDULED|RECONCILING|INITIALIZING|SUSPENDED|RESTARTING|scheduled|reconciling|initializing)\b/, 'a state of Flink that nothing here is in, or the moment of the start'],
  [/\b(FAIL|CANCEL)(ED|ING|LING)\b|\b(failed|canceled|canceling)$|jobs-(failed|cancelled)$/,         'the run neither fails nor is cancelled; other tests do both'],
  [/start[-_]time$|timestamps\.(CREATED|DEPLOYING)$|status-duration\.CREATED\b|\.CREATED\.(min|max|avg|sum|median|p\d\d)$/, 'a moment before the first look'],
  [/:source.*(read-bytes|numBytesIn|numBuffersIn|accumulated-idle-time|accumulateIdleTimeMs|idleTimeMs)/, 'a source has no input'],
  [/:source.*idleRatio|vertices\.0\.(metrics\.(read-bytes|accumulated-idle-time)|idleRatio)/,        'a source has no input'],
  [/:sink.*(write-bytes|numBytesOut|numBuffersOut|[bB]ack-?[pP]ressure|\.ratio)/,                    'a sink has no output'],
  [/vertices\.2\.(metrics\.(write-bytes|accumulated-backpressured-time)|ratio)/,                     'a sink has no output'],
  [/:window.*[rR]ateLimited/,                                                                       'it is of no rate of its own'],
  [/:(source|sink).*(numLateRecords|undeclaredTime)/,                                               'it has neither windows nor undeclared rows to write'],
  [/asyncTime|accumulateAsync/,                                                                     'no source or sink of this job gives promises'],
  [/numRecordsDropped/,                                                                             'this job has no side outputs'],
  [/discardedBuffers/,                                                                              'nobody leaves an output'],
  [/splitsDone/,                                                                                    'a split that is stopped is not read to its end'],
  [/:(source|sink).*[hH]ardBack/,                                                                   'what it makes of a record is one row at most'],
  [/(jobs|allocatedSlots)\.0\./,                                                                    'the other run goes on'],
  [/networkMemory$|\.skew$|\.tasks\.created$|\.CREATED$|status-counts\.DEPLOYING$/,                                           'all at once: memory, threads; skew of one task manager'],
  [/diagnosis\.(findings|history)/,                                                                           'what a finding says has its own tests'],
  [/mapped|Max$|managedMemory|OffHeap|framework|jvm|(data|jmx)Port$|physicalMemory|\bcpuCores$/,     'there is no such memory, port or limit here, or it is of the machine'],
  [/freeResource|slots-|[sS]lots(Number)?$|taskmanagers$/,                                          'every core is a slot, and the widest run takes them all'],
];

/** What changes when the run ends. */
const AT_THE_END =
  /\.(end-time|FINISHED|finished|last-modification)$|jobs-(running|finished)|directCount|MemorySegmentsTotal|MemoryTotal/;

/** Numbers of one round by where they are, the ids of the run replaced by words. */
function numbersIn(answers: ReadonlyMap<string, unknown>): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const walk = (value: unknown, at: string): void => {
    if (typeof value === 'number') numbers.set(at, value);
    else if (typeof value === 'object' && value !== null)
      for (const [name, each] of Object.entries(value)) walk(each, `${at}.${name}`);
  };
  const words = [':source', ':window', ':sink'];
  for (const [path, answer] of answers)
    walk(
      answer,
      words.reduce((text, word, at) => text.replaceAll(vertices[at]!, word), path.replaceAll(id, ':job')),
    );
  return numbers;
}

/** Where numbers are that were the same in all rounds, without those that cannot change. */
function unchanged(): readonly string[] {
  const values = new Map<string, Set<number>>();
  for (const answers of rounds)
    for (const [at, value] of numbersIn(answers)) values.set(at, (values.get(at) ?? new Set()).add(value));
  return [...values]
    .filter(([at, found]) => found.size === 1 && !CONSTANT.some(([path]) => path.test(at)))
    .map(([at, found]) => `${at} ${[...found][0]}`);
}

routes('every route is in the list of fields, and answers with these and no others, of these types', () => {
  const listed = Object.keys(FIELDS).map((route) =>
    `GET ${route.split('?')[0]!}`
      .replace(':job', ':jobid')
      .replace(':vertex', ':vertexid')
      .replace(':manager', ':taskmanagerid')
      .replace('subtasks/1/', 'subtasks/:subtaskindex/'),
  );
  const elsewhere = /^(PATCH|POST)|^GET \/metrics$|\/events$|\/details\//;
  assert.equal(
    Object.keys(ROUTES).filter((route) => !elsewhere.test(route) && !listed.includes(route)),
    [],
  );
  const faults = rounds.flatMap((answers) =>
    Object.entries(FIELDS).flatMap(([route, shape]) =>
      pathsOf(route).flatMap((path) => differences(answers.get(path), shape, route)),
    ),
  );
  assert.equal([...new Set(faults)], []);
});

routes('every number changes, or is constant for a reason that is given here', async () => {
  await run.stop();
  rounds.push(await askAll());
  assert.equal(unchanged(), []);
});

routes('a vertex and its subtasks tell what run.metrics() tells, but for a moment', async () => {
  const { tasks } = keeper.metrics();
  const readOf = (vertex: string): number =>
    tasks.filter((task) => task.vertex === vertex).reduce((sum, { recordsIn }) => sum + recordsIn, 0);
  let { vertices } = await askJson(url, `/jobs/${keeper.id}`);
  const isPast = (vertex: any): boolean => vertex.metrics['read-records'] < readOf(vertex.id);
  while (vertices.some(isPast)) ({ vertices } = await askJson(url, `/jobs/${keeper.id}`)); // they read on
  for (const vertex of vertices) {
    const path = `/jobs/${keeper.id}/vertices/${vertex.id}/metrics?get=0.numRecordsIn,0.nothing,7.numRecordsIn`;
    const [value, ...others] = await askJson(url, path);
    assert.equal([value.id, others], ['0.numRecordsIn', []]);
    assert.ok(Number(value.value) >= readOf(vertex.id));
  }
});

routes('levels of backpressure are those of the ratios, and that of a vertex is its worst subtask', () => {
  const level = (ratio: number) => (ratio <= 0.1 ? 'ok' : ratio <= 0.5 ? 'low' : 'high');
  const seen = new Set<string>();
  for (const answers of rounds)
    for (const vertex of vertices) {
      const answer: any = answers.get(`/jobs/${id}/vertices/${vertex}/backpressure`);
      if (answer.status === 'deprecated') continue;
      const ratios = answer.subtasks.map((each: { ratio: number }) => each.ratio);
      assert.equal(
        [answer.backpressureLevel, answer['backpressure-level']],
        Array(2).fill(level(Math.max(...ratios))),
      );
      for (const each of answer.subtasks) assert.is(each.backpressureLevel, level(each.ratio));
      seen.add(answer.backpressureLevel);
    }
  assert.ok(seen.has('ok') && seen.has('high'), [...seen].join());
});

routes('figures over subtasks are those that Flink makes of their values', async () => {
  const path = `/jobs/${id}/vertices/${vertices[0]}/subtasks/metrics`;
  await run.finished; // so that values stand still
  const ids = 'numRecordsIn,accumulateBusyTimeMs';
  const own = await askJson(
    url,
    `/jobs/${id}/vertices/${vertices[0]}/metrics?get=0.numRecordsIn,1.numRecordsIn`,
  );
  const values = own.map((each: { value: string }) => Number(each.value));
  const [a, b] = values;
  const [all] = await askJson(url, `${path}?get=${ids}`);
  const avg = (a + b) / 2;
  assert.equal(all, {
    ...{ id: 'numRecordsIn', min: Math.min(a, b), max: Math.max(a, b), avg, sum: a + b },
    skew: (100 * Math.abs(a - avg)) / avg,
  });
  const [some] = await askJson(url, `${path}?get=numRecordsIn&agg=max,sum&subtasks=1`);
  assert.equal(some, { id: 'numRecordsIn', max: b, sum: b });
  assert.equal(
    await askJson(url, `${path}?get=numRecordsIn,nothing`),
    [],
    'one that nobody has empties the answer',
  );
  const [none] = await askJson(url, `${path}?get=numRecordsIn&subtasks=0-1`);
  assert.equal(none, all);
});

routes(
  'a window of ten seconds is looked at where it is asked for, under the version of Flink too',
  async () => {
    const answer = await askJson(url, `/v1/jobs/${keeper.id}/backpressure?window=10s`);
    assert.is(answer.status, 'ok');
  },
);

// biome-ignore format: a table
const REFUSED: readonly (readonly [path: string, status: number])[] = [
  ['/jobs/:job/vertices/:none', 404], ['/jobs/:none', 404], ['/jobs/12', 400], ['/jobs/:job/vertices/x', 400],
  ['/jobs/:job/vertices/:vertex/subtasks/9/metrics', 404], ['/jobs/:job/vertices/:vertex/subtasks/-1/metrics', 400],
  ['/jobs/:job/vertices/:vertex/subtasks/metrics?get=a&agg=most', 400], ['/jobs/:job/vertices/:vertex/subtasks/metrics?get=a&subtasks=x', 400],
  ['/jobs/:job/vertices/:vertex/backpressure?window=1m', 400], ['/jobs/:job/vertices/:vertex/flamegraph?type=gpu', 400],
  ['/jobs/:job/vertices/:vertex/flamegraph?subtaskindex=2', 400], ['/jobs/:job/exceptions?maxExceptions=0', 400],
  ['/jobs/:job/events?interval=1ms', 400], ['/jobs/:job/checkpoints/details/1', 404], ['/jobs/:job/checkpoints/details/x', 400],
  ['/jobs/:job/checkpoints/details/1/subtasks/:vertex', 404], ['/taskmanagers/other', 404], ['/jars', 404], ['/', 404],
];
for (const [route, status] of REFUSED)
  routes(`GET ${route} is refused with ${status}`, async () => {
    const path = route.replace(':job', id).replace(':vertex', vertices[0]!).replace(':none', 'f'.repeat(32));
    const answer = await ask(url, path);
    assert.is(answer.status, status);
    const { errors } = JSON.parse(answer.text);
    assert.ok(errors.length === 1 && errors[0].length > 5, answer.text);
  });

routes.run();
