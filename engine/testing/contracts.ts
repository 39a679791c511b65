import { SYSTEM_CLOCK } from '../base/clock.js';
import type { Json } from '../base/json.js';
import type { Batch, Committable, Sink, Source, SourceReader, Split } from '../connectors/connector.js';
import type { FieldSpec } from '../records/schema.js';

/**
 * What every source and every sink must do, as functions that throw when one does not. They drive a connector the way
 * the engine does, without an engine, and can be called from any test runner.
 */

type Row = Readonly<Record<string, unknown>>;

export interface SourceContractOptions {
  /** Rows come in the expected order when splits are read one after the other. Default false: in any order. */
  readonly ordered?: boolean;
}

/**
 * Reads a bounded source at several parallelisms, in one and in several readers, and with fewer fields.
 *
 * @param expected  all rows
 * @throws Error  "violated: …" with the first difference
 */
export async function checkSourceContract<R>(
  source: Source<R>,
  expected: readonly R[],
  options: SourceContractOptions = {},
): Promise<void> {
  claim(source.bounded, 'the contract of a source is checked on a bounded one');
  claim(sameJson(source.options, jsonCopy(source.options)), 'the options of a source are JSON');
  const fields = source.schema?.fields ?? null;
  for (const parallelism of [1, 2, 3, 7]) {
    const { splits, recordsTotal } = await source.discover({ parallelism });
    checkSplits(splits);
    if (recordsTotal !== undefined)
      claim(recordsTotal === expected.length, `recordsTotal is ${expected.length}, not ${recordsTotal}`);
    for (const readers of new Set([1, parallelism])) {
      const rows = await readAll(source, splits, fields, parallelism, readers);
      compare(rows, expected as readonly Row[], options.ordered === true && readers === 1);
    }
  }
  if (source.batchKind !== 'columns') return;
  for (const some of [fields!.slice(1), fields!.slice(0, 1), []]) {
    const { splits } = await source.discover({ parallelism: 1 });
    const rows = await readAll(source, splits, some, 1, 1);
    compare(
      rows,
      (expected as readonly Row[]).map((row) => pick(row, some)),
      false,
    );
  }
}

function checkSplits(splits: readonly Split[]): void {
  const ids = new Set(splits.map(({ id }) => id));
  claim(ids.size === splits.length, 'splits have unique ids');
  for (const { id, state } of splits)
    claim(sameJson(state, jsonCopy(state)), `the state of split ${id} is JSON`);
}

/** Splits as other threads get them, dealt out in turn. */
async function readAll(
  source: Source<any>,
  splits: readonly Split[],
  fields: readonly FieldSpec[] | null,
  parallelism: number,
  readerCount: number,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let subtask = 0; subtask < readerCount; subtask++) {
    const reader = source.createReader({ subtask, parallelism, fields, clock: SYSTEM_CLOCK });
    try {
      for (const split of splits.filter((_, k) => k % readerCount === subtask)) {
        await reader.open(structuredClone(split));
        await readSplit(source, reader, fields, rows);
      }
    } finally {
      await reader.close();
    }
  }
  return rows;
}

const ROWS_MAX = 5;

async function readSplit(
  source: Source<any>,
  reader: SourceReader,
  fields: readonly FieldSpec[] | null,
  into: Row[],
): Promise<void> {
  for (;;) {
    const batch = await reader.poll(ROWS_MAX);
    if (batch === null) return;
    if (batch.kind === 'wait') {
      await new Promise((done) => setTimeout(done, batch.untilMs - SYSTEM_CLOCK.monotonicMs()));
      continue;
    }
    claim(batch.kind === source.batchKind, `batches are of kind ${source.batchKind}, not ${batch.kind}`);
    claim(batch.length > 0, 'a batch has rows');
    for (let i = 0; i < batch.length; i++) into.push(rowOf(source, batch, fields, i));
  }
}

function rowOf(
  source: Source<any>,
  batch: Exclude<Batch, { kind: 'wait' }>,
  fields: readonly FieldSpec[] | null,
  index: number,
): Row {
  if (batch.kind === 'sequence') {
    claim(batch.length <= ROWS_MAX, 'a sequence is no longer than asked for');
    return source.make!(batch.begin + index * batch.stride);
  }
  if (batch.kind === 'rows') {
    claim(batch.rows.length >= batch.length, 'a batch has as many rows as it says');
    return batch.rows[index] as Row;
  }
  claim(batch.columns.length === fields!.length, 'a batch has a column for each field asked for');
  return Object.fromEntries(fields!.map(({ name }, k) => [name, batch.columns[k]![index]]));
}

