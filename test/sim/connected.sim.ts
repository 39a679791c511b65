import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { job } from '../../engine/api/job.js';
import { t } from '../../engine/records/schema.js';
import { operatorHarness } from '../../engine/testing/operator-harness.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { notingSink } from '../kit/routing-kit.js';

/** Operators of two inputs on the inline host with tiny buffers, against plain loops over arrays. */
const connected = suite('connected streams');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);

const Bid = t.record({ auction: t.int32, price: t.float64, note: t.nullable(t.string) });
const Person = t.record({ name: t.string, id: t.int32, tags: t.list(t.string) });
const Line = t.record({ key: t.string, text: t.string, worker: t.nullable(t.int32) });

type Bid = typeof Bid.row;
type Person = typeof Person.row;
type Line = typeof Line.row;

const TINY = {
  'taskmanager.memory.segment-size': '256 bytes',
  'taskmanager.network.memory.buffers-per-channel': 1,
  'taskmanager.network.memory.max-buffers-per-channel': 1,
};

const ofBid = ({ auction, price, note }: Bid): Line => ({
  ...{ key: String(auction), text: `bid ${price} ${note}`, worker: null },
});
const ofPerson = ({ name, id, tags }: Person): Line => ({
  ...{ key: String(id), text: `${name} ${tags.join('+')}`, worker: null },
});
function* manyOfBid(bid: Bid): Iterable<Line> {
  for (let k = 0; k < bid.auction % 3; k++) yield ofBid(bid);
}

const inputs = fc.record({
  bids: fc.array(
    fc.record({
      auction: fc.nat({ max: 9 }),
      price: fc.nat({ max: 99 }).map((n) => n / 4),
      note: fc.option(fc.string({ maxLength: 5 })),
    }),
    { maxLength: 80 },
  ),
  people: fc.array(
    fc.record({
      name: fc.string({ maxLength: 6 }),
      id: fc.nat({ max: 9 }),
      tags: fc.array(fc.constantFrom('a', 'b', 'ä'), { maxLength: 3 }),
    }),
    { maxLength: 80 },
  ),
});

const text = (row: object): string => JSON.stringify(row);
const sorted = (rows: readonly object[]): string[] => rows.map(text).sort();

connected('each input has its own function, with or without a declared result', async () => {
  const subject = job('two', { inputs: { bids: Bid, people: Person } }, ({ bids, people }) => {
    const both = bids.connect(people);
    return {
      declared: both.map(Line, ofBid, ofPerson),
      undeclared: both.map(
        (bid) => ofBid(bid),
        (person) => ofPerson(person),
      ),
      many: both.flatMap(Line, manyOfBid, (person, emit) => {
        for (const _ of person.tags) emit(ofPerson(person));
      }),
      some: bids
        .rebalance()
        .connect(people.keyBy('id'))
        .map(
          ({ price }) => ({ n: price }),
          ({ id }) => ({ n: id }),
        ),
      swapped: people.connect(bids).map(Line, ofPerson, ofBid),
    };
  });
  const property = fc.asyncProperty(
    inputs,
    fc.integer({ min: 1, max: 3 }),
    fc.integer(),
    async (given, parallelism, run) => {
      const { bids, people } = given;
      const got = await runInline(subject, { inputs: given, parallelism, seed: run, options: TINY });
      const lines = sorted([...bids.map(ofBid), ...people.map(ofPerson)]);
      assert.equal(sorted(got.declared), lines);
      assert.equal(sorted(got.undeclared), lines);
      assert.equal(sorted(got.swapped), lines);
      const many = [
        ...bids.flatMap((bid) => [...manyOfBid(bid)]),
        ...people.flatMap((person) => person.tags.map(() => ofPerson(person))),
      ];
      assert.equal(sorted(got.many), sorted(many));
      assert.equal(
        sorted(got.some),
        sorted([...bids.map(({ price }) => ({ n: price })), ...people.map(({ id }) => ({ n: id }))]),
      );
    },
  );
  await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 6) });
});

