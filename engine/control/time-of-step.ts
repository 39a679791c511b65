import { ASYNC, BUSY, IDLE, RATE_LIMITED, SOFT_BACKPRESSURED } from '../memory/task-clock.js';
import { STEP, type Step } from '../runtime/task-input.js';

/**
 * What the time goes into that a task spends after a step, by what the step came to.
 *
 * A task that its own source or sink holds back at a rate is neither idle, since it would have something to do, nor
 * busy, since more cores would not help, nor backpressured, since nothing below it is slow: it has a state of its own.
 */
export const TIME_OF_STEP: Readonly<Record<Step, number>> = {
  [STEP.PROGRESS]: BUSY,
  [STEP.WAIT_INPUT]: IDLE,
  [STEP.WAIT_OUTPUT]: SOFT_BACKPRESSURED,
  [STEP.WAIT_TIME]: RATE_LIMITED,
  [STEP.WAIT_PROMISE]: ASYNC,
  [STEP.WAIT_ANSWER]: ASYNC,
  [STEP.DONE]: BUSY,
};
