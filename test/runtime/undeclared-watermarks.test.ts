import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { collection } from '../../engine/connectors/collection.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';

const watermarks = suite('watermarks behind undeclared rows');

const Reading = t.record({ at: t.timestamp, sensor: t.string, value: t.int32 });
const readings = [0, 1, 2, 3, 4].map((i) => ({ at: i * 1000, sensor: i % 2 ? 'odd' : 'even', value: i }));

watermarks('the end of the input does not overtake rows kept back to learn their shape', async () => {
  const totals = job('totals', (flow) => ({
    out: flow
      .from(collection(readings, Reading))
      .map((r) => ({ who: r.sensor, what: r.value }))
      .keyBy('who')
      .aggregate({ n: count(), most: max('what') }, { emit: 'final' }),
  }));
  const { out } = await runInline(totals);
  assert.equal(
    out!.sort((a, b) => a.n - b.n),
    [
      { who: 'odd', n: 2, most: 3 },
      { who: 'even', n: 3, most: 4 },
    ],
  );
});

watermarks('no row is late because its shape was not known yet', async () => {
  const windows = job('windows', (flow) => ({
    out: flow
      .from(collection(readings, Reading))
      .eventTime('at')
      .map((r) => ({ who: r.sensor }))
      .keyBy('who')
      .window(tumbling('1s'))
      .aggregate({ n: count() }),
  }));
  for (const parallelism of [1, 2, 3]) {
    const { out } = await runInline(windows, { parallelism });
    assert.is(
      out!.reduce((sum, { n }) => sum + n, 0),
      readings.length,
    );
  }
});

watermarks('a key function names its column key, in declared and undeclared rows', async () => {
  const keyed = job('keyed', (flow) => {
    const rows = flow.from(collection(readings, Reading));
    const undeclared = rows.map((r) => ({ v: r.value }));
    return {
      declared: rows.keyBy((r) => r.value > 1, t.bool).aggregate({ n: count() }, { emit: 'final' }),
      undeclared: undeclared.keyBy((r) => r.v > 1, t.bool).aggregate({ n: count() }, { emit: 'final' }),
      reduced: rows
        .keyBy((r) => r.value > 1, t.bool)
        .reduce((a, b) => (a.at > b.at ? a : b), { emit: 'final' }),
    };
  });
  const { declared, undeclared, reduced } = await runInline(keyed);
  const counts = [
    { key: false, n: 2 },
    { key: true, n: 3 },
  ];
  assert.equal(
    declared!.sort((a, b) => a.n - b.n),
    counts,
  );
  assert.equal(
    undeclared!.sort((a, b) => a.n - b.n),
    counts,
  );
  assert.equal(
    reduced!.sort((a, b) => a.at - b.at),
    [readings[1], readings[4]],
  );
});

watermarks.run();
