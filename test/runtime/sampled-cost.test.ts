import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../engine/connectors/collection.js';
import { discard } from '../../engine/connectors/discard.js';
import { job, t } from '../../engine/index.js';
import { SAMPLE_EVERY, SampledCost } from '../../engine/runtime/sampled-cost.js';
import { UndeclaredWriter } from '../../engine/runtime/undeclared-writer.js';
import { runInline } from '../../engine/testing/run-inline.js';

const costs = suite('sampled cost');

/** Each look takes a millisecond; a record what is said. */
function slowClock() {
  const clock = { now: 0, looks: 0, wallMs: () => 0, monotonicMs };
  function monotonicMs(): number {
    clock.looks++;
    return clock.now++;
  }
  return clock;
}

/** As generated code does it. */
function handle(cost: SampledCost, what: () => void): void {
  if (--cost.left > 0) what();
  else {
    const began = cost.begin();
    what();
    cost.end(began);
  }
}

costs('the cost of all is that of the record in the middle of those timed, without the clock itself', () => {
  const clock = slowClock();
  const cost = new SampledCost(clock);
  const looks = clock.looks;
  const took = (ms: number, records = SAMPLE_EVERY): void => {
    for (let i = 0; i < records; i++) handle(cost, () => (clock.now += ms));
  };
  took(5, SAMPLE_EVERY - 1);
  assert.equal([cost.records, cost.totalMs, clock.looks], [SAMPLE_EVERY - 1, 0, looks]);
  took(5, 1);
  assert.equal([cost.records, cost.totalMs], [SAMPLE_EVERY, 5 * SAMPLE_EVERY]);
  took(1_000); // something waited
  took(5);
  assert.equal([cost.records, cost.totalMs], [3 * SAMPLE_EVERY, 15 * SAMPLE_EVERY]);
  assert.is(clock.looks, looks + 6);
  for (let i = 0; i < 15; i++) took(7);
  assert.is(cost.totalMs, 7 * 18 * SAMPLE_EVERY, 'only the latest times count');
});

costs('each writer of undeclared rows counts them, says what they cost and what to declare', async () => {
  const ROWS = Array.from({ length: 4 * SAMPLE_EVERY }, (_, id) => ({ id }));
  const shapes: readonly (readonly [make: (row: { id: number }) => object, declaration: string | null])[] = [
    [({ id }) => ({ id, half: id / 2 }), 't.record({ id: t.int32, half: t.float64 })'],
    [
      ({ id }) => ({ 'a b': id % 2 === 0 ? null : `${id}`, none: null, big: 5n }),
      't.record({ "a b": t.nullable(t.string), none: t.nullable(t.string /* null only */), big: t.bigint })',
    ],
    [({ id }) => ({ id, list: [id] }), null],
  ];
  for (const [make, declaration] of shapes) {
    const writers = new Set<UndeclaredWriter>();
    const { learnNow } = UndeclaredWriter.prototype;
    UndeclaredWriter.prototype.learnNow = function (this: UndeclaredWriter) {
      writers.add(this);
      learnNow.call(this);
    };
    try {
      await runInline(
        job('undeclared', (flow) => {
          const made = flow.from(collection(ROWS, t.record({ id: t.int32 }))).map((row) => make(row));
          made.rebalance().filter((row) => Object.keys(row).length > 0).to(discard()); // biome-ignore format: short
        }),
      );
    } finally {
      UndeclaredWriter.prototype.learnNow = learnNow;
    }
    assert.is(writers.size, 1);
    const [{ report }] = [...writers] as [UndeclaredWriter];
    assert.is(report.records, ROWS.length);
    assert.match(report.from, /^map at .*sampled-cost\.test\.\w+:\d+:\d+$/);
    assert.ok(report.writeMs >= 0 && report.writeMs < 60_000);
    assert.is(report.declaration, declaration);
  }
});

costs.run();
