import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count } from '../../engine/api/aggregates.js';
import { buildJob } from '../../engine/api/build-job.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { jobGraph } from '../../engine/plan/job-graph.js';
import { type LiveNames, withLiveEnds } from '../../engine/plan/live-ends.js';
import { planFingerprint } from '../../engine/plan/logical-plan.js';
import { t } from '../../engine/records/schema.js';

const ends = suite('live ends of a plan');
const Event = t.record({ user: t.string, n: t.int64, at: t.timestamp });

const { plan } = buildJob(
  job('ends', { inputs: { events: Event, others: Event } }, ({ events, others }) => ({
    big: events.filter((e) => e.n > 9),
    byUser: events.keyBy('user').aggregate({ n: count() }),
    hourly: events.eventTime('at').keyBy('user').window(tumbling('1h')).aggregate({ n: count() }),
    late: events
      .eventTime('at')
      .named('own')
      .parallelism(3)
      .filter((e) => e.n > 0)
      .parallelism(3),
    timed: events.eventTime('at').named('timed').pick('n'),
    rest: others.pick('n'),
  })),
  { parallelism: 3 },
);

/** A vertex per line, then an exchange per line. */
function linesOf(live: LiveNames, chaining = true): string[] {
  const { vertices, exchanges } = jobGraph(withLiveEnds(plan, live), { parallelism: 3, chaining });
  return [
    ...vertices.map(({ name, parallelism, place }) => `${name} x${parallelism} ${place}`),
    ...exchanges.map(({ fromVertex, toVertex, partitioner }) => {
      const name = (index: number): string => vertices[index]!.name;
      return `${name(fromVertex)} | ${partitioner.kind} | ${name(toVertex)}`;
    }),
  ];
}

ends('a live input runs once, with the event time that reads it; rows go on by key, or else in turn', () => {
  assert.equal(linesOf({ inputs: ['events'], outputs: [] }), [
    'events -> (eventTime, timed) x1 main',
    'others -> pick -> rest x3 worker',
    'filter -> big x3 worker',
    'aggregate -> byUser x3 worker',
    'window(tumbling 1h) -> hourly x3 worker',
    'own -> filter -> late x3 worker',
    'pick -> timed x3 worker',
    'events -> (eventTime, timed) | rebalance | filter -> big',
    'events -> (eventTime, timed) | hash | aggregate -> byUser',
    'events -> (eventTime, timed) | hash | window(tumbling 1h) -> hourly',
    'events -> (eventTime, timed) | rebalance | own -> filter -> late',
    'events -> (eventTime, timed) | rebalance | pick -> timed',
  ]);
});

ends('a live output runs once and reads all subtasks; the other ends stay where they were', () => {
  const origin = 'events -> (filter, eventTime, own -> filter -> late, timed -> pick -> timed)';
  assert.equal(linesOf({ inputs: [], outputs: ['big', 'rest'] }), [
    `${origin} x3 worker`,
    'others -> pick x3 worker',
    'aggregate -> byUser x3 worker',
    'window(tumbling 1h) -> hourly x3 worker',
    'big x1 main',
    'rest x1 main',
    `${origin} | hash | aggregate -> byUser`,
    `${origin} | hash | window(tumbling 1h) -> hourly`,
    `${origin} | rebalance | big`,
    'others -> pick | rebalance | rest',
  ]);
});

ends('nothing live leaves the plan as it is, and equal wishes give equal fingerprints', () => {
  assert.is(withLiveEnds(plan, { inputs: [], outputs: [] }), plan);
  const live = { inputs: ['events'], outputs: ['big'] };
  const twice = [withLiveEnds(plan, live), withLiveEnds(plan, { ...live })].map(planFingerprint);
  assert.is(twice[0], twice[1]);
  assert.is.not(twice[0], planFingerprint(plan));
});

ends('an event time that reads several inputs runs where it would without live ends', () => {
  const { plan } = buildJob(
    job('several', { inputs: { events: Event, others: Event } }, ({ events, others }) => ({
      timed: events.union(others).eventTime('at'),
    })),
    { parallelism: 3 },
  );
  const { vertices } = jobGraph(withLiveEnds(plan, { inputs: ['events', 'others'], outputs: [] }), {
    ...{ parallelism: 3, chaining: true },
  });
  assert.equal(
    vertices.map(({ name, parallelism, place }) => `${name} x${parallelism} ${place}`),
    ['events x1 main', 'others x1 main', 'eventTime -> timed x3 worker'],
  );
});

ends.run();
