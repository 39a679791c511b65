/**
 * Question: how fast is the job with RxJS, in one thread?
 * Not asked: what it is made for, which is events.
 *
 * Records go one by one: its operators call each other, so batches bring nothing.
 */
import { lastValueFrom, map, range, reduce } from 'rxjs';
import {
  BidCounts,
  bidConverter,
  bidMaker,
  optionsFromArguments,
  type Row,
  type ShuffleOptions,
  timed,
} from './shuffle-records.js';

async function count({ records, keys, work }: ShuffleOptions): Promise<Row[]> {
  const counts = await lastValueFrom(
    range(0, records).pipe(
      map(bidMaker(keys)),
      map(bidConverter(work)),
      reduce((all, bid) => {
        all.add(bid.key, bid.price);
        return all;
      }, new BidCounts()),
    ),
  );
  return counts.rows();
}

const options = optionsFromArguments();
process.stdout.write(`${JSON.stringify(await timed(options, () => count(options)))}\n`);
