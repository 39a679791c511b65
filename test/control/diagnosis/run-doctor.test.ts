import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SluiceError } from '../../../engine/base/errors.js';
import type { Diagnosis, Finding } from '../../../engine/control/diagnosis/diagnosis.js';
import { DiagnosisHistory } from '../../../engine/control/diagnosis/diagnosis-history.js';
import { DiagnosisLog } from '../../../engine/control/diagnosis/diagnosis-log.js';
import { fullBuffers } from '../../../engine/control/diagnosis/full-buffers.js';
import { hotCode } from '../../../engine/control/diagnosis/hot-code.js';
import { KeyWatch } from '../../../engine/control/diagnosis/key-watch.js';
import { RunDoctor } from '../../../engine/control/diagnosis/run-doctor.js';
import type { Metrics, TaskMetrics } from '../../../engine/control/metrics/metrics.js';
import type { PastMoment } from '../../../engine/control/metrics/sample-history.js';
import { type Frame, FrameTree } from '../../../engine/control/profile/frame-tree.js';
import type { ProfileOptions, RunProfile } from '../../../engine/control/profile/run-profile.js';
import type { TaskProfile } from '../../../engine/control/profile/task-profile.js';
import type { JobGraph, JobVertex } from '../../../engine/plan/job-graph.js';
import type { LogicalPlan } from '../../../engine/plan/logical-plan.js';
import { taskMetrics } from '../../kit/task-metrics.js';

/** What a run is asked beside its figures, and what is remembered of it. */
const doctors = suite('run doctor');

const finding = (over: Partial<Finding>): Finding => ({
  ...{ cause: 'cpu', severity: 'limit', share: 1, vertex: 'v', name: 'v', subtask: null },
  ...{ reason: '', evidence: [], advice: null, gain: null },
  ...over,
});
const diagnosis = (...findings: readonly Finding[]): Diagnosis => ({
  ...{ job: 'made up', verdict: findings.length === 0 ? 'healthy' : 'limited', summary: '' },
  ...{ findings, windowMs: 1_000, history: [] },
});
const SKEW = diagnosis(finding({ cause: 'key-skew' }));

doctors(
  'keys are asked for only of a skewed vertex, from one look to the next, and anew when they are old',
  async () => {
    const asked: string[] = [];
    const watch = new KeyWatch({
      begin: (vertex) => asked.push(`begin ${vertex}`),
      take: async (vertex) => {
        asked.push(`take ${vertex}`);
        return [{ rows: asked.length, keys: [] }];
      },
    });
    const look = async (of: Diagnosis, nowMs: number): Promise<void> => {
      watch.look(of, nowMs);
      await Promise.resolve();
      await Promise.resolve();
    };
    for (let s = 0; s < 5; s++) await look(diagnosis(finding({})), s * 1_000);
    assert.equal(asked, []);
    for (let s = 5; s < 18; s++) await look(SKEW, s * 1_000);
    assert.equal(asked, ['begin v', 'take v', 'begin v', 'take v']);
    assert.equal(watch.samples.get('v'), [{ rows: 4, keys: [] }]);
    for (let s = 18; s < 50; s++) await look(diagnosis(), s * 1_000);
    assert.is(asked.length, 4);
    assert.is(watch.samples.size, 0, 'what is old is not told');
  },
);

doctors('the history has an episode for each thing that held a run up, and forgets what is old', () => {
  const history = new DiagnosisHistory();
  const unknown = { ...diagnosis(), verdict: 'unknown' as const };
  for (let s = 0; s < 4; s++) history.add(diagnosis(), s * 1_000);
  for (let s = 4; s < 9; s++) history.add(s === 6 ? unknown : SKEW, s * 1_000);
  const healthy = { cause: null, name: null, subtask: null };
  const skewed = { cause: 'key-skew', name: 'v', subtask: null, fromMs: 4_000, toMs: 8_000 };
  assert.equal(history.episodes, [{ ...healthy, fromMs: 0, toMs: 3_000 }, skewed]);
  history.add(diagnosis(), 605_000);
  assert.equal(history.episodes, [skewed, { ...healthy, fromMs: 605_000, toMs: 605_000 }]);
});

doctors('output buffers that are full without a break for ten seconds are told of', () => {
  const vertices = [
    { id: 'a', name: 'a', firstTask: 0, parallelism: 2 },
    { id: 'b', name: 'b', firstTask: 2, parallelism: 1 },
  ] as unknown as readonly JobVertex[];
  const past = (seconds: number, usage: (task: number, second: number) => number): PastMoment[] =>
    Array.from({ length: seconds + 1 }, (_, second) => ({
      atMs: second * 1_000,
      task: (task) => ({ outPoolUsage: usage(task, second) }) as ReturnType<PastMoment['task']>,
    }));
  const full = (of: PastMoment[]): readonly string[] => fullBuffers(vertices, of).map(({ vertex }) => vertex);
  assert.equal(full(past(20, (task) => (task === 1 ? 0.95 : 0.5))), ['a']);
  assert.equal(full(past(9, () => 1)), [], 'not for long enough');
  assert.equal(full(past(20, (_, second) => (second === 15 ? 0.5 : 1))), [], 'not without a break');
  assert.equal(full(past(20, (_, second) => (second < 10 ? 0.1 : 1))), ['a', 'b']);
  assert.equal(full([]), []);
});

