import { expectTypeOf } from 'expect-type';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildJob } from '../../engine/api/build-job.js';
import type { InputsOf, JobDeclaration, OutputsOf, ParamsOf } from '../../engine/api/job.js';
import {
  count,
  job,
  max,
  mean,
  min,
  type Stream,
  start,
  sum,
  t,
  tumbling,
  windowEnd,
  windowStart,
} from '../../engine/index.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { Flight, faultsOf, sink, source } from '../kit/plan-kit.js';

type RowsOf<S> = S extends Stream<infer R> ? R : never;

/** The compiler is the judge here: a line marked as an error that compiles fails the type check. */
const types = suite('types of jobs');

const Rich = t.record({ name: t.string, big: t.bigint, maybe: t.nullable(t.bigint), ok: t.bool, n: t.int64 });

types('row types flow from the source to the sink', () => {
  const built = job('flow', (flow) => {
    const flights = flow.from(source(Flight));
    expectTypeOf<RowsOf<typeof flights>>().toEqualTypeOf<{
      date: number;
      delay: number;
      distance: number | null;
      origin: string;
      destination: string;
    }>();
    const daily = flights
      .eventTime('date', { outOfOrderness: '1h' })
      .filter((f) => f.delay > 0)
      .keyBy('origin')
      .window(tumbling('1d', { offset: '-1h' }))
      .aggregate({
        from: windowStart(),
        to: windowEnd(),
        flights: count(),
        mean: mean('delay'),
        worst: max('delay'),
        far: max('distance'),
        total: sum('distance'),
        last: min('destination'),
      });
    expectTypeOf<RowsOf<typeof daily>>().toEqualTypeOf<{
      origin: string;
      from: number;
      to: number;
      flights: number;
      mean: number;
      worst: number;
      far: number | null;
      total: number | null;
      last: string;
    }>();
    daily.to(sink());
  });
  assert.is(buildJob(built).plan.operators.length, 5);
});

types('small numbers are numbers, and bytes are Uint8Array', () => {
  const Small = t.record({ a: t.int8, b: t.int16, c: t.uint32, d: t.float32, e: t.nullable(t.bytes) });
  expectTypeOf(Small.row).toEqualTypeOf<{
    a: number;
    b: number;
    c: number;
    d: number;
    e: Uint8Array | null;
  }>();
  assert.equal(
    Small.fields.map(({ kind }) => kind),
    ['int8', 'int16', 'uint32', 'float32', 'bytes'],
  );
  const raw = t.bytes as never; // bytes cannot be written on a command line
  assert.throws(() => job('p', { params: { raw } }, () => undefined), /ARGUMENT_INVALID.*'raw'.*bytes/);
  // @ts-expect-error as above
  const params: JobDeclaration['params'] = { raw: t.bytes };
  assert.ok(params);
});

types('parameters have defaults, and fields of records have none', () => {
  const limit = t.int32.default(5);
  assert.ok(job('p', { params: { limit } }, () => undefined));
  // @ts-expect-error a row has all its fields
  assert.throws(() => t.record({ limit }), /ARGUMENT_INVALID: field 'limit': a default is for parameters/);
});

types('nested types have the types of their values, and unions narrow on their tag', () => {
  const Item = t.record({ name: t.string, price: t.nullable(t.float32) });
  const Order = t.record({
    url: t.record({ host: t.string }),
    items: t.list(Item),
    labels: t.map(t.list(t.bigint)),
    event: t.union('kind', { click: t.record({ x: t.int32 }), view: Item }),
    maybe: t.nullable(Item),
  });
  expectTypeOf(Order.row).toEqualTypeOf<{
    url: { host: string };
    items: { name: string; price: number | null }[];
    labels: Map<string, bigint[]>;
    event: { kind: 'click'; x: number } | { kind: 'view'; name: string; price: number | null };
    maybe: { name: string; price: number | null } | null;
  }>();
  job('narrowed', (flow) => {
    const orders = flow.from(source(Order));
    orders.filter(({ event }) => (event.kind === 'click' ? event.x > 0 : event.name !== ''));
    // @ts-expect-error only a click has x
    orders.filter(({ event }) => event.x > 0);
    // @ts-expect-error a record of another shape
    orders.map(Item, () => ({ name: 'a', price: 'b' }));
    const byHost = orders.keyBy((order) => order.url.host, t.string).aggregate({ n: count() });
    expectTypeOf<RowsOf<typeof byHost>>().toEqualTypeOf<{ key: string; n: number }>();
  });
  assert.is(Order.fields.length, 5);
});

