import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import { jobPath, rowsOf } from '../kit/run-kit.js';

const wakes = suite('wakes');
const COUNTED = jobPath('counted');
const DIAMOND = jobPath('diamond');
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

wakes('input/every-gate, wait/owed: tasks whose ways part and meet again keep each other awake', async () => {
  const ticks = 6_000;
  const run = await start(DIAMOND, {
    parallelism: 2,
    params: { ticks, rarely: 1_000 },
    options: {
      'taskmanager.memory.segment-size': '256 bytes',
      'taskmanager.network.memory.buffers-per-channel': 1,
      'taskmanager.network.memory.max-buffers-per-channel': 1,
      'sluice.task.heap-size': '128 mb',
    },
  });
  const { tasks } = await run.finished;
  const told = async (name: string): Promise<string[]> =>
    (await rowsOf(run.outputs[name]!)).map((row: any) => `${row.from} ${row.rows}`).sort();
  assert.equal(await told('counts'), [`often ${ticks}`, 'rare 6', `source ${ticks}`]);
  assert.equal(await told('twice'), [`often ${2 * ticks}`, 'rare 12']);
  const met = tasks.filter(({ name }) => name.startsWith('coMap'));
  const recordsIn = met.reduce((sum, each) => sum + each.recordsIn, 0);
  assert.is(recordsIn, 2 * ticks + 6, 'rows of all gates are counted');
  const sum = (of: 'buffersIn' | 'buffersOut' | 'bytesIn' | 'bytesOut'): number =>
    run.metrics().tasks.reduce((all, task) => all + task[of], 0);
  assert.equal([sum('buffersIn'), sum('bytesIn')], [sum('buffersOut'), sum('bytesOut')]);
});

wakes.run();
