import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Metrics, TaskMetrics } from '../../../engine/control/metrics/metrics.js';
import { latencyValues } from '../../../engine/control/serve/metric-values.js';
import { taskMetrics } from '../../kit/task-metrics.js';

const values = suite('values of metrics');

values('latencies have the names of Flink, by source, operator and subtask', () => {
  const latency = {
    ...{ markers: 4, minMs: 1, meanMs: 2, stddevMs: 3, p50Ms: 4, p75Ms: 5, p90Ms: 6 },
    ...{ p95Ms: 7, p98Ms: 8, p99Ms: 9, p999Ms: 10, maxMs: 11 },
  };
  const latencies: TaskMetrics['latencies'] = [
    { source: 'a', ...latency },
    { source: 'b', ...latency, maxMs: 99 },
  ];
  const tasks = [taskMetrics({ vertex: 'a' }), taskMetrics({ vertex: 'c', subtask: 1, latencies })];
  const told = latencyValues({ tasks } as unknown as Metrics);
  const scope = (source: string): string =>
    `latency.source_id.${source}.operator_id.c.operator_subtask_index.1.latency_`;
  const endings = 'min max mean median stddev p75 p90 p95 p98 p99 p999'.split(' ');
  assert.equal(
    [...told.keys()],
    ['a', 'b'].flatMap((source) => endings.map((each) => scope(source) + each)),
  );
  assert.equal(
    endings.map((each) => told.get(scope('a') + each)),
    [1, 11, 2, 4, 3, 5, 6, 7, 8, 9, 10],
  );
  assert.is(told.get(`${scope('b')}max`), 99);
});

values.run();