types('a view can be read and nothing else: not changed, returned, emitted or spread', () => {
  const Id = t.record({ delay: t.int32 });
  job('views', (flow) => {
    const flights = flow.from(source(Flight));
    const slow = flights.filter(
      (flight) => {
        expectTypeOf(flight.delay).toEqualTypeOf<number>();
        // @ts-expect-error a view is read-only
        flight.delay = 1;
        return flight.delay > 0;
      },
      { view: true },
    );
    expectTypeOf<RowsOf<typeof slow>>().toEqualTypeOf<RowsOf<typeof flights>>();
    const mapped = flights.map((flight) => ({ twice: flight.delay * 2 }), { view: true });
    expectTypeOf<RowsOf<typeof mapped>>().toEqualTypeOf<{ twice: number }>();
    const declared = flights.map(Id, ({ delay }) => ({ delay }), { view: true });
    expectTypeOf<RowsOf<typeof declared>>().toEqualTypeOf<{ delay: number }>();
    const grown = flights.with({ far: [t.bool, (flight) => flight.delay > 9] }, { view: true });
    expectTypeOf<RowsOf<typeof grown>['far']>().toEqualTypeOf<boolean>();
    const many = flights.flatMap((flight) => [{ n: flight.delay }], { view: true });
    expectTypeOf<RowsOf<typeof many>>().toEqualTypeOf<{ n: number }>();
    // @ts-expect-error a view is good for its call only
    flights.map((flight) => flight, { view: true });
    // @ts-expect-error the same, where members would fit
    flights.map(Id, (flight) => flight, { view: true });
    // @ts-expect-error it would be empty
    flights.map((flight) => ({ ...flight, n: 1 }), { view: true });
    // @ts-expect-error a view is good for its call only
    flights.flatMap((flight) => [flight], { view: true });
    // @ts-expect-error there is one option
    flights.filter(() => true, { view: 'yes' });
  });
  assert.is(Id.fields.length, 1);
});

types('bigint stays bigint, and means are numbers', () => {
  job('bigints', (flow) => {
    const totals = flow
      .from(source(Rich))
      .keyBy('name', 'ok')
      .aggregate(
        { total: sum('big'), some: sum('maybe'), mean: mean('big'), least: min('big') },
        { emit: 'final' },
      );
    expectTypeOf<RowsOf<typeof totals>>().toEqualTypeOf<{
      name: string;
      ok: boolean;
      total: bigint;
      some: bigint | null;
      mean: number;
      least: bigint;
    }>();
  });
});

types('declared and undeclared results, picks and added columns have exact types', () => {
  job('steps', (flow) => {
    const rows = flow.from(source(Rich));
    const picked = rows.pick('n', 'name');
    expectTypeOf<RowsOf<typeof picked>>().toEqualTypeOf<{ n: number; name: string }>();
    const added = rows.with({ n: [t.string, (r) => r.name], half: [t.float64, (r) => r.n / 2] });
    expectTypeOf<RowsOf<typeof added>>().toEqualTypeOf<{
      name: string;
      big: bigint;
      maybe: bigint | null;
      ok: boolean;
      n: string;
      half: number;
    }>();
    const undeclared = rows.map((r) => ({ a: r.name, b: r.n > 1 }));
    expectTypeOf<RowsOf<typeof undeclared>>().toEqualTypeOf<{ a: string; b: boolean }>();
    const Pair = t.record({ a: t.string, b: t.int32 });
    const declared = rows.map(Pair, (r) => ({ a: r.name, b: 1 }));
    expectTypeOf<RowsOf<typeof declared>>().toEqualTypeOf<{ a: string; b: number }>();
    const returned = rows.flatMap((r) => [{ a: r.n }]);
    expectTypeOf<RowsOf<typeof returned>>().toEqualTypeOf<{ a: number }>();
    const emitted = rows.flatMap(Pair, (r, emit) => emit({ a: r.name, b: 1 }));
    expectTypeOf<RowsOf<typeof emitted>>().toEqualTypeOf<{ a: string; b: number }>();
    const byFunction = rows.keyBy((r) => r.n % 2 === 0, t.bool).aggregate({ n: count() });
    expectTypeOf<RowsOf<typeof byFunction>>().toEqualTypeOf<{ key: boolean; n: number }>();
    const reduced = rows.keyBy('n').reduce((a) => a);
    expectTypeOf<RowsOf<typeof reduced>>().toEqualTypeOf<RowsOf<typeof rows>>();
  });
});

