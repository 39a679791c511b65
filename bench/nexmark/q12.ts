/** Query 12: bids of each bidder in every ten seconds of processing time. */
import { job, type KeyedContext, KeyedProcessFunction, t, valueState } from 'sluice';
import type { Bid } from './event-makers.js';
import { AT_END, bids, queryParams, results } from './event-sources.js';

const SIZE_MS = 10_000;

const Counted = t.record({
  bidder: t.int64,
  bid_count: t.int64,
  window_start: t.timestamp,
  window_end: t.timestamp,
});
type Counted = typeof Counted.row;

class CountByTime extends KeyedProcessFunction<Bid, Counted, number> {
  readonly windowEnd = valueState(t.timestamp);
  readonly count = valueState(t.int64);

  override processElement(_: Bid, ctx: KeyedContext<Counted, number>): void {
    const windowEnd = (Math.floor(ctx.processingTime / SIZE_MS) + 1) * SIZE_MS;
    if (this.windowEnd.value() !== windowEnd) {
      this.#give(ctx);
      this.windowEnd.update(windowEnd);
      ctx.timers.registerProcessingTime(windowEnd);
      // The clock does not go on once the input has ended; what is open is given out then.
      ctx.timers.registerEventTime(AT_END);
    }
    this.count.update((this.count.value() ?? 0) + 1);
  }

  override onTimer(timestamp: number, ctx: KeyedContext<Counted, number>): void {
    const windowEnd = this.windowEnd.value();
    if (windowEnd !== null && windowEnd <= timestamp) this.#give(ctx);
  }

  #give(ctx: KeyedContext<Counted, number>): void {
    const [windowEnd, count] = [this.windowEnd.value(), this.count.value()];
    if (windowEnd === null || count === null) return;
    const window = { window_start: windowEnd - SIZE_MS, window_end: windowEnd };
    ctx.emit({ bidder: ctx.key, bid_count: count, ...window });
    this.windowEnd.clear();
    this.count.clear();
  }
}

export default job('nexmark-q12', { params: queryParams('q12') }, (flow, params) => {
  flow.from(bids(params)).keyBy('bidder').process(Counted, CountByTime).to(results(params));
});
