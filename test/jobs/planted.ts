/**
 * A job without end in which one thing is wrong, as its parameters say: three exchanges between a source, two stages of
 * equal work, a keyed total and a sink.
 */
import { job, t } from 'sluice';
import { discard, generate } from 'sluice/connectors';

const Row = t.record({ n: t.int64, lane: t.int32, user: t.string, a: t.int32 });
type Row = typeof Row.row;

/** Rounds of hashing; about 2 us a thousand. */
function burn(seed: number, rounds: number): number {
  let hash = seed | 0;
  for (let i = 0; i < rounds; i++) hash = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + i) | 0;
  return hash;
}

const STAGES = ['source', 'first', 'second', 'total', 'sink'];
/** What a stage does for every record, and what the slow one does. */
const LIGHT = 200;
const HEAVY = 20_000;

let kept: object[] = [];

export default job(
  'planted',
  {
    params: {
      cause: t.string,
      at: t.string.default('second'),
      parallelism: t.int32.default(2),
      rate: t.float64.default(0),
      keepOneOf: t.int32.default(1),
    },
  },
  (flow, { cause, at, parallelism, rate, keepOneOf }) => {
    const isAt = (stage: string, of: string): boolean => cause === of && at === stage;
    const work =
      (stage: string) =>
      (row: Row): Row => {
        let rounds = isAt(stage, 'cpu') ? HEAVY : LIGHT;
        if (isAt(stage, 'slow-subtask') && row.lane % parallelism === 1) rounds = HEAVY;
        if (isAt(stage, 'garbage')) {
          for (let i = 0; i < 300; i++) kept.push({ i, at: [row.n, row.a] });
          if (kept.length > 2_000_000) kept = [];
        }
        return { n: row.n, lane: row.lane, user: row.user, a: burn(row.a, rounds) };
      };
    const skewed = cause === 'key-skew';
    const source = flow.from(
      generate({
        schema: Row,
        make: (n) => ({
          n,
          lane: n,
          user: skewed && n % 10 < 8 ? 'user-17' : `user-${n % 1_000}`,
          a: burn(n, isAt('source', 'cpu') ? HEAVY : LIGHT),
        }),
        ...(rate > 0 && { ratePerSecond: rate }),
      }),
    );
    const evenly = (lane: number, receivers: number): number => lane % receivers;
    source
      .parallelism(1)
      .partitionCustom(evenly, 'lane')
      .map(Row, work(STAGES[1]!))
      .named('first')
      .parallelism(parallelism)
      .partitionCustom(evenly, 'lane')
      .filter((row) => row.n % keepOneOf === 0)
      .parallelism(parallelism)
      .map(Row, work(STAGES[2]!))
      .named('second')
      .parallelism(parallelism)
      .keyBy('user')
      .reduce((a, b) => ({ ...b, a: burn(a.a ^ b.a, skewed ? 4_000 : LIGHT) }))
      .named('total')
      .parallelism(parallelism)
      .rebalance()
      .to(discard(cause === 'sink-rate' ? { ratePerSecond: 500 } : {}))
      .parallelism(1);
  },
);