types('a partitioner keeps the row type, and a custom one gets the type of its key', () => {
  job('spread', (flow) => {
    const rows = flow.from(source(Flight));
    const spread = rows.rebalance().rescale().broadcast().global().shuffle().forward();
    expectTypeOf<RowsOf<typeof spread>>().toEqualTypeOf<RowsOf<typeof rows>>();
    rows.partitionCustom((key, receivers) => {
      expectTypeOf(key).toEqualTypeOf<number | null>();
      expectTypeOf(receivers).toEqualTypeOf<number>();
      return 0;
    }, 'distance');
    rows.partitionCustom(
      (key: string) => key.length,
      (row) => row.origin,
    );
    // @ts-expect-error no such field
    rows.partitionCustom(() => 0, 'orgin');
    // @ts-expect-error the field is a string
    rows.partitionCustom((key: number) => key, 'origin');
    rows.partitionCustom(
      (key: number) => key,
      // @ts-expect-error the function gives a string
      (row) => row.origin,
    );
    // @ts-expect-error a subtask has a number
    rows.partitionCustom((key) => key, 'origin');
    // @ts-expect-error it is no operator
    rows.rebalance().named('x');
    // @ts-expect-error it is no operator
    rows.rebalance().parallelism(2);
    // @ts-expect-error it is no operator
    rows.global().uid('x');
    // @ts-expect-error it is no operator
    rows.shuffle().startNewChain();
    // @ts-expect-error it is no operator
    rows.forward().disableChaining();
    return { out: rows.rebalance() };
  });
});

types('what cannot be does not compile', () => {
  const wrong = job('wrong', (flow) => {
    const rows = flow.from(source(Rich));
    const flights = flow.from(source(Flight)).eventTime('date');
    // @ts-expect-error no such field
    flights.keyBy('orgin');
    // @ts-expect-error no such field
    flights.pick('orgin');
    // @ts-expect-error no such field
    flights.filter((f) => f.dely > 0);
    // @ts-expect-error no such field
    flow.from(source(Flight)).eventTime('dat');
    // @ts-expect-error the unit is wrong
    flights.keyBy('origin').window(tumbling('1 day'));
    // @ts-expect-error whole numbers only
    flights.keyBy('origin').window(tumbling('1.5h'));
    // @ts-expect-error the unit is wrong
    flights.eventTime('date', { outOfOrderness: '1 hour' });
    // @ts-expect-error a string has no sum
    flights.keyBy('origin').aggregate({ x: sum('origin') });
    // @ts-expect-error a boolean has no maximum
    rows.keyBy('name').aggregate({ x: max('ok') });
    // @ts-expect-error no such field
    flights.keyBy('origin').aggregate({ x: max('dely') });
    // @ts-expect-error no window here
    flights.keyBy('origin').aggregate({ x: windowStart() });
    // @ts-expect-error the declared field is missing
    rows.map(t.record({ a: t.string }), (r) => ({ b: r.n }));
    // @ts-expect-error the declared field is of another type
    rows.map(t.record({ a: t.string }), (r) => ({ a: r.n }));
    // @ts-expect-error an undeclared result has no such field
    rows.map((r) => ({ a: r.n })).keyBy('b');
    // @ts-expect-error an undeclared result has no such field
    rows.map((r) => ({ a: r.n })).filter((r) => r.b > 0);
    // @ts-expect-error a row is an object
    rows.map((r) => r.n);
    // @ts-expect-error the function gives a number, not a string
    rows.with({ a: [t.string, (r) => r.n] });
    // @ts-expect-error the key function gives a number, not a string
    rows.keyBy((r) => r.n, t.string);
    // @ts-expect-error nullable is not its type
    rows.keyBy((r) => r.maybe, t.bigint);
    // @ts-expect-error a reduce gives a row of the same type
    rows.keyBy('name').reduce((a) => ({ name: a.name }));
    // @ts-expect-error neither of the two words
    rows.keyBy('name').reduce((a) => a, { emit: 'always' });
    // @ts-expect-error a sink of other rows
    rows.to({ ...sink(), accepts: (_row: { other: number }) => undefined });
  });
  assert.ok(faultsOf(wrong).length > 10);
});

