/** The words by which the explorer and its two threads pass the turn. Indices of int32. */
export const STEPS_MAX = 1200;
export const OVER = 2;

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
  status:       8,     // two words
  blockedOn:    10,    // two words: byte offset of the awaited word, while BLOCKED
  preempt:      64,    // steps at which the turn is taken
  isChoice:     256,   // a word per step: 1 if the other thread could have moved
  result0:      2048,  // bytes, then text
  result1:      4096,
  BYTES:        6144 * 4,
} as const;
