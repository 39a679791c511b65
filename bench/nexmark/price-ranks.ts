/** Counts of bids, bidders and auctions, each in all and by three ranges of prices: queries 15 and 16. */
import { KeyedProcessFunction, type MapState, mapState, t, valueState } from 'sluice';

export const RANK_COLUMNS = {
  total_bids: t.int64,
  rank1_bids: t.int64,
  rank2_bids: t.int64,
  rank3_bids: t.int64,
  total_bidders: t.int64,
  rank1_bidders: t.int64,
  rank2_bidders: t.int64,
  rank3_bidders: t.int64,
  total_auctions: t.int64,
  rank1_auctions: t.int64,
  rank2_auctions: t.int64,
  rank3_auctions: t.int64,
};

type RankCounts = { [K in keyof typeof RANK_COLUMNS]: number };

/** In all, and in each range. */
const COUNTS_EACH = 4;
const [BIDS, BIDDERS, AUCTIONS] = [0, COUNTS_EACH, 2 * COUNTS_EACH] as const;

/** 1, 2 or 3. */
const rankOf = (price: number): number => (price < 10_000 ? 1 : price < 1_000_000 ? 2 : 3);

interface CountedBid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
}

/** Keeps the counts of a key. */
export abstract class RankCounter<
  In extends CountedBid,
  Out extends object,
  Key,
> extends KeyedProcessFunction<In, Out, Key> {
  readonly counts = valueState(t.list(t.int64));
  /** Those that were seen, with a bit for each range in which they were. */
  readonly bidders = mapState(t.int64, t.int32);
  readonly auctions = mapState(t.int64, t.int32);

  /** @returns  whether it was the first of the key */
  count({ auction, bidder, price }: In): boolean {
    const before = this.counts.value();
    const counts = before ?? new Array<number>(3 * COUNTS_EACH).fill(0);
    const rank = rankOf(price);
    counts[BIDS]!++;
    counts[BIDS + rank]!++;
    countDistinct(this.bidders, bidder, rank, counts, BIDDERS);
    countDistinct(this.auctions, auction, rank, counts, AUCTIONS);
    this.counts.update(counts);
    return before === null;
  }

  columns(): RankCounts {
    const counts = this.counts.value()!;
    const names = Object.keys(RANK_COLUMNS) as (keyof RankCounts)[];
    return Object.fromEntries(names.map((name, i) => [name, counts[i]!])) as RankCounts;
  }

  clear(): void {
    this.counts.clear();
    this.bidders.clear();
    this.auctions.clear();
  }
}

function countDistinct(
  seen: MapState<number, number>,
  id: number,
  rank: number,
  counts: number[],
  at: number,
): void {
  const ranks = seen.get(id) ?? 0;
  const bit = 1 << rank;
  if (ranks === 0) counts[at]!++;
  if ((ranks & bit) !== 0) return;
  counts[at + rank]!++;
  seen.put(id, ranks | bit);
}
