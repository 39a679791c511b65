import { expectTypeOf } from 'expect-type';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildJob } from '../../engine/api/build-job.js';
import { count, job, type Stream, t, tumbling } from '../../engine/index.js';
import { explainText } from '../../engine/plan/explain.js';
import { jobGraph } from '../../engine/plan/job-graph.js';
import { edgeId } from '../../engine/plan/logical-plan.js';
import { faultsOf, sink, source } from '../kit/plan-kit.js';

/** What `union` and `connect` write into a plan, what they refuse, and what the compiler says of them. */
const several = suite('several inputs of an operator');

const Event = t.record({ at: t.timestamp, user: t.string, n: t.int32 });
const Turned = t.record({ n: t.int32, user: t.string, at: t.timestamp });
const User = t.record({ name: t.string, age: t.nullable(t.int32) });

const events = (flow: any, schema: any = Event) => flow.from(source(schema));
const planOf = (build: (flow: any) => unknown) =>
  buildJob(
    job('several', (flow) => void build(flow)),
    { parallelism: 2 },
  );
const faults = (build: (flow: any) => unknown) => faultsOf(job('j', build as any));

/** A line per exchange. */
function exchangesOf(build: (flow: any) => unknown): string[] {
  const { vertices, exchanges } = jobGraph(planOf(build).plan, { parallelism: 2, chaining: true });
  return exchanges.map(
    ({ fromVertex, toVertex, partitioner, input, notChained }) =>
      `${vertices[fromVertex]!.name} | ${partitioner.kind} ${input} | ${vertices[toVertex]!.name} | ${notChained}`,
  );
}

several('a union is no operator: the next one has an edge from each stream, by its own partitioner', () => {
  const found = exchangesOf((flow) => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => events(flow).named(name));
    a.union(b.rebalance(), c.parallelism(3))
      .filter((e: any) => e.n > 0)
      .to(sink());
  });
  assert.equal(found, [
    'a | forward 0 | filter -> file | filter has several inputs',
    'b | rebalance 0 | filter -> file | rebalance partitioner',
    'c | rebalance 0 | filter -> file | parallelism changes from 3 to 2',
  ]);
});

several('what follows a union goes to all of its streams: keys, partitioners, sinks, further unions', () => {
  const [a, b] = [(flow: any) => events(flow).named('a'), (flow: any) => events(flow).named('b')];
  const edges = (build: (flow: any) => unknown): string[] =>
    exchangesOf(build).map((line) => line.split(' | ').slice(0, 3).join(' | '));
  assert.equal(
    edges((flow) => a(flow).union(b(flow)).keyBy('user').aggregate({ n: count() }).to(sink())),
    ['a | hash 0 | aggregate -> file', 'b | hash 0 | aggregate -> file'],
  );
  assert.equal(
    edges((flow) => a(flow).rebalance().union(b(flow)).broadcast().to(sink())),
    ['a | broadcast 0 | file', 'b | broadcast 0 | file'],
  );
  assert.equal(
    edges((flow) =>
      a(flow)
        .union(b(flow))
        .keyBy((e: any) => e.n % 3, t.int32)
        .aggregate({ n: count() })
        .to(sink()),
    ),
    ['a -> key | hash 0 | aggregate -> file', 'b -> key | hash 0 | aggregate -> file'],
    'a key function runs where the rows are',
  );
  assert.is(
    edges((flow) => {
      const ab = a(flow).union(b(flow));
      ab.union(ab).to(sink());
    }).length,
    4,
  );
});

several('edges between the same two operators have functions and places of their own', () => {
  const { plan, functions, sites } = planOf((flow) => {
    const all = events(flow);
    const [first, second] = [(n: number) => n, (n: number) => -n];
    all.partitionCustom(first, 'n').union(all, all.partitionCustom(second, 'n')).to(sink());
  });
  const ids = plan.edges.map(edgeId);
  assert.is(new Set(ids).size, 3);
  assert.equal(
    ids.map((id) => functions.get(id)?.fn?.(7)),
    [7, undefined, -7],
  );
  assert.equal(
    ids.map((id) => sites.has(id)),
    [true, false, true],
  );
});

several('rows of a union have the same fields, in any order', () => {
  assert.equal(
    faults((flow) => events(flow).union(events(flow, Turned)).to(sink())),
    [],
  );
  const other = t.record({ at: t.int64, user: t.nullable(t.string), m: t.list(t.int32) });
  assert.equal(
    faults((flow) =>
      events(flow)
        .union(events(flow, other).filter(() => true))
        .to(sink()),
    ),
    [
      'PLAN_SCHEMA_MISMATCH: union: the rows of from(rows) and those of filter have other fields: ' +
        "'at' is timestamp in the first and int64 in the second; 'user' is string in the first and string or null " +
        "in the second; 'n' is int32 in the first and missing in the second; " +
        '\'m\' is missing in the first and list of {"item":{"kind":"int32","nullable":false}} in the second',
    ],
  );
});

