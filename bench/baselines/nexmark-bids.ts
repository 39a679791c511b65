/**
 * Bids as Nexmark has them: half of them in one of four hot channels, urls of some sixty characters, and filling to about
 * a hundred bytes besides. Drawn with a fixed seed, and the same for all programs.
 */
export interface NexmarkBid {
  readonly auction: number;
  readonly bidder: number;
  /** Cents, below 2^31. */
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly dateTime: number;
  readonly extra: string;
}

/** Distinct bids; programs take them in turn. */
export const BIDS = 4_096;
const SEED = 0x5eed;
const HOT_CHANNELS = ['Google', 'Facebook', 'Baidu', 'Apple'];
const URL_BEGIN = 'https://www.nexmark.com/';
const URL_END = '/item.htm?query=1';
const FIRST_MS = 1_700_000_000_000;

export function nexmarkBids(): readonly NexmarkBid[] {
  const below = draws(SEED);
  const letters = (length: number): string =>
    String.fromCharCode(...Array.from({ length }, () => 97 + below(26)));
  return Array.from({ length: BIDS }, (_, i) => {
    const isHot = below(2) === 0;
    const number = below(10_000);
    const path = `${letters(4)}/${letters(4)}/${letters(4)}`;
    return {
      auction: 1_000 + below(10 * BIDS),
      bidder: 1_000 + below(BIDS),
      price: Math.round(10 ** ((6 * below(1_000_000)) / 1_000_000) * 100),
      channel: isHot ? HOT_CHANNELS[number & 3]! : `channel-${number}`,
      url: `${URL_BEGIN}${path}${URL_END}${isHot ? '' : `&channel_id=${number * 104_729}`}`,
      dateTime: FIRST_MS + i,
      extra: letters(54 + below(28)),
    };
  });
}

/** xorshift32. @returns  draws a whole number from 0 to below its argument */
function draws(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % count;
  };
}

/** Looks at every field, strings at their ends. */
export function foldBid(digest: number, bid: NexmarkBid): number {
  const numbers = bid.auction + 3 * bid.bidder + 5 * bid.price + (bid.dateTime % 1_000_003);
  const { channel, url, extra } = bid;
  const texts = endOf(channel) + 7 * endOf(url) + 11 * endOf(extra);
  return (Math.imul(digest, 31) + numbers + texts) | 0;
}

const endOf = (text: string): number =>
  text.charCodeAt(0) + 2 * text.charCodeAt(text.length - 1) + text.length;

/** What so many bids come to that were never encoded. */
export function digestOf(records: number): string {
  const bids = nexmarkBids();
  let digest = 0;
  for (let i = 0; i < records; i++) digest = foldBid(digest, bids[i % BIDS]!);
  return `${digest}`;
}
