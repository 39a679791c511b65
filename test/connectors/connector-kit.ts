import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import * as assert from 'uvu/assert';
import { SYSTEM_CLOCK } from '../../engine/base/clock.js';
import type { ErrorCode } from '../../engine/base/error-catalogue.js';
import { isSluiceError, type SluiceError } from '../../engine/base/errors.js';
import type { Sink, Source } from '../../engine/connectors/connector.js';
import type { FieldSpec } from '../../engine/records/schema.js';

export type Row = Record<string, unknown>;

/** Runs a test body in a folder of its own, which is removed afterwards. */
export function inFolder(body: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-connectors-'));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** Answers of DuckDB, which knows nothing of our code. Values as JSON has them: large integers are strings. */
export async function duckdb(...statements: readonly string[]): Promise<readonly Row[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const statement of statements.slice(0, -1)) await connection.run(statement);
    return (await connection.runAndReadAll(statements.at(-1)!)).getRowObjectsJson() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** All rows of a source, in the order of its splits. */
export async function readRows(source: Source<any>, fields?: readonly FieldSpec[]): Promise<Row[]> {
  const { splits } = await source.discover({ parallelism: 1 });
  const asked = fields ?? source.schema!.fields;
  const reader = source.createReader({ subtask: 0, parallelism: 1, fields: asked, clock: SYSTEM_CLOCK });
  const rows: Row[] = [];
  try {
    for (const split of splits) {
      await reader.open(split);
      for (let batch = await reader.poll(100); batch !== null; batch = await reader.poll(100)) {
        assert.is(batch.kind, 'columns');
        if (batch.kind !== 'columns') continue;
        for (let i = 0; i < batch.length; i++)
          rows.push(Object.fromEntries(asked.map(({ name }, k) => [name, batch.columns[k]![i]])));
      }
    }
  } finally {
    await reader.close();
  }
  return rows;
}

/** Writes rows with one writer and commits them. */
export async function writeRows(sink: Sink<any>, rows: readonly Row[], fields: readonly FieldSpec[] | null) {
  await sink.check(fields);
  const run = { runId: `run-${Date.now()}`, parallelism: 1, fields };
  const committer = sink.createCommitter(run);
  const writer = sink.createWriter({ ...run, subtask: 0, clock: SYSTEM_CLOCK });
  try {
    for (const row of rows) writer.write(row);
    await committer.commit([await writer.prepareCommit()]);
  } catch (error) {
    await committer.abort();
    throw error;
  } finally {
    await writer.close();
  }
}

/** @returns the error, so that its message can be looked at */
export async function throwsCode(code: ErrorCode, body: () => unknown): Promise<SluiceError> {
  try {
    await body();
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    assert.is(error.code, code, error.message);
    return error;
  }
  throw new Error(`nothing was thrown, but ${code} should be`);
}

/** Files and folders in it, hidden ones too. */
export const namesIn = (folder: string): string[] => readdirSync(folder).sort();

export const textOf = (path: string): string => readFileSync(path, 'utf8');

/** Descriptors of this process; equal before and after if nothing was left open. */
export const openFileCount = (): number => readdirSync('/proc/self/fd').length;