types('parameters, inputs and outputs travel with the job', () => {
  const typed = job(
    'typed',
    {
      params: { path: t.string, limit: t.int32.default(3), since: t.nullable(t.timestamp) },
      inputs: { events: Rich },
    },
    ({ from, events }, { path, limit, since }) => {
      expectTypeOf({ path, limit, since }).toEqualTypeOf<{
        path: string;
        limit: number;
        since: number | null;
      }>();
      from(source(Flight)).to(sink());
      return { names: events.pick('name') };
    },
  );
  expectTypeOf<ParamsOf<typeof typed>>().toMatchTypeOf<{ path: string; limit?: number | string }>();
  expectTypeOf<{ path: string }>().toMatchTypeOf<ParamsOf<typeof typed>>();
  expectTypeOf<{ limit: number }>().not.toMatchTypeOf<ParamsOf<typeof typed>>();
  expectTypeOf<InputsOf<typeof typed>['events']['big']>().toEqualTypeOf<bigint>();
  expectTypeOf<OutputsOf<typeof typed>>().toEqualTypeOf<{ readonly names: { name: string } }>();

  const inline = () => runInline(typed, { inputs: { events: [] } });
  expectTypeOf<Awaited<ReturnType<typeof inline>>['names'][number]>().toEqualTypeOf<{ name: string }>();

  const silent = job('silent', (flow) => flow.from(source(Flight)).to(sink()));
  expectTypeOf<OutputsOf<typeof silent>>().toEqualTypeOf<{}>();
  // @ts-expect-error an output needs a name
  job('unnamed', (flow) => flow.from(source(Flight)));
  // @ts-expect-error a builder is synchronous
  job('async', async (flow) => void flow.from(source(Flight)).to(sink()));
});

types('live ends have the types of the job they belong to', () => {
  const inputs = { events: Rich, plain: t.record({ a: t.int32 }) };
  const typed = job('live', { params: { limit: t.int32 }, inputs }, ({ events, plain }) => ({
    names: events.pick('name', 'big'),
    numbers: plain.map(({ a }) => ({ b: String(a) })),
  }));
  type Typed = typeof typed;
  const use = async () => {
    const run = await start<Typed>('job.ts', {
      params: { limit: 3 },
      inputs: { plain: [{ a: 1 }], events: { capacity: 10, high: 10, low: 5, unit: 'bytes' } },
      outputs: { names: 'live', numbers: 'final' },
    });
    const { name, big, maybe, ok, n } = { name: '', big: 1n, maybe: null, ok: true, n: 1 };
    await run.inputs.events.push({ name, big, maybe, ok, n });
    expectTypeOf(run.inputs.plain.tryPush({ a: 1 })).toEqualTypeOf<boolean>();
    for await (const row of run.outputs.names)
      expectTypeOf(row).toEqualTypeOf<{ name: string; big: bigint }>();
    for await (const row of run.outputs.numbers) expectTypeOf(row).toEqualTypeOf<{ b: string }>();
    // @ts-expect-error no such input
    run.inputs.evnts;
    // @ts-expect-error no such output
    run.outputs.nmes;
    // @ts-expect-error a field is missing
    run.inputs.events.push({ name });
    // @ts-expect-error a field is of another type
    run.inputs.plain.tryPush({ a: '1' });
    // @ts-expect-error no such parameter
    start<Typed>('job.ts', { params: { limt: 3 } });
    // @ts-expect-error rows of another type
    start<Typed>('job.ts', { inputs: { plain: [{ b: 1 }] } });
    // @ts-expect-error no such input
    start<Typed>('job.ts', { inputs: { other: [] } });
    // @ts-expect-error no such output
    start<Typed>('job.ts', { outputs: { other: 'live' } });
    // @ts-expect-error neither of the two words
    start<Typed>('job.ts', { outputs: { names: 'now' } });
    const untyped = await start('job.ts');
    expectTypeOf(untyped.outputs['any']!).toEqualTypeOf<AsyncIterable<any>>();
  };
  assert.type(use, 'function');
});

types('a rate belongs to a source', () => {
  job('paced', ({ from }) => {
    from(source(Flight), { ratePerSecond: 5 }).to(sink());
    // @ts-expect-error a number
    from(source(Flight), { ratePerSecond: '5' }).to(sink());
    // @ts-expect-error no such option
    from(source(Flight), { rate: 5 }).to(sink());
  });
});

types.run();
