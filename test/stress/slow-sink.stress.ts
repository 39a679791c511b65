import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import type { Metrics } from '../../engine/control/run.js';

const pressure = suite('slow sink');
const ENDLESS = fileURLToPath(new URL('../../../../test/jobs/endless.ts', import.meta.url));
const RUN_MS = 60_000;
/** Filling the buffers and compiling the chains is over by then. */
const SETTLED_MS = 8_000;
const SEGMENT_BYTES = 32 * 1024;
const MB = 2 ** 20;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

const bytesInFlight = ({ tasks }: Metrics): number =>
  tasks.reduce((sum, { bytesIn, bytesOut }) => sum + bytesOut - bytesIn, 0);

/** Least squares. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const meanX = mean(([x]) => x);
  const meanY = mean(([, y]) => y);
  const covariance = mean(([x, y]) => (x - meanX) * (y - meanY));
  return covariance / mean(([x]) => (x - meanX) ** 2);
}

pressure('an endless source before a sink of 1,000 records a second keeps memory level', async () => {
  const run = await start(ENDLESS, { parallelism: 2, params: { sinkRate: 1000 } });
  const rss: [minute: number, mb: number][] = [];
  const flights: number[] = [];
  const beganMs = performance.now();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ms = performance.now() - beganMs;
    if (ms > RUN_MS) break;
    if (ms < SETTLED_MS) continue;
    gc();
    rss.push([ms / 60_000, process.memoryUsage().rss / MB]);
    flights.push(bytesInFlight(run.metrics()));
  }
  const { tasks } = run.metrics();
  await run.cancel();
  const written = tasks.filter(({ bytesIn }) => bytesIn > 0).reduce((sum, each) => sum + each.recordsOut, 0);
  assert.ok(written > 40_000 && written < 80_000, `the sinks set the pace: ${written} records in a minute`);
  const slope = slopeOf(rss);
  assert.ok(slope < 2, `resident memory grows by ${slope.toFixed(2)} MB a minute`);
  const spread = Math.max(...flights) - Math.min(...flights);
  assert.ok(
    spread <= 8 * SEGMENT_BYTES,
    `bytes in flight: ${Math.min(...flights)} to ${Math.max(...flights)}`,
  );
  console.log(
    `slope ${slope.toFixed(2)} MB/min, in flight ${Math.min(...flights)}..${Math.max(...flights)} bytes`,
  );
});

pressure.run();
