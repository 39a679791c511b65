import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildJob } from '../../engine/api/build-job.js';
import { job } from '../../engine/api/job.js';
import { fitExchanges } from '../../engine/control/fit-exchanges.js';
import { effectiveOptions } from '../../engine/control/options/options.js';
import { exchangeBytes } from '../../engine/memory/exchange-sizes.js';
import { jobGraph } from '../../engine/plan/job-graph.js';
import { t } from '../../engine/records/schema.js';

const fits = suite('fitting exchanges into memory');
const KB = 1024;
const Event = t.record({ user: t.int32, text: t.string });

/** Exchanges of a job with one keyed shuffle, 4 x 4, in as much network memory as given. */
function fit(networkBytes: number, values: Record<string, unknown> = {}) {
  const surroundings = { cores: 4, memoryBytes: 2 ** 34, memoryOrigin: 'test' };
  const { options } = effectiveOptions([{ origin: 'test', values }], surroundings);
  const subject = job('shuffle', { inputs: { events: Event } }, ({ events }) => ({
    out: events.keyBy('user').reduce((a) => a),
  }));
  const { plan } = buildJob(subject, { params: {}, parallelism: 4 });
  const graph = jobGraph(plan, { parallelism: 4, chaining: true });
  return fitExchanges(graph, options, { bytes: networkBytes, taskHeapBytes: 0, formula: 'the formula' });
}

/** Segments of 4 senders and 4 receivers in 4 x 4. */
const segments = (exclusive: number, floating: number, overdraft: number): number =>
  16 * exclusive + 4 * floating + 4 * (2 * 4 + 8 + overdraft);

fits('with enough memory the options are taken as they are: Flink has the same defaults', () => {
  const { exchanges, bytes, notices } = fit(2 ** 30);
  const {
    segmentBytes,
    exclusivePerChannel,
    floatingPerGate,
    overdraftPerPartition,
    buffersPerSubpartitionMax,
  } = exchanges[0]!;
  assert.equal(
    [segmentBytes, exclusivePerChannel, floatingPerGate, overdraftPerPartition, buffersPerSubpartitionMax],
    [32 * KB, 2, 8, 20, 10],
  );
  assert.equal([bytes, notices], [exchangeBytes(exchanges[0]!), []]);
  const beside = bytes - segments(2, 8, 20) * 32 * KB - 8 * 1024 * KB;
  assert.ok(beside > 0 && beside < 40 * KB, `lines, rings and ledger take ${beside} bytes`);
});

fits('short of memory the overdraft is lowered first, then the exclusive buffers, and that is said', () => {
  const { bytes } = fit(2 ** 30);
  const less = (count: number) => fit(bytes - count * 32 * KB);
  const buffers = (count: number) => {
    const { exclusivePerChannel, overdraftPerPartition } = less(count).exchanges[0]!;
    return [exclusivePerChannel, overdraftPerPartition];
  };
  assert.equal(buffers(1), [2, 19]);
  assert.equal(buffers(4), [2, 19]);
  assert.equal(buffers(80), [2, 0]);
  assert.equal(buffers(81), [1, 3], 'what an exclusive buffer per channel leaves over is overdraft again');
  assert.equal(buffers(112), [0, 0]);
  assert.equal(less(4).notices, [
    'lowered taskmanager.network.memory.max-overdraft-buffers-per-gate from 20 to 19, to fit: the formula',
  ]);
  assert.match(less(112).notices[0]!, /from 20 to 0 and .*buffers-per-channel from 2 to 0, to fit/);
});

fits('when not even that fits, the sum and the missing bytes are told', () => {
  const { bytes } = fit(2 ** 30);
  try {
    fit(bytes - 113 * 32 * KB);
    assert.unreachable();
  } catch (error: any) {
    assert.is(error.code, 'MEMORY_INSUFFICIENT');
    assert.ok(error.detail.missingBytes > 0 && error.detail.missingBytes <= 32 * KB);
    assert.match(
      error.message,
      /exchange 0 \(4 x 4\) \d+\) even with no overdraft .* the formula: \d+ bytes are missing/,
    );
  }
});

fits('without floating buffers every channel keeps an exclusive one', () => {
  const none = { 'taskmanager.network.memory.floating-buffers-per-gate': 0 };
  const { bytes } = fit(2 ** 30, none);
  const at = (count: number) => fit(bytes - count * 32 * KB, none).exchanges[0]!;
  assert.is(at(96).exclusivePerChannel, 1);
  assert.throws(() => at(97), /MEMORY_INSUFFICIENT/);
});

fits('room for large records is needed only where rows differ in length', () => {
  const scratch = (values: Record<string, unknown>) => fit(2 ** 30, values).exchanges[0]!.elementBytesMax;
  assert.is(scratch({}), 1024 * KB);
  assert.is(scratch({ 'sluice.record.max-size': '4 mb' }), 4096 * KB);
  assert.is(
    scratch({ 'sluice.record.max-size': '1 kb' }),
    32 * KB,
    'a record that fits a segment is never too large',
  );
});

fits.run();
