import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { t } from 'sluice';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auctionMaker, bidMaker } from '../../bench/nexmark/event-makers.js';
import { EventOrder } from '../../bench/nexmark/event-order.js';
import { auctions, bids, type EventParams, emitOf, persons } from '../../bench/nexmark/event-sources.js';
import { jsonLines } from '../../bench/nexmark/json-lines.js';
import { Bid } from '../../bench/nexmark/records.js';
import writeEvents from '../../bench/nexmark/write-events.js';
import { checkSourceContract } from '../../engine/testing/contracts.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { throwsCode } from '../connectors/connector-kit.js';

const sources = suite('nexmark sources');
const folder = mkdtempSync(join(tmpdir(), 'sluice-nexmark-'));
sources.after(() => rmSync(folder, { recursive: true, force: true }));

const PARAMS: EventParams = {
  input: null,
  events: 1_234,
  seed: 7,
  rate: 1_000,
  startTime: Date.UTC(2015, 6, 15),
  outOfOrderGroup: 70,
};

sources('generated events come whole, whatever the parallelism', async () => {
  const order = new EventOrder(PARAMS, 'bid');
  const make = bidMaker({ ...PARAMS, startMs: PARAMS.startTime });
  const expected = Array.from({ length: order.count }, (_, i) => make(order.eventAt(i)));
  await checkSourceContract(bids(PARAMS), expected, { ordered: false });
});

sources('events that were written are read again', async () => {
  const { input: _, ...params } = PARAMS;
  await runInline(writeEvents, { params: { ...params, output: folder } });
  const order = new EventOrder(PARAMS, 'auction');
  const make = auctionMaker({ ...PARAMS, startMs: PARAMS.startTime });
  const expected = Array.from({ length: order.count }, (_, i) => make(order.eventAt(i)));
  await checkSourceContract(auctions({ ...PARAMS, input: folder }), expected, { ordered: true });
});

sources('lines are read once, in order, wherever the file is split', async () => {
  const Line = t.record({ n: t.int64, at: t.timestamp, text: t.string });
  const path = join(folder, 'lines.jsonl');
  const line = fc.record({ n: fc.nat(), at: fc.nat(), text: fc.string({ unit: 'grapheme', maxLength: 40 }) });
  const property = fc.asyncProperty(
    fc.array(line, { maxLength: 12 }),
    fc.integer({ min: 1, max: 200 }),
    fc.boolean(),
    async (rows, splitBytes, endsInLineFeed) => {
      writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n') + (endsInLineFeed ? '\n' : ''));
      await checkSourceContract(jsonLines(path, Line, splitBytes), rows, { ordered: true });
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

sources('a time is a number, or ISO 8601 with a zone or in UTC', async () => {
  const At = t.record({ at: t.timestamp });
  const path = join(folder, 'times.jsonl');
  const texts = ['1436918400123', '"2015-07-15T00:00:00.123Z"', '"2015-07-15T02:00:00.123+02:00"'];
  const zoneless = ['"2015-07-15T00:00:00.123"', '"2015-07-15 00:00:00.123"'];
  writeFileSync(path, [...texts, ...zoneless].map((at) => `{"at":${at}}\r\n`).join('\n'));
  await checkSourceContract(
    jsonLines(path, At),
    Array.from({ length: 5 }, () => ({ at: 1_436_918_400_123 })),
  );
});

sources('what cannot be read is refused with its place', async () => {
  const missing = persons({ ...PARAMS, input: join(folder, 'nowhere') });
  await throwsCode('INPUT_MISSING', () => missing.discover({ parallelism: 1 }));
  const path = join(folder, 'bad.jsonl');
  const good = JSON.stringify(bidMaker({ ...PARAMS, startMs: 0 })(4));
  for (const bad of ['{"auction":', '7', good.replace('"date_time":4', '"date_time":"noon"')]) {
    writeFileSync(path, `${good}\n${bad}\n`);
    const failed = () => checkSourceContract(jsonLines(path, Bid), []);
    const { message } = await throwsCode('INPUT_INVALID', failed);
    assert.match(message, `the line at byte ${readFileSync(path, 'utf8').indexOf('\n') + 1} `);
  }
});

sources('parameters out of range are refused', async () => {
  for (const wrong of [{ events: -1 }, { rate: 0 }, { outOfOrderGroup: 0 }, { outOfOrderGroup: 2 * 953 }])
    await throwsCode('ARGUMENT_INVALID', () => bids({ ...PARAMS, ...wrong }));
  await throwsCode('ARGUMENT_INVALID', () => emitOf({ emit: 'sometimes' }));
});

sources.run();
