/** Query 5: the auctions with the most bids of ten seconds, every two seconds; all of those with equally many. */
import {
  count,
  job,
  type KeyedContext,
  KeyedProcessFunction,
  listState,
  sliding,
  t,
  windowEnd,
  windowStart,
} from 'sluice';
import { bids, eventTime, queryParams, results, TIME_PARAM } from './event-sources.js';

const Counted = t.record({
  auction: t.int64,
  num: t.int64,
  window_start: t.timestamp,
  window_end: t.timestamp,
});
type Counted = typeof Counted.row;

/** Of the auctions of a window those with the most bids, once all of them are there. */
class Hottest extends KeyedProcessFunction<Counted, Counted, number> {
  readonly hottest = listState(Counted);

  override processElement(counted: Counted, ctx: KeyedContext<Counted, number>): void {
    const [first] = this.hottest.get();
    if (first === undefined) ctx.timers.registerEventTime(counted.window_end - 1);
    if (first === undefined || counted.num > first.num) this.hottest.update([counted]);
    else if (counted.num === first.num) this.hottest.add(counted);
  }

  override onTimer(_: number, ctx: KeyedContext<Counted, number>): void {
    for (const counted of this.hottest.get()) ctx.emit(counted);
    this.hottest.clear();
  }
}

export default job('nexmark-q5', { params: { ...queryParams('q5'), ...TIME_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .eventTime(...eventTime(params))
    .keyBy('auction')
    .window(sliding('10s', '2s'))
    .aggregate({ num: count(), window_start: windowStart(), window_end: windowEnd() })
    .keyBy('window_end')
    .process(Counted, Hottest)
    .to(results(params));
});
