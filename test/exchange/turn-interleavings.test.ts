import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lockstep, type Outcome } from '../kit/lockstep.js';

const interleavings = suite('interleavings of an adaptive turn');

/** All was sent, and all arrived once. Anything else is a lost wake-up, a loss or a violation. */
const isWhole = ({ results: [sent, got] }: Outcome): boolean => sent === 'sent' && got === '1,2,3,4,5,6';

interleavings(
  'partition/available, partition/turn: a receiver that reads nothing keeps nobody asleep for ever',
  async () => {
    const { outcomes, schedules } = await lockstep('stalled receiver', { preemptionsMax: 2 });
    assert.ok(schedules > 1000);
    for (const outcome of outcomes) assert.ok(isWhole(outcome), JSON.stringify(outcome));
  },
);

interleavings(
  'partition/available: a task that credit for one of two receivers does not wake is noticed',
  async () => {
    const bug = {
      file: 'exchange/result-partition.js',
      find: 'if (!this.available && this.#isRoom(atCap, released, free))',
      replace: 'if (!this.available && atCap === 0 && free > this.#overdraft)',
    };
    const { outcomes } = await lockstep('stalled receiver', { preemptionsMax: 3, bug, until: isWhole });
    assert.not(outcomes.every(isWhole), 'the planted bug shows');
  },
);

interleavings.run();
