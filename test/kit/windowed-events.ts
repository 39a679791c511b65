/** Random rows with times, windows over them, and a comparison with a plain loop after every row. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { sliding, tumbling, type WindowAssigner } from '../../engine/api/windows.js';
import { t } from '../../engine/records/schema.js';
import { type OracleWindow, type WindowContents, WindowOracle } from './window-oracle.js';

export const Event = t.record({
  at: t.timestamp,
  key: t.string,
  amount: t.int32,
  price: t.float64,
  rank: t.nullable(t.int32),
  note: t.nullable(t.string),
  big: t.bigint,
  cheap: t.nullable(t.bool),
  loose: t.float64,
});
export type Event = typeof Event.row;

export const text = (row: object): string =>
  JSON.stringify(row, (_, value) =>
    typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)) ? `${value}` : value,
  );
export const sorted = (rows: readonly object[]): string[] => rows.map(text).sort();

/** What rows have whose time alone matters. */
export const ROW = { key: 'a', amount: 1, price: 1, rank: null, note: null, big: 0n, cheap: true, loose: 1 };

export const duration = (ms: number): `${bigint}ms` => `${BigInt(ms)}ms`;

export function assignerOf({ sizeMs, slideMs, offsetMs }: OracleWindow): WindowAssigner {
  const offset = duration(offsetMs);
  if (slideMs === sizeMs) return tumbling(duration(sizeMs), { offset });
  return sliding(duration(sizeMs), duration(slideMs), { offset });
}

export const window = fc
  .record({
    slideMs: fc.integer({ min: 1, max: 12 }),
    more: fc.integer({ min: 0, max: 40 }),
    offset: fc.integer({ min: -100, max: 100 }),
  })
  .map(({ slideMs, more, offset }) => ({
    ...{ sizeMs: slideMs + more, slideMs, latenessMs: 0 },
    offsetMs: Math.trunc((offset / 101) * (slideMs - 1)) + 0,
  }));

/** Among tumbling and sliding ones. */
export const lenient = fc
  .tuple(window, fc.integer({ min: 1, max: 50 }), fc.boolean())
  .map(([shape, latenessMs, tumbles]) => ({
    ...shape,
    ...(tumbles && { sizeMs: shape.slideMs }),
    latenessMs,
  }));

/** Subtasks, whose watermark is another's row. */
export const tasks = fc.integer({ min: 1, max: 3 });

export const event = fc.record({
  /** Milliseconds after the newest row. */
  step: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -8, max: 4 }) },
    { weight: 2, arbitrary: fc.integer({ min: -60, max: 15 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 100, 1_000) },
  ),
  key: fc.constantFrom('a', 'b', 'ü', 'dddd'),
  amount: fc.integer({ min: -500, max: 500 }),
  price: fc.integer({ min: 0, max: 1_000 }).map((n) => n / 16),
  rank: fc.option(fc.nat(50)),
  note: fc.option(fc.string({ maxLength: 9, unit: 'grapheme-ascii' })),
  big: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
  cheap: fc.option(fc.boolean()),
  loose: fc.constantFrom(0, -1.5, 7, NaN, Infinity, -Infinity),
});

export const events = fc
  .record({
    first: fc.constantFrom(0, -50, 1_700_000_000_000, -1_700_000_000_000),
    steps: fc.array(event, { minLength: 1, maxLength: 80, size: 'max' }),
  })
  .map(({ first, steps }) => {
    let newest: number = first;
    return steps.map(({ step, ...rest }): Event => {
      const at = newest + step;
      newest = Math.max(newest, at);
      return { at, ...rest };
    });
  });

/** Pushes rows one by one and compares what comes out of each. */
export async function checkEach(
  rows: readonly Event[],
  window: OracleWindow,
  subject: { push(row: Event): object[]; end(): Promise<object[]> },
  resultOf: (contents: WindowContents<Event>) => object,
): Promise<void> {
  const oracle = new WindowOracle<Event>(
    window,
    ({ at }) => at,
    ({ key }) => key,
  );
  let newest = Number.NEGATIVE_INFINITY;
  for (const [i, row] of rows.entries()) {
    const got = subject.push(row);
    newest = Math.max(newest, row.at);
    const expected = [...oracle.add(row), ...oracle.watermark(newest - 1)];
    assert.equal(sorted(got), sorted(expected.map(resultOf)), `after row ${i} of ${text(rows)}`);
  }
  const rest = oracle.watermark(Number.POSITIVE_INFINITY).map(resultOf);
  assert.equal(sorted(await subject.end()), sorted(rest), `at the end of ${text(rows)}`);
}
