/**
 * A job without end in which one thing is wrong, as a drawn case says: stages with an exchange before each, from a source to
 * a sink. Work is in rounds of hashing.
 */
import { job, type Stream, t } from 'sluice';
import { discard, generate } from 'sluice/connectors';
import { burn } from '../probes/burn.js';
import { type PlantedCase, stageName } from '../probes/planted-case.js';

const Row = t.record({ n: t.int64, lane: t.int32, user: t.string, a: t.int32 });
type Row = typeof Row.row;

const LIGHT_ROUNDS = 100;
const USERS = 1_000;
/** Rows a second of a line beside it that has time. */
const TWIN_RATE = 2_000;
const SINK_RATE = 1_000;
/** Values of an undeclared row that has no flat shape. */
const VALUES = 60;
/** Calls at a time, and how long each takes. */
const CAPACITY = 4;
const ANSWER_MS = 5;
const OBJECTS_PER_ROW = 300;
const OBJECTS_KEPT_MAX = 2_000_000;

let kept: object[] = [];

/** What stages do for a row. */
function workOf(heavyRounds: number) {
  const light = (row: Row): Row => ({ ...row, a: burn(row.a, LIGHT_ROUNDS) });
  return {
    light,
    heavy: (row: Row): Row => ({ ...row, a: burn(row.a, heavyRounds) }),
    littering: (row: Row): Row => {
      for (let i = 0; i < OBJECTS_PER_ROW; i++) kept.push({ i, of: [row.n, row.a] });
      if (kept.length > OBJECTS_KEPT_MAX) kept = [];
      return light(row);
    },
    slowly: async (row: Row): Promise<Row> => {
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
      return light(row);
    },
  };
}

/** @param plan   a `PlantedCase` as JSON; @param roundsPerUs  of hashing, on this machine */
export default job(
  'planted',
  { params: { plan: t.string, roundsPerUs: t.float64 } },
  (flow, { plan, roundsPerUs }) => {
    const { cause, topology, stages, at, parallelism, subtask, workUs, share } = JSON.parse(
      plan,
    ) as PlantedCase;
    const heavyRounds = Math.round(workUs * roundsPerUs);
    const ofShare = (n: number): boolean => (n * 0.618) % 1 < share;
    const sourceOf = (name: string, ratePerSecond: number | null): Stream<Row> =>
      flow
        .from(
          generate({
            schema: Row,
            make: (n) => ({
              ...{ n, lane: n, a: n & 0xffff },
              user: cause === 'key-skew' && ofShare(n) ? 'user-17' : `user-${n % USERS}`,
            }),
            ...(ratePerSecond !== null && { ratePerSecond }),
          }),
        )
        .named(name)
        .parallelism(1);

    const { heavy, light, littering, slowly } = workOf(heavyRounds);
    const ofOneLane = (row: Row): Row => (row.lane % parallelism === subtask ? heavy(row) : light(row));
    const evenly = (lane: number, receivers: number): number => lane % receivers;
    const unevenly = (lane: number, receivers: number): number =>
      ofShare(lane) ? subtask : lane % receivers;

    const planted = (stream: Stream<Row>): Stream<Row> => {
      if (cause === 'key-skew')
        return stream.keyBy('user').reduce((a, b) => ({ ...b, a: burn(a.a ^ b.a, heavyRounds) }));
      if (cause === 'slow-subtask') return stream.partitionCustom(evenly, 'lane').map(Row, ofOneLane);
      if (cause === 'uneven-partition') return stream.partitionCustom(unevenly, 'lane').map(Row, heavy);
      if (cause === 'garbage') return stream.rebalance().map(Row, littering);
      if (cause === 'async-wait') return stream.rebalance().mapAsync(Row, slowly, { capacity: CAPACITY });
      if (cause === 'cpu' || cause === 'few-cores') return stream.rebalance().map(Row, heavy);
      return stream.rebalance().map(Row, light);
    };
    const stage = (stream: Stream<Row>, index: number): Stream<Row> =>
      index === at
        ? planted(stream).named(stageName(index)).parallelism(parallelism)
        : stream.rebalance().map(Row, light).named(stageName(index)).parallelism(1);
    /** A row whose list nobody declared, and what is left of it at the other end. */
    const undeclared = (stream: Stream<Row>): Stream<Row> =>
      stream
        .rebalance()
        .map((row) => ({
          row,
          values: Array.from({ length: VALUES }, (_, i) => ({ i, of: `${row.a + i}` })),
        }))
        .named(stageName(at))
        .parallelism(1)
        .rebalance()
        .map(Row, ({ row }) => row as Row)
        .named('unpack')
        .parallelism(1);

    const rate = cause === 'none' ? TWIN_RATE + workUs * 50 : null;
    let line = sourceOf('source', rate);
    for (let index = 0; index < stages; index++) {
      line = cause === 'undeclared' && index === at ? undeclared(line) : stage(line, index);
      if (topology === 'fork' && index === 0)
        line.rebalance().map(Row, light).named('branch').parallelism(1).to(discard());
    }
    line
      .rebalance()
      .to(discard(cause === 'sink-rate' ? { ratePerSecond: SINK_RATE } : {}))
      .named('sink')
      .parallelism(1);
    if (topology === 'twin')
      sourceOf('twin', TWIN_RATE)
        .rebalance()
        .map(Row, light)
        .named('twin-stage')
        .parallelism(1)
        .to(discard());
  },
);
