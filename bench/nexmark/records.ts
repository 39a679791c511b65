/** The records of Nexmark as the jobs declare them. */
import { t } from 'sluice';

export const Person = t.record({
  id: t.int64,
  name: t.string,
  email_address: t.string,
  credit_card: t.string,
  city: t.string,
  state: t.string,
  date_time: t.timestamp,
  extra: t.string,
});

export const Auction = t.record({
  id: t.int64,
  item_name: t.string,
  description: t.string,
  initial_bid: t.int64,
  reserve: t.int64,
  date_time: t.timestamp,
  expires: t.timestamp,
  seller: t.int64,
  category: t.int64,
  extra: t.string,
});

export const Bid = t.record({
  auction: t.int64,
  bidder: t.int64,
  price: t.int64,
  channel: t.string,
  url: t.string,
  date_time: t.timestamp,
  extra: t.string,
});