/** Stacks below an operator, with the milliseconds in the innermost function. */
function profiled(
  stacks: readonly (readonly [ms: number, ...stack: readonly (readonly [Frame['kind'], string])[]])[],
  parts: readonly (readonly [name: string, ms: number])[] = [],
): TaskProfile {
  const tree = new FrameTree('task', 'task');
  for (const [ms, ...stack] of stacks)
    tree.add(
      stack.map(([kind, name]) => ({ kind, name })),
      ms,
    );
  for (const [name, ms] of parts) tree.add([{ kind: 'part', name }], ms);
  const frames = tree.toFrame();
  const functions = [{ name: 'parse', place: 'job.ts:4', isUsers: true, ms: 1, hotPlace: 'job.ts:7' }];
  const owner = (kind: 'operator' | 'part', name: string, ms: number) => ({
    ...{ kind, uid: null, name, ms, share: ms / frames.ms },
    functions: kind === 'operator' ? functions : [],
  });
  const owners = [owner('operator', 'map', 0), ...parts.map(([name, ms]) => owner('part', name, ms))];
  return { onCpu: { owners, frames, ms: frames.ms } } as unknown as TaskProfile;
}

doctors(
  'the function is named that has most of the time, with what it calls that is nobody’s, by its hottest line',
  () => {
    const map = ['operator', 'map'] as const;
    const parse = ['user', 'parse job.ts:4'] as const;
    const score = ['user', 'score job.ts:20'] as const;
    const task = profiled(
      [
        [10, map, parse],
        [50, map, parse, ['native', 'parse']],
        [25, map, parse, score],
      ],
      [['serialization to total', 15]],
    );
    assert.equal(hotCode([task]), ['60 % of its CPU in parse (job.ts:7)']);
    const other = profiled([[30, map, score]], [['serialization to total', 170]]);
    assert.equal(
      hotCode([task, other]),
      ['20 % of its CPU in parse (job.ts:7)', '62 % of its CPU in serialization to total'],
      'of several subtasks together',
    );
    assert.equal(hotCode([profiled([[5, map, parse]], [['reading', 95]])]), ['95 % of its CPU in reading']);
    assert.equal(hotCode([{ onCpu: null } as TaskProfile]), []);
  },
);

/** A doctor of a run in which the second of two tasks of `slow` is slow, and what it had profiled. */
function doctorOf(profile: 'there' | 'forbidden' | 'fails') {
  const vertex = {
    index: 0,
    id: 'slow',
    name: 'slow',
    firstTask: 0,
    parallelism: 2,
    operators: [],
    links: [],
  };
  const feeder = { ...vertex, index: 1, id: 'feeder', name: 'feeder', firstTask: 2, parallelism: 1 };
  const exchange = { fromVertex: 1, toVertex: 0, partitioner: { kind: 'rebalance' } };
  const asked: ProfileOptions[] = [];
  const task = (subtask: number, busyRatio: number): TaskMetrics =>
    taskMetrics({ vertex: 'slow', name: 'slow', subtask, busyRatio, recordsInPerSecond: 1_000 });
  const waiting = taskMetrics({ vertex: 'feeder', name: 'feeder', backpressuredRatio: 0.9, busyRatio: 0.1 });
  const doctor = new RunDoctor({
    graph: { vertices: [vertex, feeder], exchanges: [exchange] } as unknown as JobGraph,
    plan: { operators: [] } as unknown as LogicalPlan,
    metrics: () =>
      ({ job: 'made up', windowMs: 1_000, tasks: [task(0, 0.1), task(1, 1), waiting] }) as unknown as Metrics,
    past: () => [],
    keys: { begin: () => {}, take: async () => [] },
    profile:
      profile === 'forbidden'
        ? null
        : async (options) => {
            asked.push(options);
            if (profile === 'fails') throw new SluiceError('PROFILE_UNAVAILABLE', 'no inspector');
            return { tasks: [profiled([[50, ['user', 'score job.ts:20']]])] } as unknown as RunProfile;
          },
  });
  return { doctor, asked };
}

doctors(
  'only who asks for it has a limiting task profiled, once at a time, and nobody where that is forbidden',
  async () => {
    const { doctor, asked } = doctorOf('there');
    const plain = doctor.diagnose();
    assert.equal([plain.findings[0]!.cause, plain.findings[0]!.subtask, asked], ['slow-subtask', 1, []]);
    const both = await Promise.all([doctor.examine({ seconds: 0.2 }), doctor.examine({ seconds: 5 })]);
    assert.is(both[0], both[1]);
    assert.equal(asked, [{ seconds: 0.2, task: 1 }]);
    const line = '100 % of its CPU in score job.ts:20';
    assert.equal(both[0].findings[0]!.evidence, [...plain.findings[0]!.evidence, line]);
    await doctor.examine();
    assert.equal(asked[1], { seconds: 1, task: 1 });
    for (const kind of ['forbidden', 'fails'] as const)
      assert.equal((await doctorOf(kind).doctor.examine()).findings, plain.findings);
    for (const seconds of [0, 61, Number.NaN]) {
      try {
        await doctor.examine({ seconds });
        assert.unreachable();
      } catch (error) {
        assert.match(String(error), /examine\(options\): seconds is a number from 0\.05 to 60/);
      }
    }
  },
);

doctors('of a whole run that is told which held it up for the most of its time', () => {
  const log = new DiagnosisLog();
  assert.is(log.limit, null);
  const by = (vertex: string): Diagnosis => diagnosis(finding({ vertex }));
  for (const vertex of ['v1', 'v2', 'v2', 'v1', 'v2']) log.add(by(vertex));
  log.add({ ...diagnosis(), verdict: 'unknown' });
  assert.is(log.limit!.finding.vertex, 'v2');
  assert.is(log.limit!.share, 0.6);
  const calm = new DiagnosisLog();
  for (let i = 0; i < 9; i++) calm.add(diagnosis());
  calm.add(by('v1'));
  assert.is(calm.limit, null, 'a tenth of the time is not the reason');
});

doctors.run();
