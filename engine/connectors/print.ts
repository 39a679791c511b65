import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.js';
import type { Committable, Sink, SinkWriter, WriterContext } from './connector.js';
import { jsonFormatter, jsonValue, type RowFormatter } from './row-text.js';
import { codeOf, writeFailed } from './staging.js';

/**
 * One line of JSON per row on standard output, as `ndjson` writes it. Rows appear while the job runs; those of a job
 * that fails later were printed nevertheless.
 *
 * @throws SluiceError OUTPUT_WRITE_FAILED  nobody reads any more (EPIPE), or the disk behind it is full
 */
export function print<R = any>(): Sink<R> {
  return {
    urn: 'sluice:print',
    label: 'print',
    options: {},
    path: null,
    writesToStdout: true,
    check: async () => undefined,
    createWriter: (context) => new PrintWriter(context),
    createCommitter: () => ({ commit: async () => undefined, abort: async () => undefined }),
  };
}

const STDOUT = 1;
/** Characters gathered before they are written; the task flushes whenever its input pauses. */
const FLUSH_CHARS = 65_536;
/** A pipe that is full is tried again after this. */
const RETRY_MS = 2;

/**
 * A pipe may be non-blocking, for this whole process, and then refuses what its reader has not made room for. What
 * was refused is kept, and no row is wanted until it is out.
 */
class PrintWriter implements SinkWriter {
  readonly #clock: Clock;
  readonly #toText: RowFormatter;
  #text = '';
  #refused: Buffer | null = null;
  #notBeforeMs = 0;

  constructor({ fields, clock }: WriterContext) {
    this.#clock = clock;
    this.#toText = fields === null ? (row) => `${jsonValue(row)}\n` : jsonFormatter(fields);
  }

  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  write(row: Readonly<Record<string, unknown>>): void {
    this.#text += this.#toText(row);
    if (this.#text.length >= FLUSH_CHARS) this.flush();
  }

  flush(): void {
    if (this.#refused === null) {
      if (this.#text === '') return;
      this.#refused = Buffer.from(this.#text, 'utf8');
      this.#text = '';
    }
    this.#refused = this.#put(this.#refused);
    this.#notBeforeMs = this.#refused === null ? 0 : this.#clock.monotonicMs() + RETRY_MS;
  }

  async prepareCommit(): Promise<Committable> {
    while (this.#refused !== null || this.#text !== '') {
      this.flush();
      if (this.#refused !== null) await sleep(RETRY_MS);
    }
    return null;
  }

  close(): void {
    this.#refused = null;
    this.#text = '';
  }

  /** @returns what the pipe had no room for */
  #put(bytes: Buffer): Buffer | null {
    let done = 0;
    while (done < bytes.length) {
      try {
        done += writeSync(STDOUT, bytes, done);
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') throw writeFailed('standard output', error);
        return bytes.subarray(done);
      }
    }
    return null;
  }
}
