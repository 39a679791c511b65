import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../../engine/control/engine.js';
import type alarms from '../../jobs/alarms.js';
import { jobPath } from '../../kit/run-kit.js';

const timers = suite('processing-time timers on threads');
/** A task that sleeps wakes for its timer by itself, or not at all. */
process.env['SLUICE_NEVER_LOOK_AROUND'] = '1';

timers(
  'a task that waits for input wakes for its timer; what is pending at the end is dropped, and counted is what nobody reads',
  async () => {
    const run = await start<typeof alarms>(jobPath('alarms'), { parallelism: 2 });
    const { events } = run.inputs;
    const told = run.outputs.told[Symbol.asyncIterator]();
    for (const [user, delay] of [
      ['ann', 0],
      ['bob', 40],
      ['ann', 25],
    ] as const) {
      await events.push({ user, delay });
      assert.equal((await told.next()).value, { user, waited: delay });
    }
    await events.push({ user: 'cy', delay: -1 });
    await events.push({ user: 'cy', delay: 100_000 });
    events.end();
    assert.ok((await told.next()).done);
    const summary = await run.finished;
    assert.is(summary.state, 'FINISHED');
    assert.is(summary.droppedRecords, 1);
  },
);

timers.run();