several('declared rows and undeclared ones do not come together, and undeclared ones may', () => {
  const loose = (flow: any) => events(flow).map(({ n }: any) => ({ n }));
  assert.equal(
    faults((flow) => loose(flow).union(loose(flow)).to(sink())),
    [],
  );
  const text = (declared: string, undeclared: string): string[] => [
    `PLAN_SCHEMA_MISSING: union: the rows of ${declared} are declared and those of ${undeclared} are not; declare them too, or neither`,
  ];
  assert.equal(
    faults((flow) => events(flow).union(loose(flow)).to(sink())),
    text('from(rows)', 'map'),
  );
  assert.equal(
    faults((flow) => loose(flow).union(events(flow)).to(sink())),
    text('from(rows)', 'map'),
  );
});

several('what is no stream of this job is refused', () => {
  const refused = (given: (flow: any) => unknown): string =>
    faults((flow) => events(flow).union(given(flow)).to(sink()))[0]!;
  assert.is(
    refused(() => null),
    'ARGUMENT_INVALID: union: a stream is expected here, not null',
  );
  assert.is(
    refused((flow) => events(flow).to(sink())),
    'ARGUMENT_INVALID: union: a stream is expected here, not an object',
  );
  let other: any;
  planOf((flow) => {
    other = events(flow);
    other.to(sink());
  });
  assert.is(
    refused(() => other),
    'ARGUMENT_INVALID: union: a stream is expected here, not a stream of another run of a builder',
  );
  assert.is(
    faults((flow) => events(flow).union().to(sink()))[0],
    'ARGUMENT_INVALID: union: name at least one stream',
  );
  assert.is(
    faults((flow) => events(flow).connect(7).map(String, String).to(sink()))[0],
    'ARGUMENT_INVALID: connect: a stream is expected here, not a number',
  );
});

several('a union is named, numbered and placed by the operators around it', () => {
  assert.equal(
    faults((flow) => events(flow).union(events(flow)).uid('u').named('n').parallelism(2).to(sink())),
    ['uid(u)', 'named(n)', 'parallelism(2)'].map(
      (call) => `ARGUMENT_INVALID: ${call}: union is no operator; say this before it, or of the next`,
    ),
  );
});

several('a window above a union needs the event time of every stream', () => {
  const windowed = (stream: any) =>
    stream.keyBy('user').window(tumbling('1s')).aggregate({ n: count() }).to(sink());
  const timed = (flow: any) => events(flow).eventTime('at');
  assert.equal(
    faults((flow) => windowed(timed(flow).union(timed(flow)))),
    [],
  );
  const [fault] = faults((flow) => windowed(timed(flow).union(events(flow))));
  assert.match(fault!, /^PLAN_EVENT_TIME_MISSING/);
});

several(
  'an operator of two inputs knows the edges of each, and reads what its function of it observes',
  () => {
    const build = (flow: any) =>
      events(flow)
        .named('events')
        .connect(events(flow, User).named('users').broadcast())
        .map(
          (e: any) => ({ text: e.user }),
          (u: any) => ({ text: u.name }),
        )
        .to(sink());
    assert.equal(
      exchangesOf(build).map((line) => line.split(' | ').slice(0, 3).join(' | ')),
      ['events | forward 0 | coMap -> file', 'users | broadcast 1 | coMap -> file'],
    );
    const { exchanges } = jobGraph(planOf(build).plan, { parallelism: 2, chaining: true });
    assert.equal(
      exchanges.map(({ required }) => required),
      [['user'], ['name']],
    );
  },
);

several('keys of connected streams agree in number and kind', () => {
  const keyed = (first: unknown, second: unknown, ...type: unknown[]): readonly string[] =>
    faults((flow) =>
      events(flow)
        .connect(events(flow, User))
        .keyBy(first, second, ...type)
        .map(
          () => ({}),
          () => ({}),
        )
        .to(sink()),
    );
  assert.equal(keyed('user', 'name'), []);
  assert.equal(keyed(['n', 'user'], ['age', 'name']), []);
  assert.equal(
    keyed(
      (e: any) => e.n,
      (u: any) => u.age,
      t.int32,
    ),
    [],
  );
  const text = 'PLAN_FIELD_TYPE: ';
  assert.equal(keyed('user', 'age'), [
    `${text}keyBy('user', 'age'): the key 'user' of the first stream is string, and 'age' of the second is int32`,
  ]);
  assert.equal(keyed(['n', 'user'], 'age'), [
    `${text}keyBy(['n', 'user'], 'age'): the first stream is keyed by 2 fields and the second by 1`,
  ]);
  assert.equal(
    faults((flow) =>
      events(flow)
        .keyBy('n')
        .connect(
          events(flow, User)
            .map((row: any) => ({ n: row.age }))
            .keyBy('n'),
        )
        .map(
          () => ({}),
          () => ({}),
        )
        .to(sink()),
    ),
    [
      'PLAN_SCHEMA_MISSING: connect: the rows of one stream are declared and those of the other are not, and so their keys differ',
    ],
  );
});

