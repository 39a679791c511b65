/**
 * One bell per task: how a task sleeps and how others wake it.
 *
 *   wait/park   A sleeper reads `seq`, raises its interest, looks at its condition once more, and sleeps only while
 *               `seq` is what it was. A ringer makes the condition true first, looks at the interest second, and
 *               moves `seq` before it notifies. So either the sleeper sees the condition or the ringer sees the
 *               interest.
 *   wait/async  A `waitAsync` cannot be taken back, so a parker has at most one outstanding, and uses its promise
 *               again. Notifying goes to all waiters, since a stale one would swallow a single wake.
 *
 * Runs in: Parker in the thread of its task; Doorbell in any thread.
 */
import { assert } from '../base/assert.js';
import { layout } from './layout.js';

// biome-ignore format: a table
export const DOORBELL = layout('doorbell', 256, {
  //           offset  type   writer  meaning
  seq:       [   0,  'i32', 'any',  'rings ever heard, mod 2^32; changed only by Atomics.add, and only its change matters'],
  interest:  [ 128,  'i32', 'task', 'bits the parked task wants to be woken for; 0 while it runs'],
});

export const INPUT = 1;
export const CREDIT = 2;
export const MAIL = 4;

/** What a parked task waits for. Called with the interest raised, so it must look at shared words anew. */
export interface Condition {
  isReady(): boolean;
}

/** Wakes one task, from any thread. */
export class Doorbell {
  readonly #words: Int32Array;
  readonly #seq: number;
  readonly #interest: number;

  /** @param base  index of the DOORBELL structure in int32 */
  constructor(words: Int32Array, base: number) {
    this.#words = words;
    this.#seq = base + DOORBELL.seq;
    this.#interest = base + DOORBELL.interest;
  }

  /**
   * Wakes the task if it is parked and interested. The caller has published what it rings for.
   *
   * @param bits  what became true: INPUT, CREDIT, MAIL or several
   */
  ring(bits: number): void {
    if ((Atomics.load(this.#words, this.#interest) & bits) === 0) return; // wait/park: published before this look
    Atomics.add(this.#words, this.#seq, 1); // wait/park: a sleeper that has not slept yet will not
    Atomics.notify(this.#words, this.#seq); // wait/park, wait/async: all waiters, one may be stale
  }
}

/** What a task is parked for, as others see it. @param base  index of the DOORBELL structure in int32 */
export function interestOf(words: Int32Array, base: number): number {
  return Atomics.load(words, base + DOORBELL.interest); // wait/park: what a parked task wrote before is visible
}

interface AsyncWait {
  readonly async: boolean;
  readonly value: string | Promise<string>;
}
type WaitAsync = (words: Int32Array, index: number, value: number) => AsyncWait;

/** `setTimeout` takes no more. */
const TIMEOUT_MS_MAX = 0x7fffffff;

/** Parks the one task it belongs to. */
export class Parker {
  readonly #words: Int32Array;
  readonly #seq: number;
  readonly #interest: number;
  #isListening = false;
  #wakeHere: (() => void) | undefined;
  /** Times the task went to sleep. */
  parks = 0;

  /** @param base  index of the DOORBELL structure in int32 */
  constructor(words: Int32Array, base: number) {
    this.#words = words;
    this.#seq = base + DOORBELL.seq;
    this.#interest = base + DOORBELL.interest;
  }

  /**
   * Blocks the thread until a bell rings for one of the bits, the time is over, or the condition already holds.
   * The caller has rung every bell it owes. Returns without a reason: the caller looks again.
   *
   * @param timeoutMs  Infinity waits for ever
   */
  park(bits: number, condition: Condition, timeoutMs: number): void {
    if (CHECKED) assert(bits !== 0, 'a parked task can be woken');
    const seq = Atomics.load(this.#words, this.#seq); // wait/park: rings after this cut the sleep short
    Atomics.store(this.#words, this.#interest, bits); // wait/park: ringers see us from here on
    if (!condition.isReady()) {
      this.parks++;
      Atomics.wait(this.#words, this.#seq, seq, timeoutMs); // wait/park: only while nobody rang
    }
    Atomics.store(this.#words, this.#interest, 0); // wait/park: awake, rings are not needed
  }

  /**
   * The same for a task in a thread that others need too. Settles too when `wakeHere` is called in this thread.
   * A timer keeps the event loop alive meanwhile, which a waiting promise would not.
   */
  async parkAsync(bits: number, condition: Condition, timeoutMs: number): Promise<void> {
    if (CHECKED) assert(this.#wakeHere === undefined, 'one park at a time');
    const seq = Atomics.load(this.#words, this.#seq); // wait/park: rings after this cut the sleep short
    Atomics.store(this.#words, this.#interest, bits); // wait/park: ringers see us from here on
    if (!condition.isReady()) {
      this.parks++;
      if (this.#listen(seq)) await this.#sleep(timeoutMs);
    }
    Atomics.store(this.#words, this.#interest, 0); // wait/park: awake, rings are not needed
  }

  /** Ends a `parkAsync` from a callback in the same thread; does nothing otherwise. */
  wakeHere(): void {
    this.#wakeHere?.();
  }

  /** Makes sure that a ring after `seq` was read ends the sleep; false if there was one already. */
  #listen(seq: number): boolean {
    if (this.#isListening) return true; // wait/async: the next notify settles the one that is outstanding
    const waitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;
    const wait = waitAsync(this.#words, this.#seq, seq); // wait/async: none is outstanding
    if (!wait.async) return false;
    this.#isListening = true;
    (wait.value as Promise<string>).then(() => {
      this.#isListening = false;
      this.#wakeHere?.();
    });
    return true;
  }

  #sleep(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakeHere = undefined;
        resolve();
      };
      const timer = setTimeout(wake, Math.min(timeoutMs, TIMEOUT_MS_MAX));
      this.#wakeHere = wake;
    });
  }
}
