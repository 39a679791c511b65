/** The words by which the explorer and its threads, two or three, pass the turn. Indices of int32. */
export const STEPS_MAX = 1200;
/** Room for what a thread returned. */
export const RESULT_WORDS = 2048;
export const OVER = 3;

/** Status of a thread. */
export const CAN_MOVE = 0;
export const BLOCKED = 1;
export const DONE = 2;

// biome-ignore format: a table
export const CTL = {
  turn:         0,     // thread that may move, or OVER
  step:         2,     // stops of this run so far
  preemptCount: 3,     // length of the list of steps at which the turn is taken
  isAborted:    5,     // 1 once the run cannot go on: every stop throws
  nextPreempt:  6,     // how many of them have been
  status:       8,     // three words
  blockedOn:    12,    // three words: byte offset of the awaited word, while BLOCKED
  preempt:      64,    // where the turn is taken: 4 x step + thread that gets it
  choices:      256,   // a word per step: bits of the other threads that could have moved
  result:       2048,  // bytes, then text; from thread to thread RESULT_WORDS
  BYTES:        8192 * 4,
} as const;
