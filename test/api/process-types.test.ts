import { expectTypeOf } from 'expect-type';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildJob } from '../../engine/api/build-job.js';
import {
  aggregatingState,
  job,
  type KeyedContext,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  listState,
  mapState,
  outputTag,
  type ProcessContext,
  ProcessFunction,
  reducingState,
  type Stream,
  t,
  valueState,
} from '../../engine/index.js';
import { Flight, faultsOf, operatorOf, sink, source } from '../kit/plan-kit.js';

type RowsOf<S> = S extends Stream<infer R> ? R : never;
type FlightRow = typeof Flight.row;

/** The compiler is the judge here: a line marked as an error that compiles fails the type check. */
const types = suite('types of process functions');

const Alert = t.record({ origin: t.string, n: t.int32 });
type Alert = typeof Alert.row;
const late = outputTag('late', Flight);
const faultsIn = (build: (flights: any) => Stream<any>): readonly string[] =>
  faultsOf(job('faulty', (flow) => void build(flow.from(source(Flight))).to(sink())));

class Alerts extends KeyedProcessFunction<FlightRow, Alert, string> {
  readonly seen = valueState(t.int32);
  readonly delays = listState(t.int32, { ttl: '1h', update: 'onReadAndWrite' });
  readonly to = mapState(t.string, t.int32);
  readonly worst = reducingState(t.int32, (a, b) => Math.max(a, b));
  readonly mean = aggregatingState({
    createAccumulator: () => ({ n: 0, sum: 0 }),
    add: (delay: number, { n, sum }) => ({ n: n + 1, sum: sum + delay }),
    getResult: ({ n, sum }) => sum / n,
  });

  override processElement(flight: FlightRow, ctx: KeyedContext<Alert, string>): void {
    expectTypeOf(this.seen.value()).toEqualTypeOf<number | null>();
    expectTypeOf(this.to.get('x')).toEqualTypeOf<number | null>();
    expectTypeOf(this.mean.get()).toEqualTypeOf<number | null>();
    expectTypeOf(this.delays.get()).toEqualTypeOf<readonly number[]>();
    expectTypeOf(ctx.key).toEqualTypeOf<string>();
    ctx.output(late, flight);
    // @ts-expect-error a row of another tag
    ctx.output(late, { n: 1 });
    // @ts-expect-error a state of numbers
    this.seen.update('one');
    // @ts-expect-error alerts have an origin
    ctx.emit({ n: 1 });
  }
}

class Plain extends ProcessFunction<FlightRow, { n: number }> {
  override processElement(flight: FlightRow, ctx: ProcessContext<{ n: number }>): void {
    ctx.emit({ n: flight.delay });
    // @ts-expect-error timers are of a key
    ctx.timers;
  }
}

class Kept extends ProcessFunction<FlightRow, { n: number }> {
  readonly seen = valueState(t.int32);
  override processElement(): void {}
}

class OfOthers extends KeyedProcessFunction<{ price: number }, Alert> {
  override processElement(): void {}
}

types('rows, keys and states are typed from the stream to the side output', () => {
  const built = job('typed', (flow) => {
    const flights = flow.from(source(Flight));
    const keyed = flights.keyBy('origin');
    const alerts = keyed.process(Alerts);
    expectTypeOf<RowsOf<typeof alerts>>().toEqualTypeOf<Alert>();
    const declared = keyed.process(Alert, Alerts);
    expectTypeOf<RowsOf<typeof declared>>().toEqualTypeOf<Alert>();
    const plain = flights.process(Plain);
    expectTypeOf<RowsOf<typeof plain>>().toEqualTypeOf<{ n: number }>();
    const side = alerts.sideOutput(late);
    expectTypeOf<RowsOf<typeof side>>().toEqualTypeOf<FlightRow>();
    const { far, rest } = flights.split({ far: (flight) => (flight.distance ?? 0) > 1_000 });
    expectTypeOf<RowsOf<typeof far>>().toEqualTypeOf<FlightRow>();
    for (const stream of [alerts, declared, plain, side, far, rest]) stream.to(sink());
  });
  const { plan } = buildJob(built);
  const [first] = plan.operators.filter(({ config }) => config.kind === 'keyed-process');
  assert.ok(first!.config.kind === 'keyed-process');
  assert.equal(
    first!.config.states.map(({ name, kind, type, ttl }) => [
      name,
      kind,
      type?.kind ?? null,
      ttl?.ms ?? null,
    ]),
    [
      ['seen', 'value', 'int32', null],
      ['delays', 'list', 'int32', 3_600_000],
      ['to', 'map', 'int32', null],
      ['worst', 'reducing', 'int32', null],
      ['mean', 'aggregating', null, null],
    ],
  );
  assert.is(operatorOf(plan, 'late').config.kind, 'side-output');
});

class Pairs extends KeyedCoProcessFunction<FlightRow, { delay: number; name: string }, Alert, number> {
  override processElement1(flight: FlightRow, ctx: KeyedContext<Alert, number>): void {
    ctx.emit({ origin: flight.origin, n: ctx.key });
  }
  override processElement2(): void {}
}

