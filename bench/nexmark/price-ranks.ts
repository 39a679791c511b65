/** Counts of bids, bidders and auctions, each in all and by three ranges of prices: queries 15 to 17. */
import { count, countDistinct, t } from 'sluice';

interface Priced {
  readonly price: number;
}

/** Columns that tell in which range the price of a bid is. */
export const PRICE_RANKS = {
  rank1: [t.bool, ({ price }: Priced) => price < 10_000],
  rank2: [t.bool, ({ price }: Priced) => price >= 10_000 && price < 1_000_000],
  rank3: [t.bool, ({ price }: Priced) => price >= 1_000_000],
} as const;

export const BID_COUNTS = {
  total_bids: count(),
  rank1_bids: count({ where: 'rank1' }),
  rank2_bids: count({ where: 'rank2' }),
  rank3_bids: count({ where: 'rank3' }),
};

export const DISTINCT_COUNTS = {
  total_bidders: countDistinct('bidder'),
  rank1_bidders: countDistinct('bidder', { where: 'rank1' }),
  rank2_bidders: countDistinct('bidder', { where: 'rank2' }),
  rank3_bidders: countDistinct('bidder', { where: 'rank3' }),
  total_auctions: countDistinct('auction'),
  rank1_auctions: countDistinct('auction', { where: 'rank1' }),
  rank2_auctions: countDistinct('auction', { where: 'rank2' }),
  rank3_auctions: countDistinct('auction', { where: 'rank3' }),
};
