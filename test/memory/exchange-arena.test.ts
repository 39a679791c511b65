import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attachExchange, createExchange } from '../../engine/memory/exchange-arena.js';
import { exchangeTerms, partitionSegments, ringSlots } from '../../engine/memory/exchange-sizes.js';
import { LENT, OPEN, READING, SENDER_FREE } from '../../engine/memory/ledger.js';
import { tinySpec } from '../kit/exchange-kit.js';

const arenas = suite('exchange-arena');

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error: any) {
    return error.code;
  }
  return 'none';
}

arenas('arena/exchange: a region is the sum of its named terms, and at most 1 GiB', () => {
  const changes = {
    segmentBytes: 32_768,
    overdraftPerPartition: 20,
    floatingPerGate: 8,
    elementBytesMax: 100_000,
  };
  const spec = tinySpec({ senders: 2, receivers: 3, ...changes });
  const terms = exchangeTerms(spec);
  const bytesOf = (name: string): number => {
    const term = terms.find((each) => each.name === name)!;
    return term.count * term.bytes;
  };
  assert.is(bytesOf('exclusive segments'), 2 * 3 * 2 * 32_768);
  assert.is(bytesOf('floating segments'), 3 * 8 * 32_768);
  assert.is(bytesOf('scratch for large records'), 5 * 100_096);
  assert.is(bytesOf('partition segments'), 2 * (2 * 3 + 8 + 20) * 32_768);
  assert.is(
    createExchange(spec, 1).byteLength,
    terms.reduce((sum, term) => sum + term.count * term.bytes, 0),
  );
  assert.is(
    codeOf(() => exchangeTerms(tinySpec({ segmentBytes: 2 ** 27 }))),
    'MEMORY_INSUFFICIENT',
  );
});

arenas('a partition can fill every buffer and finish one', () => {
  assert.equal(
    [1, 2, 7].map((n) => partitionSegments(n, 0)),
    [10, 12, 22],
  );
  assert.is(partitionSegments(2, 20), 32);
});

arenas(
  'ring/slots: a ring has a slot for every segment that may be in it, and a power of two of them',
  () => {
    assert.equal(
      [ringSlots(12, 4, 0), ringSlots(12, 4, 1), ringSlots(10, 2, 4), ringSlots(10, 2, 5)],
      [16, 32, 16, 32],
    );
  },
);

arenas('numbers out of range are refused', () => {
  for (const wrong of [
    { exclusivePerChannel: 0 },
    { exclusivePerChannel: -1, floatingPerGate: 2 },
    { floatingPerGate: 1.5 },
    { buffersPerSubpartitionMax: 0 },
    { segmentBytes: 60 },
    { overdraftPerPartition: -1 },
    { senderTasks: [] },
  ] as const)
    assert.is(
      codeOf(() => exchangeTerms(tinySpec(wrong))),
      'ARGUMENT_INVALID',
      JSON.stringify(wrong),
    );
});

arenas('region/attempt: only the exchange and attempt it was made for attaches', () => {
  const spec = tinySpec();
  const memory = createExchange(spec, 3);
  assert.is(
    codeOf(() => attachExchange(spec, memory, 2)),
    'ARENA_INVALID',
  );
  assert.is(
    codeOf(() => attachExchange({ ...spec, id: 2 }, memory, 3)),
    'ARENA_INVALID',
  );
  assert.is(
    codeOf(() => attachExchange(spec, memory, 3)),
    'none',
  );
});

arenas('segment/ledger: dealt segments belong to senders and gates, and the exclusive ones are lent', () => {
  const spec = tinySpec({ senders: 2, receivers: 2, floatingPerGate: 3 });
  const exchange = attachExchange(spec, createExchange(spec, 1), 1);
  assert.equal(exchange.ledger.counts(), [2 * 12, 0, 0, 0, 2 * 3, 4 * 2]);
  const starts = new Set([0, 1].flatMap((sender) => exchange.segmentsOfSender(sender)));
  assert.is(starts.size, 24);
  assert.throws(() => exchange.assertConserved(), /senders have all 24 of theirs again: .*lent 8/);
  const [first] = exchange.segmentsOfSender(0);
  assert.throws(
    () => exchange.ledger.move(first!, READING, LENT),
    new RegExp(`segment ${first} is reading before it is lent, not sender-free`),
  );
  exchange.ledger.move(first!, SENDER_FREE, OPEN);
  assert.equal(exchange.ledger.counts(), [2 * 12 - 1, 1, 0, 0, 2 * 3, 4 * 2]);
});

arenas.run();
