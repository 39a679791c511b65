import { type Condition, CREDIT, DOORBELL, INPUT, MAIL, Parker } from '../../engine/memory/parker.js';

/** A parker that never sleeps: lets something happen, then notes for what it was parked and what it saw. */
export class NotingParker extends Parker {
  readonly notes: string[];
  /** What happens after the caller has decided to park and before the look. */
  beforeLook: () => void = () => {};

  constructor(notes: string[] = []) {
    super(new Int32Array(new SharedArrayBuffer(DOORBELL.BYTES)), 0);
    this.notes = notes;
  }

  override park(bits: number, condition: Condition, timeoutMs: number): void {
    this.#note('park', bits, condition, timeoutMs);
  }

  override async parkAsync(bits: number, condition: Condition, timeoutMs: number): Promise<void> {
    this.#note('await', bits, condition, timeoutMs);
  }

  #note(how: string, bits: number, condition: Condition, timeoutMs: number): void {
    this.beforeLook();
    const what = Object.entries({ INPUT, CREDIT, MAIL }).filter(([, bit]) => (bits & bit) !== 0);
    const names = what.map(([name]) => name).join('+');
    this.notes.push(`${how} ${names} ${timeoutMs} ms: ${condition.isReady() ? 'ready' : 'asleep'}`);
  }
}