export interface SinkContractOptions<R> {
  readonly rows: readonly R[];
  readonly fields: readonly FieldSpec[] | null;
  /** What the outside can see: rows in any order, or null when there is nothing. */
  readonly read: () => readonly Row[] | null | Promise<readonly Row[] | null>;
}

/**
 * Writes rows from several writers, fails some runs, and looks at the outside after every step.
 *
 * @throws Error  "violated: …"
 */
export async function checkSinkContract<R>(sink: Sink<R>, options: SinkContractOptions<R>): Promise<void> {
  claim(sameJson(sink.options, jsonCopy(sink.options)), 'the options of a sink are JSON');
  const before = await options.read();
  await sink.check(options.fields);
  const unchanged = async (after: string): Promise<void> =>
    claim(sameRows(await options.read(), before), `what is visible stays as it was after ${after}`);
  await unchanged('the check');

  const failed = new Run(sink, options, 'contract-failed', 2);
  failed.write();
  await failed.close();
  await failed.committer.abort();
  await unchanged('a run that failed while writing');

  const aborted = new Run(sink, options, 'contract-aborted', 3);
  aborted.write();
  await aborted.prepare();
  await unchanged('prepareCommit');
  await aborted.close();
  await aborted.committer.abort();
  await aborted.committer.abort();
  await unchanged('a run that was aborted before its commit');

  for (const writers of [1, 3]) {
    const run = new Run(sink, options, `contract-${writers}`, writers);
    run.write();
    const committables = await run.prepare();
    await run.close();
    await run.committer.commit(committables);
    compare((await options.read()) ?? [], options.rows as readonly Row[], false);
  }
}

class Run<R> {
  readonly committer;
  readonly #rows: readonly R[];
  readonly #writers;

  constructor(sink: Sink<R>, { rows, fields }: SinkContractOptions<R>, name: string, parallelism: number) {
    const runId = `${name}-${Math.floor(SYSTEM_CLOCK.wallMs())}`;
    this.#rows = rows;
    this.committer = sink.createCommitter({ runId, parallelism, fields });
    this.#writers = Array.from({ length: parallelism }, (_, subtask) =>
      sink.createWriter({ subtask, parallelism, runId, fields, clock: SYSTEM_CLOCK }),
    );
  }

  write(): void {
    const writers = this.#writers;
    this.#rows.forEach((row, i) => {
      const writer = writers[i % writers.length]!;
      writer.write({ ...(row as Row) });
      if (i % 3 === 0) writer.flush();
    });
  }

  async prepare(): Promise<readonly Committable[]> {
    const committables: Committable[] = [];
    for (const writer of this.#writers) committables.push(structuredClone(await writer.prepareCommit()));
    return committables;
  }

  async close(): Promise<void> {
    for (const writer of this.#writers) {
      await writer.close();
      await writer.close();
    }
  }
}

function claim(condition: boolean, fact: string): void {
  if (!condition) throw new Error(`violated: ${fact}`);
}

const jsonCopy = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;

const sameJson = (a: Json, b: Json): boolean => rowText(a) === rowText(b);

function pick(row: Row, fields: readonly FieldSpec[]): Row {
  return Object.fromEntries(fields.map(({ name }) => [name, row[name]]));
}

/** Members in one order, and bigints apart from numbers, so that equal texts are equal values. */
function rowText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function sameRows(a: readonly Row[] | null, b: readonly Row[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.map(rowText).sort().join('\n') === b.map(rowText).sort().join('\n');
}

function compare(actual: readonly Row[], expected: readonly Row[], ordered: boolean): void {
  claim(actual.length === expected.length, `there are ${expected.length} rows, not ${actual.length}`);
  const texts = (rows: readonly Row[]): string[] => (ordered ? rows.map(rowText) : rows.map(rowText).sort());
  const [left, right] = [texts(actual), texts(expected)];
  const at = left.findIndex((text, i) => text !== right[i]);
  claim(at < 0, `row ${at} is ${right[at]}, not ${left[at]}`);
}
