/**
 * Query 7: the bids with the highest price of each ten seconds.
 *
 * As the query is written, times are compared with both ends of the window included: a bid at the very end, which is in
 * the next window, counts too if it has the highest price of this one.
 */
import {
  job,
  type KeyedContext,
  KeyedProcessFunction,
  listState,
  outputTag,
  type ProcessContext,
  ProcessFunction,
  t,
} from 'sluice';
import type { Bid } from './event-makers.js';
import { bids, eventTime, queryParams, results, TIME_PARAM } from './event-sources.js';

const SIZE_MS = 10_000;

const Candidate = t.record({
  window_end: t.timestamp,
  auction: t.int64,
  price: t.int64,
  bidder: t.int64,
  date_time: t.timestamp,
});
type Candidate = typeof Candidate.row;

const Highest = t.record({
  auction: t.int64,
  price: t.int64,
  bidder: t.int64,
  date_time: t.timestamp,
});
type Highest = typeof Highest.row;

/** Rows whose window has been given out. */
const late = outputTag('late', Candidate);

/** Windows whose highest price is known at once; of an older one all bids go on. */
const WINDOWS_KNOWN = 8;

/** Spares the way to other threads to bids below the highest of their window that this subtask has seen. */
class PassHigh extends ProcessFunction<Bid, Candidate> {
  readonly #highest = new Map<number, number>();

  override processElement({ auction, price, bidder, date_time }: Bid, ctx: ProcessContext<Candidate>): void {
    const begin = Math.floor(date_time / SIZE_MS) * SIZE_MS;
    const window_end = begin + SIZE_MS;
    const highest = this.#highest.get(window_end) ?? -1;
    if (price > highest) this.#raise(window_end, price);
    if (price >= highest) ctx.emit({ window_end, auction, price, bidder, date_time });
    if (date_time === begin) ctx.emit({ window_end: begin, auction, price, bidder, date_time });
  }

  #raise(window_end: number, price: number): void {
    this.#highest.set(window_end, price);
    if (this.#highest.size > WINDOWS_KNOWN) this.#highest.delete(Math.min(...this.#highest.keys()));
  }
}

class GiveHighest extends KeyedProcessFunction<Candidate, Highest, number> {
  readonly highest = listState(Highest);
  /** Bids at the very end. */
  readonly atEnd = listState(Highest);

  override processElement(candidate: Candidate, ctx: KeyedContext<Highest, number>): void {
    const { window_end, ...bid } = candidate;
    if (window_end <= ctx.currentWatermark) {
      ctx.output(late, candidate);
      return;
    }
    ctx.timers.registerEventTime(window_end); // a bid at the very end has come by then
    const [first] = this.highest.get();
    if (bid.date_time === window_end) this.atEnd.add(bid);
    else if (first === undefined || bid.price > first.price) this.highest.update([bid]);
    else if (bid.price === first.price) this.highest.add(bid);
  }

  override onTimer(_: number, ctx: KeyedContext<Highest, number>): void {
    const highest = this.highest.get();
    for (const bid of highest) ctx.emit(bid);
    for (const bid of this.atEnd.get()) if (bid.price === highest[0]?.price) ctx.emit(bid);
    this.highest.clear();
    this.atEnd.clear();
  }
}

export default job('nexmark-q7', { params: { ...queryParams('q7'), ...TIME_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .eventTime(...eventTime(params))
    .process(Candidate, PassHigh)
    .keyBy('window_end')
    .process(Highest, GiveHighest)
    .to(results(params));
});