connected('rows of equal keys meet in one subtask, whichever input they come by', async () => {
  const bids = Array.from({ length: 100 }, (_, i) => ({ auction: i % 10, price: i, note: null }));
  const people = Array.from({ length: 50 }, (_, i) => ({ name: `n${i}`, id: i % 10, tags: [] }));
  const lines = sorted([...bids.map(ofBid), ...people.map(ofPerson)]);
  for (const parallelism of [1, 2, 3]) {
    const sinks = Array.from({ length: 3 }, () => notingSink());
    const subject = job('keyed', { inputs: { bids: Bid, people: Person } }, ({ bids, people }) => {
      const ofFunctions = bids.connect(people).keyBy(
        ({ auction }) => `k${auction}`,
        ({ id }) => `k${id}`,
        t.string,
      );
      const ways = [
        bids.connect(people).keyBy('auction', 'id'),
        ofFunctions,
        bids.keyBy('auction').connect(people.keyBy('id')),
      ];
      for (const [at, way] of ways.entries()) way.map(Line, ofBid, ofPerson).to(sinks[at]!);
    });
    await runInline(subject, { inputs: { bids, people }, parallelism, options: TINY });
    for (const { got } of sinks) {
      assert.equal(sorted(got.flat()), lines);
      const places = new Map<string, Set<number>>();
      for (const [subtask, rows] of got.entries())
        for (const { key } of rows as any[]) places.set(key, (places.get(key) ?? new Set()).add(subtask));
      assert.ok([...places.values()].every(({ size }) => size === 1));
      assert.is(new Set([...places.values()].flatMap((place) => [...place])).size, parallelism);
    }
  }
});

connected('functions see the fields of their rows, and no key that another function gave', async () => {
  const subject = job('seen', { inputs: { bids: Bid, people: Person } }, ({ bids, people }) => ({
    out: bids
      .connect(people)
      .keyBy(
        ({ auction }) => auction,
        ({ id }) => id,
        t.int32,
      )
      .map(
        (bid) => ({ seen: Object.keys({ ...bid }).join() }),
        (person) => ({ seen: Object.keys({ ...person }).join() }),
      ),
  }));
  const bids = [{ auction: 1, price: 2, note: 'x' }];
  const people = [{ name: 'a', id: 1, tags: [] }];
  const { out } = await runInline(subject, { inputs: { bids, people }, parallelism: 2 });
  assert.equal(out.map(({ seen }) => seen).sort(), ['auction,price,note', 'name,id,tags']);
});

connected('a broadcast side comes to every subtask of the operator', async () => {
  const subject = job('broadcast', { inputs: { bids: Bid, people: Person } }, ({ bids, people }) => ({
    out: bids.connect(people.broadcast()).map(Line, ofBid, ofPerson).parallelism(3),
  }));
  const bids = [{ auction: 1, price: 2, note: 'x' }];
  const people = [{ name: 'a', id: 1, tags: [] }];
  const { out } = await runInline(subject, { inputs: { bids, people }, parallelism: 2, options: TINY });
  assert.equal(sorted(out), sorted([ofBid(bids[0]!), ...[1, 2, 3].map(() => ofPerson(people[0]!))]));
});

connected(
  'an operator of two inputs goes on where its output was full, and passes the least watermark',
  async () => {
    const Timed = t.record({ at: t.timestamp, text: t.string });
    const harness = await operatorHarness(Timed, (stream) => {
      const [even, odd] = [0, 1].map((rest) => stream.filter(({ at }) => at % 2 === rest));
      return even!.connect(odd!).flatMap(
        Timed,
        function* (row) {
          for (let k = 0; k < 3; k++) yield { ...row, text: `even ${k}` };
        },
        (row, emit) => {
          for (let k = 0; k < 5; k++) emit({ ...row, text: `odd ${k}` });
        },
      );
    });
    const rows = Array.from({ length: 40 }, (_, at) => ({ at, text: '' }));
    const out = harness.push(...rows);
    const expected = rows.flatMap(({ at }) =>
      Array.from({ length: at % 2 === 0 ? 3 : 5 }, (_, k) => ({
        at,
        text: `${at % 2 === 0 ? 'even' : 'odd'} ${k}`,
      })),
    );
    assert.equal(sorted(out), sorted(expected));
    assert.equal(await harness.end(), []);
  },
);

connected.run();
