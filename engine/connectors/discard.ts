import type { Clock } from '../base/clock.js';
import { SluiceError } from '../base/errors.js';
import type { Committable, Sink, SinkWriter, WriterContext } from './connector.js';

export interface DiscardOptions {
  /** Rows per second that all subtasks together take; without it as many as come. */
  readonly ratePerSecond?: number;
}

export interface DiscardSink<R> extends Sink<R> {
  /** Rows of the last run that finished; set on the thread that started the job. */
  readonly rowCount: number;
}

/** Counts rows and forgets them; with a rate, a slow consumer for trying out what backpressure does. */
export function discard<R = any>(options: DiscardOptions = {}): DiscardSink<R> {
  const { ratePerSecond } = options;
  if (ratePerSecond !== undefined && !(ratePerSecond > 0 && Number.isFinite(ratePerSecond)))
    throw new SluiceError('ARGUMENT_INVALID', `discard: ratePerSecond is above 0, not ${ratePerSecond}`);
  let rowCount = 0;
  return {
    urn: 'sluice:discard',
    label: 'discard',
    options: ratePerSecond === undefined ? {} : { ratePerSecond },
    path: null,
    get rowCount() {
      return rowCount;
    },
    check: async () => undefined,
    createWriter: (context) =>
      ratePerSecond === undefined ? new DiscardWriter() : new SlowDiscardWriter(ratePerSecond, context),
    createCommitter: () => ({
      commit: async (committables) => {
        rowCount = (committables as readonly number[]).reduce((sum, count) => sum + count, 0);
      },
      abort: async () => undefined,
    }),
  };
}

class DiscardWriter implements SinkWriter {
  #count = 0;

  write(_row: Readonly<Record<string, unknown>>): void {
    this.#count++;
  }

  flush(): void {}

  prepareCommit(): Committable {
    return this.#count;
  }

  close(): void {}
}

/** How far a writer that had no input may be behind its rate, and so how long it may then run without pause. */
const CATCH_UP_MS = 100;

class SlowDiscardWriter extends DiscardWriter {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(ratePerSecond: number, { clock, parallelism }: WriterContext) {
    super();
    this.#clock = clock;
    this.#intervalMs = (1_000 * parallelism) / ratePerSecond;
  }

  get notBeforeMs(): number {
    return this.#nextMs;
  }

  override write(row: Readonly<Record<string, unknown>>): void {
    super.write(row);
    const nowMs = this.#clock.monotonicMs();
    // The first row starts the schedule: nothing was missed before it.
    const earliest = this.#nextMs === Number.NEGATIVE_INFINITY ? nowMs : nowMs - CATCH_UP_MS;
    this.#nextMs = Math.max(this.#nextMs, earliest) + this.#intervalMs;
  }
}
