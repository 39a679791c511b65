/**
 * Question: how fast is the job with the streams of Effect, in one thread?
 * Not asked: what they are made for, which is effects that wait or fail.
 *
 * Its streams hand on arrays of records: of 64 to 16,384 those of 256 were fastest; 4,096 is what it has by itself.
 */
import { Effect, Stream } from 'effect';
import {
  BidCounts,
  bidConverter,
  bidMaker,
  optionsFromArguments,
  type Row,
  type ShuffleOptions,
  timed,
} from './shuffle-records.js';

const BATCH = 256;

async function count({ records, keys, work, batch }: ShuffleOptions): Promise<Row[]> {
  const counts = new BidCounts();
  const program = Stream.range(0, records - 1, batch).pipe(
    Stream.map(bidMaker(keys)),
    Stream.map(bidConverter(work)),
    Stream.runForEachArray((bids) =>
      Effect.sync(() => {
        for (const bid of bids) counts.add(bid.key, bid.price);
      }),
    ),
  );
  await Effect.runPromise(program);
  return counts.rows();
}

const options = optionsFromArguments(BATCH);
process.stdout.write(`${JSON.stringify(await timed(options, () => count(options)))}\n`);
