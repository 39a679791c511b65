import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import { jobPath } from '../kit/run-kit.js';

const wakes = suite('wakes');
const COUNTED = jobPath('counted');
const TICKS = 60_000;

/**
 * Buffers of a few records and one credit: nearly every record puts a task to sleep. A wake that somebody owes and does
 * not give is made up for by nothing, because tasks do not look around by themselves here.
 */
process.env['SLUICE_NEVER_LOOK_AROUND'] = '1';

const TIGHT = [
  // A sender stops at its first unread buffer.
  { parallelism: 2, exclusive: 1, most: 1 },
  // A sender runs out of segments long before any receiver has read enough to wake it at once.
  { parallelism: 4, exclusive: 1, most: 100 },
];

for (const { parallelism, exclusive, most } of TIGHT) {
  const where = `${parallelism} x ${parallelism}, at most ${most} buffers`;
  wakes(`wait/owed, wait/coalesce, wait/hysteresis: tasks keep each other awake, ${where}`, async () => {
    const run = await start(COUNTED, {
      parallelism,
      params: { ticks: TICKS },
      options: {
        'taskmanager.memory.segment-size': '256 bytes',
        'taskmanager.network.memory.buffers-per-channel': exclusive,
        'taskmanager.network.memory.max-buffers-per-channel': most,
        'sluice.task.heap-size': '128 mb',
      },
    });
    const summary = await run.finished;
    assert.is(summary.recordsIn, TICKS);
    assert.is(summary.recordsOut, 1, 'every tick was seen once');
  });
}

wakes.run();
