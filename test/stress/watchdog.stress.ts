import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SluiceError } from '../../engine/base/errors.js';
import { start } from '../../engine/control/engine.js';
import { jobPath } from '../kit/run-kit.js';

const dogs = suite('watchdog over slow jobs');
const ENDLESS = jobPath('endless');
/** Two thousand looks, and time for each of the slower findings. */
const RUN_MS = 12_000;
const STUCK_AFTER_MS = 5_000;

dogs('watch/still, watch/twice: a job that hardly moves is accused of nothing', async () => {
  const warnings: SluiceError[] = [];
  const run = await start(ENDLESS, {
    parallelism: 3,
    params: { sinkRate: 30 },
    options: {
      'sluice.watchdog.interval': 5,
      'sluice.watchdog.stuck-after': STUCK_AFTER_MS,
      'taskmanager.memory.segment-size': '256 bytes',
      'taskmanager.network.memory.buffers-per-channel': 0,
      'taskmanager.network.memory.floating-buffers-per-gate': 1,
      'taskmanager.network.memory.max-buffers-per-channel': 1,
    },
    onWarning: (warning) => void warnings.push(warning),
  });
  const beganMs = performance.now();
  while (performance.now() - beganMs < RUN_MS) await new Promise((resolve) => setTimeout(resolve, 500));
  const { tasks } = run.metrics();
  await run.cancel();
  assert.equal(
    warnings.map(({ message }) => message),
    [],
  );
  const sources = tasks.slice(0, 3);
  assert.ok(
    sources.every(({ times }) => times.softBackpressuredMs > times.busyMs),
    'the sources mostly waited',
  );
});

dogs.run();
