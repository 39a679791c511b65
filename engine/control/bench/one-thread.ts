import { setTimeout as sleep } from 'node:timers/promises';
import { SYSTEM_CLOCK } from '../../base/clock.js';
import { SluiceError } from '../../base/errors.js';
import type { OptionLayer } from '../../base/option-catalogue.js';
import type { Batch, Source } from '../../connectors/connector.js';
import { type LoadedJob, loadModule } from '../job-file/job-loader.js';
import { planJob } from '../prepared-job.js';

type Consume = (records: Iterable<unknown>) => unknown;

/** Beyond this not all records are compared: they lie in memory. */
export const COMPARED_RECORDS_MAX = 1_000_000;
/** Calls are repeated until they took so long together, or as long as a window. */
const TURN_MS_MAX = 1_000;

/**
 * A function of the user's over the records of a job's source, in the calling thread.
 *
 * The records of a source that makes them by a function are made while they are asked for, as in the job; others are
 * read before and lie in memory, which spares the function the reading that the job has to do.
 */
export class OneThread {
  readonly records: ComparedRecords;
  readonly #consume: Consume;
  readonly #shown: string;
  #isWarm = false;

  private constructor(shown: string, consume: Consume, records: ComparedRecords) {
    this.#shown = shown;
    this.#consume = consume;
    this.records = records;
  }

  /**
   * @param file  path of a module whose default export takes an iterable of records
   * @throws SluiceError BENCH_AGAINST_INVALID, and what loading modules and finding inputs throw
   */
  static async open(
    file: string,
    job: LoadedJob,
    asked: { readonly params: Readonly<Record<string, unknown>>; readonly layers: readonly OptionLayer[] },
  ): Promise<OneThread> {
    const { shown, module } = await loadModule(file);
    const consume = module['default'];
    if (typeof consume !== 'function') throw invalid(`${shown} has no default export that is a function`);
    const { built } = planJob(job.job, { params: asked.params, inputs: {}, optionLayers: asked.layers });
    const sources = built.plan.operators.filter(({ config }) => config.kind === 'source');
    const [first] = sources;
    if (first === undefined || sources.length > 1)
      throw invalid(`job '${job.job.name}' has ${sources.length} sources, and records of one are compared`);
    const records = await recordsOf(built.functions.get(first.uid)!.source!);
    if (records.count === 0) throw invalid(`the source of job '${job.job.name}' has no records`);
    return new OneThread(shown, consume as Consume, records);
  }

  /**
   * Calls the function as often as fits into some time.
   *
   * @returns records per second
   * @throws SluiceError BENCH_AGAINST_INVALID  it did not read all records
   * @throws SluiceError USER_FUNCTION_FAILED  it threw
   */
  async turn(ms: number): Promise<number> {
    if (!this.#isWarm) await this.#call();
    this.#isWarm = true;
    const beganMs = SYSTEM_CLOCK.monotonicMs();
    const untilMs = beganMs + Math.min(ms, TURN_MS_MAX);
    let nowMs = beganMs;
    let calls = 0;
    while (nowMs < untilMs || calls === 0) {
      await this.#call();
      calls++;
      nowMs = SYSTEM_CLOCK.monotonicMs();
    }
    return (calls * this.records.count * 1_000) / Math.max(1e-3, nowMs - beganMs);
  }

  async #call(): Promise<void> {
    let read = 0;
    const { count, all } = this.records;
    const counted = function* (): Generator<unknown> {
      for (const record of all()) {
        read++;
        yield record;
      }
    };
    try {
      await this.#consume(counted());
    } catch (error) {
      const what = `the function of ${this.#shown}, at record ${read}: ${String(error)}`;
      throw new SluiceError('USER_FUNCTION_FAILED', what, { cause: error });
    }
    if (read < count) throw invalid(`the function of ${this.#shown} read ${read} of ${count} records`);
  }
}

export interface ComparedRecords {
  readonly count: number;
  /** They were read before. */
  readonly areInMemory: boolean;
  readonly all: () => Iterable<unknown>;
}

/** What a source gives first, in one reader. */
export async function recordsOf(source: Source<any>): Promise<ComparedRecords> {
  const { splits, recordsTotal } = await source.discover({ parallelism: 1 });
  if (source.batchKind === 'sequence' && source.make !== undefined) {
    const { make } = source;
    const count = Math.min(recordsTotal ?? Number.POSITIVE_INFINITY, COMPARED_RECORDS_MAX);
    return { count, areInMemory: false, all: () => madeRows(make, count) };
  }
  const fields = source.schema?.fields ?? null;
  const names = fields?.map(({ name }) => name) ?? [];
  const reader = source.createReader({ subtask: 0, parallelism: 1, fields, clock: SYSTEM_CLOCK });
  const rows: unknown[] = [];
  try {
    for (const split of splits) {
      if (rows.length >= COMPARED_RECORDS_MAX) break;
      await reader.open(split);
      for (let batch = await reader.poll(READ_MAX); batch !== null; batch = await reader.poll(READ_MAX)) {
        if (batch.kind === 'wait') await until(batch.untilMs);
        else addRows(rows, batch, names);
        if (rows.length >= COMPARED_RECORDS_MAX) break;
      }
    }
  } finally {
    await reader.close();
  }
  return { count: rows.length, areInMemory: true, all: () => rows };
}

const READ_MAX = 4_096;
/** A reader that says nothing of when it will have more is asked this often. */
const WAIT_MS_MAX = 100;

async function until(ms: number): Promise<void> {
  await sleep(Math.min(Math.max(0, ms - SYSTEM_CLOCK.monotonicMs()), WAIT_MS_MAX));
}

function addRows(rows: unknown[], batch: Exclude<Batch, { kind: 'wait' }>, names: readonly string[]): void {
  if (batch.kind === 'sequence') return;
  for (let i = 0; i < batch.length && rows.length < COMPARED_RECORDS_MAX; i++) {
    if (batch.kind === 'rows') rows.push(batch.rows[i]);
    else rows.push(Object.fromEntries(names.map((name, k) => [name, batch.columns[k]![i]])));
  }
}

function* madeRows(make: (index: number) => unknown, count: number): Generator<unknown> {
  for (let index = 0; index < count; index++) yield make(index);
}

function invalid(what: string): SluiceError {
  return new SluiceError('BENCH_AGAINST_INVALID', what);
}
