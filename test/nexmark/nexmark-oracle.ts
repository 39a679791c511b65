/** Events of Nexmark as DuckDB reads them from files, and its answers to the queries in this folder. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { auctionMaker, bidMaker, type EventStyle, personMaker } from '../../bench/nexmark/event-makers.js';
import { type EventKind, EventOrder, type EventRange } from '../../bench/nexmark/event-order.js';
import { Prng } from '../../engine/base/prng.js';
import { repositoryRoot } from '../kit/sources.js';

export const FOLDER = join(repositoryRoot, 'test/nexmark');

const MAKERS = { person: personMaker, auction: auctionMaker, bid: bidMaker } as const;

// biome-ignore format: a table
const COLUMNS: Readonly<Record<EventKind, string>> = {
  person:  'id BIGINT, name TEXT, email_address TEXT, credit_card TEXT, city TEXT, state TEXT, date_time BIGINT, extra TEXT',
  auction: 'id BIGINT, item_name TEXT, description TEXT, initial_bid BIGINT, reserve BIGINT, date_time BIGINT, expires BIGINT, seller BIGINT, category BIGINT, extra TEXT',
  bid:     'auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time BIGINT, extra TEXT',
};

/** Writes events as the folder that a job takes as its input. */
export function writeEvents(folder: string, events: EventRange & EventStyle): void {
  for (const kind of ['person', 'auction', 'bid'] as const) {
    const order = new EventOrder(events, kind);
    const make = MAKERS[kind](events);
    const lines = Array.from({ length: order.count }, (_, i) => JSON.stringify(make(order.eventAt(i))));
    writeFileSync(join(folder, `${kind}.jsonl`), `${lines.join('\n')}\n`);
  }
}

/**
 * The same of events that have much in common: few ids and prices, times that are whole windows apart. They come in
 * order of time, and no two have the same `extra`.
 */
export function writeAlikeEvents(folder: string, seed: number, count: number): void {
  const random = new Prng(seed);
  const among = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const range = Array.from({ length: count }, (_, i) => i);
  const style: EventStyle = { seed, rate: 1, startMs: ALIKE_START_MS };
  const times = (): readonly number[] =>
    range.map(() => ALIKE_START_MS + 2_500 * random.below(24)).sort((a, b) => a - b);
  const write = (kind: EventKind, events: readonly object[]): void =>
    writeFileSync(join(folder, `${kind}.jsonl`), events.map((event) => JSON.stringify(event)).join('\n'));
  const unique = (i: number): string => `${among('a', 'b', 'c')}${i}`;
  write(
    'person',
    times().map((date_time, i) => ({
      ...personMaker(style)(50 * i),
      id: 1_000 + i,
      date_time,
      extra: unique(i),
    })),
  );
  write(
    'auction',
    times().map((date_time, i) => ({
      ...{ ...auctionMaker(style)(50 * i + 1), id: 1_000 + i, date_time, extra: unique(i) },
      ...{
        expires: date_time + 2_500 * random.below(12),
        seller: 1_000 + random.below(8),
        category: among(10, 11),
      },
    })),
  );
  const bids = times().map((date_time, i) => ({
    ...{ ...bidMaker(style)(50 * i + 4), date_time, extra: unique(i) },
    ...{ auction: 1_000 + random.below(8), bidder: 1_000 + random.below(4) },
    price: among(100, 200, 9_999, 10_000, 999_999, 1_000_000, 2_000_000),
  }));
  write('bid', bids);
}

const ALIKE_START_MS = Date.UTC(2015, 6, 15) - 30_000;

export class NexmarkOracle {
  readonly #connection;

  private constructor(connection: Awaited<ReturnType<DuckDBInstance['connect']>>) {
    this.#connection = connection;
  }

  static async open(): Promise<NexmarkOracle> {
    return new NexmarkOracle(await (await DuckDBInstance.create(':memory:')).connect());
  }

  /** Replaces the tables by the events of a folder. */
  async load(folder: string): Promise<void> {
    for (const kind of ['person', 'auction', 'bid'] as const) {
      const columns = COLUMNS[kind].split(', ').map((column) => column.replace(' ', ": '").concat("'"));
      const times = kind === 'auction' ? ['date_time', 'expires'] : ['date_time'];
      const replaced = times.map((time) => `epoch_ms(${time}) AS ${time}`).join(', ');
      const path = join(folder, `${kind}.jsonl`);
      await this.#connection.run(`
        CREATE OR REPLACE TABLE ${kind} AS SELECT * REPLACE (${replaced})
        FROM read_json('${path}', format = 'newline_delimited', columns = {${columns.join(', ')}})`);
    }
    await this.#connection.run("SET VARIABLE processing_time = TIMESTAMP '1970-01-01 00:00:05'");
    await this.#connection.run(`
      CREATE OR REPLACE TABLE side_input AS SELECT range AS key, range::TEXT AS value FROM range(10000)`);
  }

  /** @returns  rows as `canonicalRow` has them, sorted */
  async answer(query: string): Promise<readonly string[]> {
    const result = await this.#connection.runAndReadAll(readFileSync(join(FOLDER, `${query}.sql`), 'utf8'));
    const names = result.columnNames();
    const types = result.columnTypes().map(String);
    return result
      .getRowsJson()
      .map((row) =>
        canonicalRow(Object.fromEntries(names.map((name, i) => [name, typedValue(types[i]!, row[i])]))),
      )
      .sort();
  }
}

/** JSON writes large numbers as text, and times without a zone. */
function typedValue(type: string, value: unknown): unknown {
  if (type === 'TIMESTAMP') return new Date(`${String(value).replace(' ', 'T')}Z`).toISOString();
  return type === 'VARCHAR' ? value : Number(value);
}

/** Columns in their order; of a fraction the digits that do not depend on the order of additions. */
export function canonicalRow(row: Record<string, unknown>): string {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'number' && !Number.isInteger(value)) row[name] = Number(value.toPrecision(13));
  }
  return JSON.stringify(row);
}