types('the rows of both streams are those of the function', () => {
  const Named = t.record({ delay: t.int32, name: t.string });
  const built = job('pairs', (flow) => {
    const [flights, names] = [flow.from(source(Flight)), flow.from(source(Named))];
    const pairs = flights.keyBy('delay').connect(names.keyBy('delay')).process(Alert, Pairs);
    expectTypeOf<RowsOf<typeof pairs>>().toEqualTypeOf<Alert>();
    pairs.to(sink());
    // @ts-expect-error the streams are the other way round
    names.keyBy('delay').connect(flights.keyBy('delay')).process(Pairs).to(sink());
    // @ts-expect-error of one stream
    flights.keyBy('delay').connect(names.keyBy('delay')).process(Alerts);
  });
  assert.throws(
    () => buildJob(built),
    /a class that extends KeyedCoProcessFunction is expected here, not Alerts/,
  );
  const unkeyed = job('unkeyed', (flow) => {
    flow
      .from(source(Flight))
      .connect(flow.from(source(Named)))
      .process(Alert, Pairs)
      .to(sink());
  });
  assert.throws(() => buildJob(unkeyed), /state is kept by key; write keyBy for both streams before process/);
});

types('a function that does not fit does not compile, and is refused where nobody compiles', () => {
  const check = (build: (flow: any) => unknown): readonly string[] => faultsIn(build as never);
  job('refused', (flow) => {
    const flights = flow.from(source(Flight));
    // @ts-expect-error rows without a price
    flights.keyBy('origin').process(OfOthers);
    // @ts-expect-error the key is a number
    flights.keyBy('delay').process(Alerts);
    // @ts-expect-error a function of a key
    flights.process(Alerts);
    // @ts-expect-error a function without a key
    flights.keyBy('origin').process(Plain);
    // @ts-expect-error state without a key
    flights.process(Kept);
    // @ts-expect-error rows of another type
    flights.keyBy('origin').process(Flight, Alerts);
    // @ts-expect-error the name of what is left
    flights.split({ rest: () => true });
  });
  assert.equal(
    check((flights) => flights.process(Kept)),
    ['ARGUMENT_INVALID: process: state is kept by key; write keyBy before process'],
  );
  assert.equal(
    check((flights) => flights.process(Alerts)),
    ['ARGUMENT_INVALID: process: a class that extends ProcessFunction is expected here, not Alerts'],
  );
  assert.equal(
    check((flights) => flights.keyBy('origin').process(() => {})),
    ['ARGUMENT_INVALID: process: a class that extends KeyedProcessFunction is expected here, not a function'],
  );
  assert.match(
    check((flights) => flights.process(5, Plain)).join(),
    /the result is declared by t\.record\(\{ … \}\), not by a number/,
  );
});

types('what is wrong inside of a function is found before the job runs', () => {
  const keyed = (Fn: any): string => faultsIn((flights) => flights.keyBy('origin').process(Fn)).join();
  abstract class Base extends KeyedProcessFunction<FlightRow, Alert> {
    override processElement(): void {}
  }
  class Hidden extends Base {
    readonly #seen = valueState(t.int32);
    override close(): void {
      this.#seen.clear();
    }
  }
  class Twice extends Base {
    readonly a = valueState(t.int32);
    readonly b = this.a;
  }
  class Later extends Base {
    override async processElement(): Promise<void> {}
  }
  class Waiting extends Base {
    override async open(): Promise<void> {}
  }
  class Throwing extends Base {
    readonly n = Number(null!['x']);
  }
  class Early extends Base {
    readonly seen = valueState(t.int32);
    readonly n = this.seen.value();
  }
  class Short extends Base {
    readonly seen = valueState(t.int32, { ttl: '0s' });
  }
  assert.match(keyed(Hidden), /ARGUMENT_INVALID: process: a value state is in no field of its own/);
  assert.match(keyed(Twice), /fields a and b hold one state/);
  assert.match(keyed(Later), /an async function cannot be used here/);
  assert.match(keyed(Waiting), /process, open: an async function cannot be used here/);
  assert.match(keyed(Throwing), /JOB_BUILDER_FAILED: process: Throwing cannot be made: TypeError/);
  assert.match(keyed(Early), /CONTEXT_OUT_OF_SCOPE: process: Early cannot be made: a state was used/);
  assert.match(
    keyed(Short),
    /PLAN_DURATION_INVALID: process: Short cannot be made: valueState: the ttl is '0s'/,
  );
  for (const [make, words] of [
    [() => valueState(t.int32, { ttl: '1h', update: 'never' as never }), /update is 'onCreateAndWrite' or/],
    [
      () => valueState(t.int32, { ttl: '1h', visibility: 'x' as never }),
      /visibility is 'neverReturnExpired' or/,
    ],
    [() => valueState(t.int32, { update: 'onReadAndWrite' }), /there is none/],
    [() => valueState(t.int32, { life: '1h' } as never), /there is no option 'life'/],
    [
      () => mapState(t.bytes as never, t.int32),
      /keys are strings, numbers, bigints or truth values, not bytes/,
    ],
    [() => reducingState(t.int32 as never), /a function of two values is expected/],
    [() => aggregatingState({} as never), /createAccumulator, add and getResult are expected/],
  ] as const)
    assert.throws(make, words);
});

types.run();
