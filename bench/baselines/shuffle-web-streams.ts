/**
 * Question: how fast is the job with Web streams, in one thread?
 * Not asked: what they are made for, which is to wait for something outside.
 *
 * Between streams go arrays of records: of 1 to 4,096 those of 1,024 were fastest, forty times faster than single
 * ones.
 */
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import {
  type Bid,
  BidCounts,
  bidConverter,
  bidMaker,
  optionsFromArguments,
  type Row,
  type ShuffleOptions,
  timed,
} from './shuffle-records.js';

const BATCH = 1_024;

async function count({ records, keys, work, batch }: ShuffleOptions): Promise<Row[]> {
  const make = bidMaker(keys);
  const convert = bidConverter(work);
  const counts = new BidCounts();
  let next = 0;
  const source = new ReadableStream<Bid[]>({
    pull: (controller) => {
      const bids: Bid[] = [];
      for (const end = Math.min(records, next + batch); next < end; next++) bids.push(make(next));
      controller.enqueue(bids);
      if (next === records) controller.close();
    },
  });
  const map = new TransformStream<Bid[], Bid[]>({
    transform: (bids, controller) => controller.enqueue(bids.map(convert)),
  });
  const sink = new WritableStream<Bid[]>({
    write: (bids) => {
      for (const bid of bids) counts.add(bid.key, bid.price);
    },
  });
  await source.pipeThrough(map).pipeTo(sink);
  return counts.rows();
}

const options = optionsFromArguments(BATCH);
process.stdout.write(`${JSON.stringify(await timed(options, () => count(options)))}\n`);
