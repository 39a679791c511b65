/** Query 11: bids of each bidder by sessions, which go on while the next bid comes within ten seconds. */
import { job, type KeyedContext, KeyedProcessFunction, outputTag, t, valueState } from 'sluice';
import type { Bid } from './event-makers.js';
import { bids, eventTime, queryParams, results, TIME_PARAM } from './event-sources.js';

const GAP_MS = 10_000;

const Session = t.record({
  bidder: t.int64,
  bid_count: t.int64,
  window_start: t.timestamp,
  window_end: t.timestamp,
});
type Session = typeof Session.row;

/** Bids whose session has been given out. */
const late = outputTag<Bid>('late');

/** Sessions overlap if one begins no later than the other ends. */
class Sessions extends KeyedProcessFunction<Bid, Session, number> {
  /** Hardly ever more than one; none overlap. */
  readonly sessions = valueState(t.list(Session));

  override processElement(bid: Bid, ctx: KeyedContext<Session, number>): void {
    const { bidder, date_time } = bid;
    const sessions = this.sessions.value() ?? [];
    const [newest] = sessions;
    if (
      newest !== undefined &&
      sessions.length === 1 &&
      newest.window_start <= date_time &&
      date_time <= newest.window_end
    ) {
      newest.bid_count++;
      newest.window_end = Math.max(newest.window_end, date_time + GAP_MS);
      this.sessions.update(sessions);
      return;
    }
    let merged = { bidder, bid_count: 1, window_start: date_time, window_end: date_time + GAP_MS };
    const apart: Session[] = [];
    for (const session of sessions) {
      if (session.window_start > merged.window_end || merged.window_start > session.window_end) {
        apart.push(session);
        continue;
      }
      merged = {
        bidder,
        bid_count: session.bid_count + merged.bid_count,
        window_start: Math.min(session.window_start, merged.window_start),
        window_end: Math.max(session.window_end, merged.window_end),
      };
    }
    if (merged.window_end - 1 <= ctx.currentWatermark) {
      ctx.output(late, bid);
      return;
    }
    // A session that grew is asked again when the timer of its former end fires.
    if (apart.length === sessions.length) ctx.timers.registerEventTime(merged.window_end - 1);
    this.sessions.update([...apart, merged]);
  }

  override onTimer(timestamp: number, ctx: KeyedContext<Session, number>): void {
    const sessions = this.sessions.value() ?? [];
    for (const session of sessions) {
      if (session.window_end - 1 <= timestamp) ctx.emit(session);
      else ctx.timers.registerEventTime(session.window_end - 1);
    }
    this.sessions.update(sessions.filter(({ window_end }) => window_end - 1 > timestamp));
  }
}

export default job('nexmark-q11', { params: { ...queryParams('q11'), ...TIME_PARAM } }, (flow, params) => {
  flow
    .from(bids(params))
    .eventTime(...eventTime(params))
    .keyBy('bidder')
    .process(Session, Sessions)
    .to(results(params));
});