several('a key function of connected streams needs declared rows', () => {
  const loose = (flow: any) => events(flow).map(({ n }: any) => ({ n }));
  const key = (row: any) => row.n;
  const found = faults((flow) =>
    loose(flow)
      .connect(loose(flow))
      .keyBy(key, key, t.int32)
      .map(
        () => ({}),
        () => ({}),
      )
      .to(sink()),
  );
  assert.is(found.length, 2);
  const text = 'a key function needs rows of declared fields here; declare them: .map(schema, fn)';
  assert.is(found[0], `PLAN_SCHEMA_MISSING: keyBy(function, function): ${text}`);
});

several('a join reads its keys and what its function observes of each side, and needs two keys', () => {
  const build = (flow: any) =>
    events(flow)
      .keyBy('user')
      .join(events(flow, User).keyBy('name'))
      .map((e: any, { age }: any) => ({ n: e.n + age }))
      .to(sink());
  const { plan } = planOf(build);
  const graph = jobGraph(plan, { parallelism: 2, chaining: true });
  assert.equal(
    graph.exchanges.map(({ required, input }) => [input, required]),
    [
      [0, ['user', 'n']],
      [1, ['name', 'age']],
    ],
  );
  assert.match(explainText(plan, graph), /by user = name: functions observe n of the first input and age/);
  const refused = (other: (flow: any) => unknown): readonly string[] =>
    faults((flow) =>
      events(flow)
        .keyBy('user')
        .join(other(flow))
        .map(() => ({}))
        .to(sink()),
    );
  assert.equal(
    refused((flow) => events(flow, User)),
    ['ARGUMENT_INVALID: map: a join needs a key of both streams: a.keyBy(…).join(b.keyBy(…))'],
  );
  assert.equal(
    refused((flow) => events(flow, User).keyBy('age')),
    ["PLAN_FIELD_TYPE: join: the key 'user' of the first stream is string, and 'age' of the second is int32"],
  );
});

several('what a plan shows of an exchange tells the second input', () => {
  const { plan } = planOf((flow) =>
    events(flow)
      .connect(events(flow, User))
      .map(
        ({ n }: any) => ({ n }),
        ({ age }: any) => ({ n: age }),
      )
      .to(sink()),
  );
  const text = explainText(plan, jobGraph(plan, { parallelism: 2, chaining: true }));
  assert.match(text, /=> \[2\] from rows: forward/);
  assert.match(text, /=> \[2\], its second input, from rows: forward/);
  assert.match(text, /functions observe n of the first input and age of the second/);
});

type RowsOf<S> = S extends Stream<infer R> ? R : never;

several('types: a union takes streams of the same rows, and a connection knows both', () => {
  job('types', { inputs: { one: Event, two: Turned, users: User } }, ({ one, two, users }) => {
    const both = one.union(two);
    expectTypeOf<RowsOf<typeof both>>().toEqualTypeOf<{ at: number; user: string; n: number }>();
    // @ts-expect-error the rows of users are others
    one.union(users);
    // @ts-expect-error a union is of streams
    one.union();
    // @ts-expect-error a union has no name
    both.named('both');
    const connected = one.connect(users).keyBy('user', 'name');
    const mapped = connected.map(
      ({ n }) => ({ n }),
      ({ age }) => ({ n: age ?? 0 }),
    );
    expectTypeOf<RowsOf<typeof mapped>>().toEqualTypeOf<{ n: number }>();
    // @ts-expect-error users have no n
    one.connect(users).keyBy('user', 'n');
    connected.map(
      User,
      ({ user }) => ({ name: user, age: null }),
      // @ts-expect-error both functions give the declared rows
      ({ name }) => ({ name }),
    );
    const many = one
      .keyBy('n')
      .connect(users.broadcast())
      .flatMap(
        User,
        ({ user }, emit) => emit({ name: user, age: null }),
        (user) => [user],
      );
    expectTypeOf<RowsOf<typeof many>>().toEqualTypeOf<{ name: string; age: number | null }>();
    // @ts-expect-error a join is of keyed streams
    one.keyBy('n').join(users);
    const met = one
      .keyBy('user')
      .join(users.keyBy('name'))
      .map(({ at }, { age }) => ({ at, age }));
    expectTypeOf<RowsOf<typeof met>>().toEqualTypeOf<{ at: number; age: number | null }>();
    return { mapped, many, met };
  });
  assert.ok(true);
});

several.run();
