import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { auctionMaker, bidMaker, type EventStyle, personMaker } from '../../bench/nexmark/event-makers.js';
import { type EventKind, EventOrder, GROUP_STEP } from '../../bench/nexmark/event-order.js';
import { EventRandom } from '../../bench/nexmark/event-random.js';

/** The generator of Nexmark against what is known of its distributions. */
const events = suite('nexmark events');
const STYLE: EventStyle = { seed: 42, rate: 10_000, startMs: Date.UTC(2015, 6, 15) };
const KINDS: readonly EventKind[] = ['person', 'auction', 'bid'];

const bidNumbers = (count: number): number[] => {
  const order = new EventOrder({ events: count * 2, outOfOrderGroup: 1 }, 'bid');
  return Array.from({ length: count }, (_, i) => order.eventAt(i));
};

/** That a share of so many draws is as far from what it should be only once in a million seeds. */
function near(share: number, expected: number, draws: number, what: string): void {
  const deviation = Math.sqrt((expected * (1 - expected)) / draws);
  assert.ok(Math.abs(share - expected) < 5 * deviation, `${what}: ${share}, not ${expected}`);
}

const shareOf = <T>(list: readonly T[], isOne: (item: T) => boolean): number =>
  list.filter(isOne).length / list.length;

/** Pearson's, of two lists of equal length. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    x.reduce((sum, each, i) => sum + (each - mx) * (y[i]! - my), 0);
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}

events('any order is one of the same events, each within its group', () => {
  const property = fc.property(
    fc.integer({ min: 0, max: 3_000 }),
    fc.integer({ min: 1, max: 300 }),
    (count, outOfOrderGroup) => {
      const seen = new Set<number>();
      for (const kind of KINDS) {
        const order = new EventOrder({ events: count, outOfOrderGroup }, kind);
        let newest = -1;
        for (let i = 0; i < order.count; i++) {
          const event = order.eventAt(i);
          assert.is(event % 50 === 0 ? 'person' : event % 50 < 4 ? 'auction' : 'bid', kind);
          assert.ok(newest - event < outOfOrderGroup, `${event} after ${newest}`);
          newest = Math.max(newest, event);
          seen.add(event);
        }
      }
      assert.is(seen.size, count);
      assert.ok([...seen].every((event) => event < count));
    },
  );
  fc.assert(property, { numRuns: 100 });
});

events('a group comes in the order of the reference', () => {
  const group = 100;
  const order = new EventOrder({ events: 1_000, outOfOrderGroup: group }, 'bid');
  const expected: number[] = [];
  for (let n = 0; n < 1_000; n++) {
    const event = Math.floor(n / group) * group + ((n * GROUP_STEP) % group);
    if (event % 50 >= 4) expected.push(event);
  }
  assert.equal(
    Array.from({ length: order.count }, (_, i) => order.eventAt(i)),
    expected,
  );
});

events('an event depends on its number and the seed alone', () => {
  const property = fc.property(
    fc.maxSafeInteger(),
    fc.array(fc.nat(10 ** 12), { maxLength: 20 }),
    (seed, list) => {
      const [one, other] = [bidMaker({ ...STYLE, seed }), bidMaker({ ...STYLE, seed })];
      for (const event of list) one(event);
      for (const event of list.reverse()) assert.equal(one(event), other(event));
    },
  );
  fc.assert(property, { numRuns: 50 });
  const [a, b] = [bidMaker(STYLE), bidMaker({ ...STYLE, seed: 43 })];
  assert.not.equal(a(4), b(4));
});

events('ids count from 1,000, and nothing refers to what comes much later', () => {
  const [person, auction, bid] = [personMaker(STYLE), auctionMaker(STYLE), bidMaker(STYLE)];
  let [persons, auctions] = [0, 0];
  for (let n = 0; n < 20_000; n++) {
    if (n % 50 === 0) {
      assert.is(person(n).id, 1_000 + persons++);
      continue;
    }
    if (n % 50 < 4) {
      const { id, seller, category, initial_bid, reserve, date_time, expires } = auction(n);
      assert.is(id, 1_000 + auctions++);
      assert.ok(seller >= 1_000 && seller <= 1_000 + persons + 10);
      assert.ok(category >= 10 && category < 15);
      assert.ok(reserve >= initial_bid + 100);
      assert.ok(expires > date_time && expires <= date_time + 2 * 167 + 1, `${expires - date_time}`);
      continue;
    }
    const made = bid(n);
    assert.ok(made.auction >= 1_000 && made.auction <= 1_000 + auctions + 10);
    assert.ok(made.bidder >= 1_000 && made.bidder <= 1_000 + persons + 10);
    assert.is(made.date_time, STYLE.startMs + Math.floor(n / 10));
  }
});

events('as many are hot as should be, in any thousand of them, and not in runs', () => {
  const make = bidMaker(STYLE);
  const numbers = bidNumbers(100_000).slice(10_000);
  const made = numbers.map((n) => ({ ...make(n), n }));
  const hotAuction = ({ auction, n }: (typeof made)[number]): boolean =>
    auction === 1_000 + Math.floor((Math.floor(n / 50) * 3 + 2) / 100) * 100;
  const hotBidder = ({ bidder, n }: (typeof made)[number]): boolean =>
    bidder === 1_001 + Math.floor(Math.floor(n / 50) / 100) * 100;
  // One that is drawn among all may be the hot one too.
  near(shareOf(made, hotAuction), 0.5 + 0.5 / 111, made.length, 'hot auctions');
  near(shareOf(made, hotBidder), 0.75, made.length, 'hot bidders');
  near(
    shareOf(made, ({ channel }) => !channel.startsWith('channel-')),
    0.5,
    made.length,
    'hot channels',
  );
  for (let begin = 0; begin < made.length; begin += 1_000)
    near(shareOf(made.slice(begin, begin + 1_000), hotAuction), 0.5045, 1_000, `from ${begin}`);
  let [run, longest] = [0, 0];
  for (const each of made) longest = Math.max(longest, (run = hotAuction(each) ? run + 1 : 0));
  assert.ok(longest < 40, `${longest} in a row`);
  const auctions = Array.from({ length: 60_000 }, (_, i) => auctionMaker(STYLE)(50 * i + 1));
  const hotSeller = shareOf(auctions, ({ seller, id }) => {
    const person = Math.floor((id - 1_000) / 3);
    return seller === 1_000 + Math.floor(person / 100) * 100;
  });
  assert.ok(Math.abs(hotSeller - 0.75) < 0.01, `${hotSeller}`);
});

events(
  'draws of neighbours, of one event and of neighbouring seeds have nothing to do with each other',
  () => {
    const count = 50_000;
    const bound = 5 / Math.sqrt(count);
    const draws = (seed: number, which: number): number[] => {
      const random = new EventRandom(seed);
      return Array.from({ length: count }, (_, n) => {
        random.begin(n);
        for (let i = 0; i < which; i++) random.next();
        return random.unit();
      });
    };
    const first = draws(1, 0);
    for (const lag of [1, 2, 46, 50, 953])
      assert.ok(Math.abs(correlation(first.slice(lag), first.slice(0, -lag))) < bound * 1.1, `lag ${lag}`);
    const others = [
      ...[1, 2, 3, 5].map((which) => draws(1, which)),
      ...[0, 2, 3, 2 ** 32 + 1, -1].map((seed) => draws(seed, 0)),
    ];
    for (const [i, other] of others.entries()) assert.ok(Math.abs(correlation(first, other)) < bound, `${i}`);
  },
);

events('prices are even by their logarithm, and events as large as they should be', () => {
  const numbers = bidNumbers(60_000);
  const made = numbers.map(bidMaker(STYLE));
  for (let decade = 2; decade < 8; decade++) {
    const share = shareOf(made, ({ price }) => price >= 10 ** decade && price < 10 ** (decade + 1));
    assert.ok(Math.abs(share - 1 / 6) < 0.01, `${decade}: ${share}`);
  }
  const mean = (sizes: readonly number[]): number =>
    sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const bid = mean(made.map(({ extra }) => 32 + extra.length));
  const persons = Array.from({ length: 5_000 }, (_, i) => personMaker(STYLE)(50 * i));
  const person = mean(
    persons.map(
      ({ name, email_address, credit_card, city, state, extra }) =>
        8 + [name, email_address, credit_card, city, state, extra].join('').length,
    ),
  );
  const auctions = Array.from({ length: 5_000 }, (_, i) => auctionMaker(STYLE)(50 * i + 2));
  const auction = mean(auctions.map(({ extra }) => 168 + extra.length));
  for (const [size, expected] of [[bid, 100], [person, 200], [auction, 500]] as const) // biome-ignore format: short
    assert.ok(Math.abs(size / expected - 1) < 0.02, `${size}, not ${expected}`);
});

events.run();
