import { SluiceError } from '../base/errors.js';
import type { Committable, Sink, SinkWriter } from './connector.js';

export interface CollectOptions {
  /** Most rows that may be collected by all subtasks together. Default 1,000,000. */
  readonly rowsMax?: number;
}

export interface CollectSink<R = any> extends Sink<R> {
  /** The rows of the last run that finished, those of subtask 0 first; filled on the thread that started the job. */
  readonly rows: readonly R[];
}

const ROWS_MAX = 1_000_000;

/**
 * Rows in memory, for tests and small results. `rows` belongs to the instance that the job module made on the main
 * thread.
 *
 * @throws SluiceError OUTPUT_ROWS_EXCEEDED  there are more than `rowsMax` rows
 */
export function collect<R = any>(options: CollectOptions = {}): CollectSink<R> {
  const rowsMax = options.rowsMax ?? ROWS_MAX;
  if (!(Number.isSafeInteger(rowsMax) && rowsMax > 0))
    throw new SluiceError('ARGUMENT_INVALID', `collect: rowsMax is a whole number from 1, not ${rowsMax}`);
  let rows: readonly R[] = [];
  return {
    urn: 'sluice:collect',
    label: 'collect',
    options: { rowsMax },
    path: null,
    get rows() {
      return rows;
    },
    check: async () => undefined,
    createWriter: () => new CollectWriter(rowsMax),
    createCommitter: () => ({
      commit: async (committables) => {
        const all = (committables as readonly (readonly R[])[]).flat();
        if (all.length > rowsMax) throw exceeded(rowsMax);
        rows = all;
      },
      abort: async () => undefined,
    }),
  };
}

class CollectWriter implements SinkWriter {
  readonly #rowsMax: number;
  #rows: object[] = [];

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  write(row: Readonly<Record<string, unknown>>): void {
    if (this.#rows.length === this.#rowsMax) throw exceeded(this.#rowsMax);
    this.#rows.push(row);
  }

  flush(): void {}

  prepareCommit(): Committable {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  close(): void {
    this.#rows = [];
  }
}

function exceeded(rowsMax: number): SluiceError {
  return new SluiceError('OUTPUT_ROWS_EXCEEDED', `collect got more than its ${rowsMax} rows`, {
    detail: { rowsMax },
  });
}
