/**
 * The events of Nexmark: persons, auctions and bids, each a pure function of its number among all events.
 *
 * Half of the bids are for one auction of the newest hundred, three quarters of them by one person; prices are spread
 * evenly by their logarithm. Ids begin at 1,000, and categories at 10. `extra` fills an event up to 200, 500 or 100 bytes
 * on average.
 */
import { EPOCH, PROPORTION } from './event-order.js';
import { EventRandom } from './event-random.js';
import {
  CHANNEL_TABLE,
  CHANNELS,
  CITIES,
  FIRST_NAMES,
  HOT_CHANNELS,
  LAST_NAMES,
  letters,
  STATES,
} from './event-texts.js';

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly email_address: string;
  readonly credit_card: string;
  readonly city: string;
  readonly state: string;
  /** Milliseconds since 1970, as all times. */
  readonly date_time: number;
  readonly extra: string;
}

export interface Auction {
  readonly id: number;
  readonly item_name: string;
  readonly description: string;
  /** Cents, as all prices. */
  readonly initial_bid: number;
  readonly reserve: number;
  readonly date_time: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly date_time: number;
  readonly extra: string;
}

export interface EventStyle {
  readonly seed: number;
  /** Events of all kinds in a second of event time. */
  readonly rate: number;
  /** When the first event happens, in milliseconds since 1970. */
  readonly startMs: number;
}

const FIRST_ID = 1_000;
const FIRST_CATEGORY = 10;
const CATEGORIES = 5;
/** Of so many persons one is hot as a seller or a bidder, and of so many auctions one. */
const HOT_STRIDE = 100;
/** Auctions that are open at once. */
const OPEN_AUCTIONS = 100;
/** Persons that sell and bid. */
const ACTIVE_PERSONS = 1_000;
/** So far ahead of those that exist ids are drawn. */
const LEAD = 10;
/** One bid in so many is for an auction that is not hot, and so on. */
const RATIO = { auction: 2, seller: 4, bidder: 4, channel: 2 } as const;
/** Bytes of an event on average. */
const SIZE = { person: 200, auction: 500, bid: 100 } as const;
const BIGINT_BYTES = 8;
const NAME_LETTERS = 20;
const DESCRIPTION_LETTERS = 100;

/** When an event happens. */
export function timeOf({ rate, startMs }: EventStyle): (event: number) => number {
  return (event) => startMs + Math.floor((event * 1_000) / rate);
}

/** @returns  from the number of an event that is a person to the person */
export function personMaker(style: EventStyle): (event: number) => Person {
  const draws = new EventRandom(style.seed);
  const msOf = timeOf(style);
  const pick = (list: readonly string[]): string => list[draws.below(list.length)]!;
  const digits = (): string => String(draws.below(10_000)).padStart(4, '0');
  return (event) => {
    draws.begin(event);
    const name = `${pick(FIRST_NAMES)} ${pick(LAST_NAMES)}`;
    const email = `${letters(draws, 7)}@${letters(draws, 5)}.com`;
    const card = `${digits()} ${digits()} ${digits()} ${digits()}`;
    const city = pick(CITIES);
    const state = pick(STATES);
    const size = BIGINT_BYTES + name.length + email.length + card.length + city.length + state.length;
    return {
      id: FIRST_ID + lastPerson(event),
      name,
      email_address: email,
      credit_card: card,
      city,
      state,
      date_time: msOf(event),
      extra: filling(draws, SIZE.person - size),
    };
  };
}

/** @returns  from the number of an event that is an auction to the auction */
export function auctionMaker(style: EventStyle): (event: number) => Auction {
  const draws = new EventRandom(style.seed);
  const msOf = timeOf(style);
  /** Events in which so many auctions begin as are open at once: an auction lasts that long on average. */
  const horizon = Math.floor((OPEN_AUCTIONS * EPOCH) / PROPORTION.auction);
  return (event) => {
    draws.begin(event);
    const person = lastPerson(event);
    const price = priceOf(draws);
    const atMs = msOf(event);
    const horizonMs = msOf(event + horizon) - atMs;
    const isHot = draws.below(RATIO.seller) > 0;
    const seller = isHot ? Math.floor(person / HOT_STRIDE) * HOT_STRIDE : activePerson(draws, person);
    return {
      id: FIRST_ID + lastAuction(event),
      item_name: letters(draws, NAME_LETTERS),
      description: letters(draws, DESCRIPTION_LETTERS),
      initial_bid: price,
      reserve: price + priceOf(draws),
      date_time: atMs,
      expires: atMs + 1 + Math.floor(draws.unit() * Math.max(1, 2 * horizonMs)),
      seller: FIRST_ID + seller,
      category: FIRST_CATEGORY + draws.below(CATEGORIES),
      extra: filling(draws, SIZE.auction - 5 * BIGINT_BYTES - NAME_LETTERS - DESCRIPTION_LETTERS - 8),
    };
  };
}

/** @returns  from the number of an event that is a bid to the bid */
export function bidMaker(style: EventStyle): (event: number) => Bid {
  const draws = new EventRandom(style.seed);
  const msOf = timeOf(style);
  return (event) => {
    draws.begin(event);
    const last = lastAuction(event);
    const person = lastPerson(event);
    const isHotAuction = draws.below(RATIO.auction) > 0;
    const auction = isHotAuction ? Math.floor(last / HOT_STRIDE) * HOT_STRIDE : openAuction(draws, last);
    const isHotBidder = draws.below(RATIO.bidder) > 0;
    const bidder = isHotBidder
      ? Math.floor(person / HOT_STRIDE) * HOT_STRIDE + 1
      : activePerson(draws, person);
    const price = priceOf(draws);
    const isHotChannel = draws.below(RATIO.channel) > 0;
    const number = isHotChannel
      ? draws.below(HOT_CHANNELS.length)
      : HOT_CHANNELS.length + draws.below(CHANNELS);
    const { channel, url } = CHANNEL_TABLE[number]!;
    return {
      auction: FIRST_ID + auction,
      bidder: FIRST_ID + bidder,
      price,
      channel,
      url,
      date_time: msOf(event),
      extra: filling(draws, SIZE.bid - 4 * BIGINT_BYTES),
    };
  };
}

/** The newest person when an event happens, counted from 0; of a person itself. */
const lastPerson = (event: number): number => Math.floor(event / EPOCH);

/** The newest auction when an event happens, counted from 0; of an auction itself. -1: there is none yet. */
function lastAuction(event: number): number {
  const epoch = Math.floor(event / EPOCH);
  const place = event - epoch * EPOCH;
  const begun = Math.min(Math.max(place - PROPORTION.person, -1), PROPORTION.auction - 1);
  return epoch * PROPORTION.auction + begun;
}

function openAuction(draws: EventRandom, last: number): number {
  const first = Math.max(last - OPEN_AUCTIONS, 0);
  return first + draws.below(last - first + 1 + LEAD);
}

function activePerson(draws: EventRandom, last: number): number {
  const active = Math.min(last + 1, ACTIVE_PERSONS);
  return last + 1 - active + draws.below(active + LEAD);
}

const priceOf = (draws: EventRandom): number => Math.round(10 ** (draws.unit() * 6) * 100);

/** As many letters as are missing, more or less by a fifth. */
function filling(draws: EventRandom, missing: number): string {
  if (missing <= 0) return '';
  const spread = Math.floor((missing + 2) / 5);
  return letters(draws, missing - spread + draws.below(2 * spread));
}
