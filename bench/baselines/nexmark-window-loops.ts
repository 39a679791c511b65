/** Queries of Nexmark with windows and sessions, as loops of one thread; see nexmark-loops.ts. Events come in order. */
import type { Bid } from '../nexmark/event-makers.js';
import type { RowDigest } from '../nexmark/row-digest.js';
import type { BidLoop } from './nexmark-keyed-loops.js';

const SIZE_MS = 10_000;
const SLIDE_MS = 2_000;
const PANES = SIZE_MS / SLIDE_MS;

/** Counts are kept by panes of one slide; a window adds the pane that comes in and takes away the one that leaves. */
function hottestAuctions(): BidLoop {
  let paneStart = Number.NaN;
  let pane = new Map<number, number>();
  const panes: Map<number, number>[] = [];
  const window = new Map<number, number>();
  const closePane = (digest: RowDigest): void => {
    panes.push(pane);
    for (const [auction, num] of pane) window.set(auction, (window.get(auction) ?? 0) + num);
    if (panes.length > PANES) {
      for (const [auction, num] of panes.shift()!) {
        const left = window.get(auction)! - num;
        if (left === 0) window.delete(auction);
        else window.set(auction, left);
      }
    }
    let most = 0;
    for (const num of window.values()) if (num > most) most = num;
    const window_end = paneStart + SLIDE_MS;
    const window_start = window_end - SIZE_MS;
    for (const [auction, num] of window)
      if (num === most) digest.add({ auction, num, window_start, window_end });
    pane = new Map();
    paneStart += SLIDE_MS;
  };
  return {
    bids: (begin, end, bidOf, digest) => {
      for (let i = begin; i < end; i++) {
        const { auction, date_time } = bidOf(i);
        if (Number.isNaN(paneStart)) paneStart = Math.floor(date_time / SLIDE_MS) * SLIDE_MS;
        while (date_time >= paneStart + SLIDE_MS) closePane(digest);
        pane.set(auction, (pane.get(auction) ?? 0) + 1);
      }
    },
    end: (digest) => {
      for (let i = 0; i < PANES; i++) closePane(digest);
    },
  };
}

function highestBids(): BidLoop {
  let windowEnd = Number.NaN;
  let highest: Bid[] = [];
  let atEnd: Bid[] = [];
  /** The former window waits for the bids at its very end. */
  let former: Bid[] = [];
  const give = (bids: readonly Bid[], digest: RowDigest): void => {
    for (const { auction, price, bidder, date_time } of bids)
      digest.add({ auction, price, bidder, date_time });
  };
  const closeFormer = (digest: RowDigest): void => {
    give(former, digest);
    give(
      atEnd.filter(({ price }) => price === former[0]?.price),
      digest,
    );
    former = [];
    atEnd = [];
  };
  return {
    bids: (begin, end, bidOf, digest) => {
      for (let i = begin; i < end; i++) {
        const bid = bidOf(i);
        if (!(bid.date_time < windowEnd)) {
          closeFormer(digest);
          const windowStart = Math.floor(bid.date_time / SIZE_MS) * SIZE_MS;
          if (windowStart === windowEnd) former = highest;
          else give(highest, digest);
          highest = [];
          windowEnd = windowStart + SIZE_MS;
        }
        if (bid.date_time === windowEnd - SIZE_MS) atEnd.push(bid);
        const price = highest[0]?.price ?? -1;
        if (bid.price > price) highest = [bid];
        else if (bid.price === price) highest.push(bid);
      }
    },
    end: (digest) => {
      closeFormer(digest);
      give(highest, digest);
    },
  };
}

interface Session {
  readonly bidder: number;
  bid_count: number;
  readonly window_start: number;
  window_end: number;
}

function sessions(): BidLoop {
  const open = new Map<number, Session>();
  return {
    bids: (begin, end, bidOf, digest) => {
      for (let i = begin; i < end; i++) {
        const { bidder, date_time } = bidOf(i);
        const session = open.get(bidder);
        if (session !== undefined && date_time <= session.window_end) {
          session.bid_count++;
          session.window_end = date_time + SIZE_MS;
          continue;
        }
        if (session !== undefined) digest.add(session);
        open.set(bidder, { bidder, bid_count: 1, window_start: date_time, window_end: date_time + SIZE_MS });
      }
    },
    end: (digest) => {
      for (const session of open.values()) digest.add(session);
    },
  };
}

export const WINDOW_LOOPS = { q5: hottestAuctions, q7: highestBids, q11: sessions };
