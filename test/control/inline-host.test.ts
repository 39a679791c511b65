import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, sum } from '../../engine/api/aggregates.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import type { Sink, Source } from '../../engine/connectors/connector.js';
import { InlineHost } from '../../engine/control/inline-host.js';
import { checkEndpoints, OutputCommit, planJob } from '../../engine/control/prepared-job.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';

const inline = suite('inline host');
const Event = t.record({ at: t.timestamp, key: t.int32 });
const TIGHT = {
  'taskmanager.memory.segment-size': '256 bytes',
  'taskmanager.network.memory.buffers-per-channel': 1,
  'taskmanager.network.memory.max-buffers-per-channel': 1,
};

inline(
  'a window that fires a thousand rows stops whenever its output is full, instead of waiting hard',
  async () => {
    const events = Array.from({ length: 1000 }, (_, key) => ({ at: key, key }));
    const subject = job('panes', { inputs: { events: Event } }, ({ events }) => ({
      out: events
        .eventTime('at', { outOfOrderness: '1h' })
        .keyBy('key')
        .window(tumbling('1h'))
        .aggregate({ n: count() })
        .keyBy('n')
        .aggregate({ keys: count() }, { emit: 'final' }),
    }));
    const planned = planJob(subject, {
      params: {},
      inputs: { events },
      optionLayers: [{ origin: 'test', values: { ...TIGHT, 'parallelism.default': 1 } }],
    });
    const prepared = await checkEndpoints(planned);
    const host = new InlineHost(prepared, 5, 'panes');
    await host.run(new OutputCommit(prepared.sinks, 'panes'));
    assert.equal(prepared.built.outputs.get('out')!.rows, [{ n: 1, keys: 1000 }]);
    assert.is(host.hardWaits, 0);
  },
);

inline('rows kept back to learn a shape are not overtaken by the watermark of their own batch', async () => {
  const events = [0, 5000, 100, 9000].map((at, key) => ({ at, key }));
  const subject = job('kept back', { inputs: { events: Event } }, ({ events }) => ({
    out: events
      .map((e) => ({ at: e.at, even: e.key % 2 === 0 }))
      .eventTime('at', { outOfOrderness: '1m' })
      .keyBy('even')
      .window(tumbling('1s'))
      .aggregate({ n: count(), total: sum('at') }),
  }));
  const { out } = await runInline(subject, { inputs: { events } });
  assert.is(
    out!.reduce((all, row) => all + row.n, 0),
    4,
  );
});

inline('an undeclared key that the first rows lack groups like null', async () => {
  const events = Array.from({ length: 200 }, (_, key) => ({ at: key, key }));
  for (const lacking of [10, 64, 100]) {
    const subject = job('lacking', { inputs: { events: Event } }, ({ events }) => ({
      out: events
        .map((e): any => (e.key < lacking ? { i: e.key } : { i: e.key, k: e.key % 2 === 0 ? null : 1 }))
        .keyBy('k')
        .aggregate({ n: count() }, { emit: 'final' }),
    }));
    const { out } = await runInline(subject, { inputs: { events }, parallelism: 2 });
    const odd = events.filter(({ key }) => key >= lacking && key % 2 === 1).length;
    const byKey = out!.map(({ k, n }) => `${k}: ${n}`).sort();
    assert.equal(byKey, [`1: ${odd}`, `null: ${events.length - odd}`], `${lacking} rows lack it`);
  }
});

inline('a row of a named input that does not fit is refused by the name of the input', async () => {
  const subject = job('picky', { inputs: { events: Event } }, ({ events }) => ({ out: events }));
  const events: any[] = [
    { at: 0, key: 1 },
    { at: 0, key: 'one' },
  ];
  const error = await errorOf(runInline(subject, { inputs: { events } }));
  assert.match(error.message, /^INPUT_VALUE_INVALID: input 'events': row 2 has key of "one"/);
});

const failing = (prepareCommit: (subtask: number) => Promise<unknown>): Sink => ({
  ...{ urn: 'test:failing', label: 'failing', options: null, path: null, check: async () => {} },
  createWriter: ({ subtask }) => ({
    write: () => {},
    flush: () => {},
    prepareCommit: () => prepareCommit(subtask),
    close: () => (subtask === 1 ? Promise.reject(new Error('closing failed too')) : undefined),
  }),
  createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
});

async function errorOf(promise: Promise<unknown>): Promise<any> {
  return promise.then(
    () => ({ code: 'none' }),
    (error: unknown) => error,
  );
}

inline(
  'a sink that fails while another task gets on is not forgotten, and closing does not hide it',
  async () => {
    for (const ticks of [0, 1, 2, 3, 5]) {
      const sink = failing(async (subtask) => {
        for (let i = 0; i < (subtask === 1 ? ticks : 1); i++) await null;
        if (subtask === 1) throw new Error('no space');
      });
      const subject = job('sink fails', { inputs: { events: Event } }, ({ events }) => {
        events.to(sink);
      });
      const error = await errorOf(
        runInline(subject, { inputs: { events: [{ at: 1, key: 1 }] }, parallelism: 2 }),
      );
      assert.is(error.code, 'OUTPUT_WRITE_FAILED');
    }
  },
);

inline('a source whose reader rejects fails the job, whoever else gets on', async () => {
  const source: Source<any> = {
    ...{
      urn: 'test:rejects',
      label: 'rejects',
      options: null,
      schema: Event,
      bounded: true,
      batchKind: 'rows',
    },
    paths: [],
    discover: async () => ({ splits: [0, 1].map((k) => ({ id: String(k), state: k })) }),
    createReader: () => ({
      open: async (split) => {
        if (split.state === 1) throw new Error('the split is gone');
      },
      poll: () => null,
      close: () => {},
    }),
  };
  const subject = job('source rejects', (flow) => {
    flow.from(source).print();
  });
  const error = await errorOf(runInline(subject, { parallelism: 2 }));
  assert.match(String(error.message), /the split is gone/);
});

inline('a source stops at a full output of any partitioner, instead of waiting hard', async () => {
  const Wide = t.record({ key: t.int32, pad: t.string });
  const events = Array.from({ length: 500 }, (_, key) => ({ key, pad: 'x'.repeat(150) }));
  for (const way of ['rebalance', 'rescale', 'broadcast', 'global', 'shuffle', 'custom'] as const) {
    const subject = job('full', { inputs: { events: Wide } }, ({ events }) => {
      const spread =
        way === 'custom' ? events.partitionCustom((key: number) => key % 3, 'key') : events[way]();
      return { out: spread.map(Wide, ({ key, pad }) => ({ key, pad })).parallelism(3) };
    });
    const planned = planJob(subject, {
      params: {},
      inputs: { events },
      optionLayers: [{ origin: 'test', values: { ...TIGHT, 'parallelism.default': 1 } }],
    });
    const prepared = await checkEndpoints(planned);
    const host = new InlineHost(prepared, 5, 'full');
    await host.run(new OutputCommit(prepared.sinks, 'full'));
    assert.is(prepared.built.outputs.get('out')!.rows.length, way === 'broadcast' ? 1500 : 500, way);
    assert.is(host.hardWaits, 0, way);
  }
});

inline.run();
