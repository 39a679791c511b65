import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import type { Metrics } from '../../engine/control/metrics/metrics.js';
import type fanned from '../jobs/fanned.js';
import { jobPath } from '../kit/run-kit.js';

const pressure = suite('slow sink');
const ENDLESS = jobPath('endless');
const RUN_MS = 20_000;
/** Filling the buffers and compiling the chains is over by then. */
const SETTLED_MS = 6_000;
const PUSH_MS = 15_000;
const SEGMENT_BYTES = 32 * 1024;
const MB = 2 ** 20;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const bytesInFlight = ({ tasks }: Metrics): number =>
  tasks.reduce((sum, { bytesIn, bytesOut }) => sum + bytesOut - bytesIn, 0);

/** What collections leave: the lowest of a share of the samples. */
function floorOf(samples: readonly number[], from: number, to: number): number {
  return Math.min(...samples.slice(from * samples.length, to * samples.length));
}

pressure('an endless source before a sink of 1,000 records a second keeps memory level', async () => {
  const run = await start(ENDLESS, { parallelism: 2, params: { sinkRate: 1000 } });
  const rssMb: number[] = [];
  const flights: number[] = [];
  const beganMs = performance.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ms = performance.now() - beganMs;
    if (ms > RUN_MS) break;
    if (ms < SETTLED_MS) continue;
    gc();
    rssMb.push(process.memoryUsage().rss / MB);
    flights.push(bytesInFlight(run.metrics()));
  }
  const { tasks } = run.metrics();
  await run.cancel();
  const written = tasks.filter(({ bytesIn }) => bytesIn > 0).reduce((sum, each) => sum + each.recordsOut, 0);
  const perSecond = written / (RUN_MS / 1_000);
  assert.ok(perSecond > 600 && perSecond < 1400, `the sinks set the pace: ${perSecond} records a second`);
  const growth = floorOf(rssMb, 2 / 3, 1) - floorOf(rssMb, 0, 1 / 3);
  assert.ok(growth < 4, `resident memory grows by ${growth.toFixed(2)} MB`);
  const spread = Math.max(...flights) - Math.min(...flights);
  assert.ok(
    spread <= 8 * SEGMENT_BYTES,
    `bytes in flight: ${Math.min(...flights)} to ${Math.max(...flights)}`,
  );
  console.log(`${growth.toFixed(2)} MB, in flight ${Math.min(...flights)}..${Math.max(...flights)} bytes`);
});

pressure(
  'push/bounded: an application that writes faster than its rows are read is held, memory level',
  async () => {
    const bounds = { capacity: 1_000, high: 1_000, low: 500 };
    const run = await start<typeof fanned>(jobPath('fanned'), { parallelism: 1, inputs: { rows: bounds } });
    const { rows } = run.inputs;
    let [isOver, read, heldMost] = [false, 0, 0];
    const pushing = (async () => {
      for (let n = 0; !isOver; n++) {
        await rows.push({ n, pad: 'x'.repeat(100) });
        heldMost = Math.max(heldMost, rows.held);
      }
      rows.end();
    })();
    const heapMb: number[] = [];
    const beganMs = performance.now();
    let sampledMs = 0;
    for await (const { n } of run.outputs.got) {
      assert.is(n, read++, 'each row once, in order');
      const ms = performance.now() - beganMs;
      isOver ||= ms > PUSH_MS;
      if (isOver) continue; // what is on its way
      if (ms > SETTLED_MS && ms - sampledMs > 250) {
        sampledMs = ms;
        gc();
        // Of this thread alone: resident memory also moves with the heaps of the others.
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        heapMb.push((heapUsed + arrayBuffers) / MB);
      }
      if (read % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await pushing;
    await run.finished;
    assert.ok(rows.pauses > 0 && heldMost <= bounds.high, `${rows.pauses} pauses, ${heldMost} rows held`);
    const growth = floorOf(heapMb, 2 / 3, 1) - floorOf(heapMb, 0, 1 / 3);
    assert.ok(growth < 1, `its memory grows by ${growth.toFixed(2)} MB`);
    console.log(`${growth.toFixed(2)} MB, ${read} rows read, ${rows.pauses} pauses`);
  },
);

pressure.run();
