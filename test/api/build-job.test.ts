import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max, mean, min, sum, windowEnd, windowStart } from '../../engine/api/aggregates.js';
import { buildJob, buildJobChecked } from '../../engine/api/build-job.js';
import { COPY, JOB_BRAND, job, jobOrigin } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { isSluiceError, type SluiceError } from '../../engine/base/errors.js';
import { edgeId, planFingerprint } from '../../engine/plan/logical-plan.js';
import { t } from '../../engine/records/schema.js';
import { Flight, operatorOf, shapeOf, sink, source } from '../kit/plan-kit.js';

const building = suite('building a job');

const Rich = t.record({
  name: t.string,
  big: t.bigint,
  n: t.int64,
  x: t.nullable(t.float64),
  at: t.timestamp,
});

function caught(act: () => unknown): SluiceError {
  try {
    act();
  } catch (error) {
    if (isSluiceError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

building('a slip in a type is refused by its field, with the types there are', () => {
  const any = t as any;
  const slips = [
    () => t.record({ n: any.boolean }),
    () => t.record({ n: t.nullable(any.int) }),
    () => job('slip', { params: { n: any.int } }, () => {}),
  ];
  for (const make of slips) {
    const { code, message } = caught(make);
    assert.is(code, 'ARGUMENT_INVALID');
    assert.match(
      message,
      /^ARGUMENT_INVALID: (field 'n'|t.nullable|job 'slip': parameter 'n'): a type is expected here, not undefined; types are t.bool,/,
    );
  }
});

const flights = () =>
  job('flights', { params: { out: t.string.default('/out/flights.csv') } }, (flow, { out }) => {
    flow
      .from(source(Flight, '/in/flights'))
      .eventTime('date', { outOfOrderness: '1h' })
      .filter((f) => f.delay > 0)
      .keyBy('origin')
      .window(tumbling('1d', { offset: '-1h' }))
      .aggregate({ start: windowStart(), flights: count(), mean: mean('delay'), worst: max('delay') })
      .to(sink(out));
  });

building('gives operators with shapes, edges with partitioners, and functions by uid', () => {
  const { plan, functions } = buildJob(flights(), { parallelism: 3 });
  assert.equal(
    plan.operators.map(({ name }) => name),
    ['rows', 'eventTime', 'filter', 'window(tumbling 1d offset -1h)', 'file'],
  );
  assert.equal(
    plan.edges.map(({ partitioner }) => partitioner),
    [{ kind: 'default' }, { kind: 'default' }, { kind: 'hash', fields: ['origin'] }, { kind: 'default' }],
  );
  const window = operatorOf(plan, 'window(tumbling 1d offset -1h)').config;
  assert.equal(window.kind === 'window-aggregate' && window.window, {
    ...{ kind: 'tumbling', sizeMs: 86_400_000, offsetMs: -3_600_000 },
  });
  const filter = operatorOf(plan, 'filter');
  assert.equal(filter.config, { kind: 'filter', observed: ['delay'] });
  assert.is(functions.get(filter.uid)!.fn!({ delay: 1 }), true);
  assert.is(plan.params['out'], '/out/flights.csv');
  assert.is(plan.maxParallelism, 128);
});

building('aggregates have the kinds of their fields, and are nullable where SQL says so', () => {
  const { plan } = buildJob(
    job('kinds', (flow) => {
      const rows = flow.from(source(Rich)).eventTime('at');
      rows
        .keyBy('name', 'n')
        .window(tumbling('1h'))
        .aggregate({
          ...{ s: windowStart(), e: windowEnd(), c: count(), sn: sum('n'), sb: sum('big'), sx: sum('x') },
          ...{
            mn: mean('n'),
            mx: mean('x'),
            least: min('big'),
            last: max('at'),
            word: max('name'),
            low: min('x'),
          },
        })
        .to(sink());
    }),
  );
  assert.is(
    shapeOf(plan, 'window(tumbling 1h)'),
    'name:string n:int64 s:timestamp e:timestamp c:int64 sn:int64 sb:bigint sx:float64? ' +
      'mn:float64 mx:float64? least:bigint last:timestamp word:string low:float64?',
  );
});

building('sums of int32 are int64', () => {
  const { plan } = buildJob(
    job(
      'ints',
      (flow) =>
        void flow
          .from(source(Flight))
          .keyBy('origin')
          .aggregate({ s: sum('delay') })
          .print(),
    ),
  );
  assert.is(shapeOf(plan, 'aggregate'), 'origin:category s:int64');
});

building('a key function becomes a hidden column, and is named key in results', () => {
  const { plan } = buildJob(
    job('hidden', (flow) => {
      const keyed = flow.from(source(Flight)).keyBy((f) => f.delay > 60, t.bool);
      keyed.aggregate({ n: count() }, { emit: 'final' }).to(sink());
      keyed.reduce((a, b) => (a.delay > b.delay ? a : b)).to(sink(null, 'second'));
    }),
  );
  assert.is(shapeOf(plan, 'aggregate'), 'key:bool n:int64');
  assert.is(
    shapeOf(plan, 'key'),
    'date:timestamp delay:int32 distance:float64? origin:category destination:category $key:bool',
  );
  assert.is(
    shapeOf(plan, 'reduce'),
    'date:timestamp delay:int32 distance:float64? origin:category destination:category',
  );
  assert.equal(plan.edges[1]!.partitioner, { kind: 'hash', fields: ['$key'] });
});

building('picks keep the order given, and added columns replace or follow', () => {
  const { plan } = buildJob(
    job('columns', (flow) => {
      const rows = flow.from(source(Flight)).pick('origin', 'delay');
      rows
        .with({ delay: [t.float64, (r) => r.delay / 60], far: [t.nullable(t.bool), () => null] })
        .to(sink());
    }),
  );
  assert.is(shapeOf(plan, 'pick'), 'origin:category delay:int32');
  assert.is(shapeOf(plan, 'with'), 'origin:category delay:float64 far:bool?');
});

building('undeclared maps have undeclared rows until a result is declared', () => {
  const { plan } = buildJob(
    job('undeclared', (flow) => {
      const rows = flow.from(source(Flight)).map((f) => ({ from: f.origin, late: f.delay }));
      const sums = rows.keyBy('from').aggregate({ late: sum('late') });
      sums.map(t.record({ late: t.float64 }), ({ late }) => ({ late })).to(sink());
    }),
  );
  assert.is(shapeOf(plan, 'file'), 'late:float64');
  const aggregate = operatorOf(plan, 'aggregate').config;
  assert.is(aggregate.kind === 'keyed-aggregate' && aggregate.aggregates[0]!.kind, 'float64');
});

building('named inputs are streams, returned streams are named outputs, and from is bound', () => {
  const { plan } = buildJob(
    job('named', { inputs: { events: Rich } }, ({ events, from }) => {
      from(source(Flight)).to(sink());
      return { names: events.pick('name'), all: events };
    }),
  );
  assert.equal(
    plan.operators.map(({ config }) => config.kind),
    ['input', 'source', 'sink', 'pick', 'output', 'output'],
  );
  assert.is(shapeOf(plan, 'all'), 'name:string big:bigint n:int64 x:float64? at:timestamp');
});

building('equal arguments give equal fingerprints, and other parameters other ones', () => {
  const print = (out?: string) => planFingerprint(buildJob(flights(), { params: { out } }).plan);
  assert.is(print(), print());
  assert.is.not(print(), print('/elsewhere'));
  const { plan } = buildJob(flights(), { params: { out: '/elsewhere' } });
  assert.is(planFingerprint(buildJob(flights(), { params: plan.params }).plan), planFingerprint(plan));
});

building('derived uids depend on names and places alone; chosen ones stay', () => {
  const uids = (change: (name: string) => string | null) => {
    const written = job('uids', (flow) => {
      const rows = flow.from(source(Flight));
      const first = rows.filter((f) => f.delay > 0);
      const twin = rows.filter((f) => f.delay < 0);
      for (const [name, stream] of Object.entries({ first, twin })) {
        const chosen = change(name);
        if (chosen !== null) stream.uid(chosen);
        stream.keyBy('origin').aggregate({ n: count() }).to(sink());
      }
    });
    return buildJob(written).plan.operators.map(({ uid }) => uid);
  };
  const plain = uids(() => null);
  assert.is(new Set(plain).size, 7);
  assert.match(plain[1]!, /^filter-[0-9a-f]{8}$/);
  assert.equal(
    plain,
    uids(() => null),
  );
  const chosen = uids((name) => (name === 'twin' ? 'mine' : null));
  assert.is(chosen[2], 'mine');
  assert.equal([chosen[0], chosen[1], chosen[3], chosen[4]], [plain[0], plain[1], plain[3], plain[4]]);
  assert.is.not(chosen[5], plain[5]);
});

building('names, parallelism and chaining are what was said', () => {
  const { plan } = buildJob(
    job('said', (flow) => {
      const rows = flow.from(source(Flight)).named('flights').parallelism(2);
      const late = rows
        .filter((f) => f.delay > 0)
        .parallelism(2)
        .startNewChain();
      late.to(sink()).named('out').parallelism(2).disableChaining();
    }),
    { parallelism: 4 },
  );
  assert.equal(
    plan.operators.map(({ name, parallelism, chaining }) => `${name} ${parallelism} ${chaining}`),
    ['flights 2 always', 'filter 2 head', 'out 2 never'],
  );
});

building('sites name the line and column of the user', () => {
  const { plan, sites } = buildJob(flights());
  const site = sites.get(operatorOf(plan, 'filter').uid)!;
  assert.match(site, /build-job\.test\.[jt]s:\d+:\d+$/);
  assert.is(sites.get('none'), undefined);
  assert.is(new Set([...sites].map(([, each]) => each)).size, 5);
  assert.is(sites.size, 5);
});

building('a checked build names what differs in a builder that is not deterministic', () => {
  let runs = 0;
  const moving = job('moving', (flow) => void flow.from(source(Flight)).to(sink(`/out/${++runs}`)));
  const error = caught(() => buildJobChecked(moving));
  assert.is(error.code, 'PLAN_MISMATCH');
  assert.match(
    error.message,
    /operator 'file', config, options, path: "\/out\/1" and then "\/out\/2" \(.*:\d+:\d+\)$/,
  );
  assert.is(buildJobChecked(flights()).plan.operators.length, 5);
});

building('a checked build sees an operator that is there only sometimes', () => {
  let runs = 0;
  const moving = job('moving', (flow) => {
    const rows = flow.from(source(Flight));
    (runs++ === 0 ? rows : rows.filter((f) => f.delay > 0)).to(sink());
  });
  assert.match(caught(() => buildJobChecked(moving)).message, /operator 'file', .*"file" and then "filter"/);
});

building('a builder that throws is reported with its own line and cause', () => {
  const thrower = job('thrower', (flow) => {
    flow.from(source(Flight)).to(sink());
    throw new RangeError('too far');
  });
  const error = caught(() => buildJob(thrower));
  assert.is(error.code, 'JOB_BUILDER_FAILED');
  assert.match(
    error.message,
    /^JOB_BUILDER_FAILED: job 'thrower' at \S*build-job\.test\.[jt]s:\d+: RangeError: too far$/,
  );
  assert.instance(error.cause, RangeError);
});

building('an async builder is refused, and its rejection goes nowhere', async () => {
  const late: any = async () => {
    throw new Error('later');
  };
  assert.is(caught(() => buildJob(job('late', late))).code, 'JOB_BUILDER_ASYNC');
  await new Promise((resolve) => setTimeout(resolve, 5));
});

building('a stream cannot be continued after its job was built', () => {
  let kept: any;
  buildJob(
    job('kept', (flow) => {
      kept = flow.from(source(Flight));
      kept.to(sink());
    }),
  );
  assert.is(caught(() => kept.filter(() => true)).code, 'JOB_BUILDER_ASYNC');
});

building('a job of another copy and a value that is no job are told apart', () => {
  const own = flights();
  assert.equal(jobOrigin(own), { kind: 'own' });
  assert.is(own[JOB_BRAND], COPY);
  const foreign = { ...own, [JOB_BRAND]: 'file:///elsewhere/' };
  assert.equal(jobOrigin(foreign), { kind: 'foreign', copy: 'file:///elsewhere/' });
  assert.is(caught(() => buildJob(foreign)).code, 'ENGINE_DUPLICATE');
  for (const other of [undefined, null, 7, {}, () => 1]) {
    assert.equal(jobOrigin(other), { kind: 'none' });
    assert.is(caught(() => buildJob(other as any)).code, 'JOB_DEFAULT_MISSING');
  }
});

building(
  'a partitioner is said of the edge after it; the last one counts, and its functions are found by the edge',
  () => {
    const choose = (key: string, receivers: number): number => key.length % receivers;
    const marked = job('marked', (flow) => {
      const rows = flow.from(source(Flight));
      rows.rebalance().pick('origin').to(sink());
      rows.shuffle().rescale().pick('delay').broadcast().to(sink());
      rows.partitionCustom(choose, 'origin').pick('date').forward().to(sink());
      rows
        .partitionCustom(
          (key: number, n) => key % n,
          (row) => row.delay,
        )
        .global()
        .to(sink());
      rows.partitionCustom(choose, (row) => row.destination).to(sink());
    });
    const { plan, functions, sites } = buildJob(marked);
    assert.equal(
      plan.edges.map(({ partitioner }) => partitioner),
      [
        { kind: 'rebalance' },
        { kind: 'default' },
        { kind: 'rescale' },
        { kind: 'broadcast' },
        { kind: 'custom', field: 'origin', observed: ['origin'] },
        { kind: 'forward' },
        { kind: 'global' },
        { kind: 'custom', field: null, observed: ['destination'] },
      ],
    );
    const [byField, byFunction] = [4, 7].map((i) => functions.get(edgeId(plan.edges[i]!))!);
    assert.equal([byField!.fn, byField!.select], [choose, undefined]);
    assert.is(byFunction!.select!({ destination: 'x' }), 'x');
    assert.match(sites.get(edgeId(plan.edges[2]!))!, /build-job\.test\.ts:\d+:\d+$/);
    assert.is(sites.get(edgeId(plan.edges[1]!)), undefined);
    const plain = buildJob(job('marked', (flow) => void flow.from(source(Flight)).to(sink()))).plan;
    const spread = buildJob(
      job('marked', (flow) => void flow.from(source(Flight)).shuffle().to(sink())),
    ).plan;
    assert.not.equal(planFingerprint(plain), planFingerprint(spread));
    assert.equal(
      plain.operators.map(({ uid }) => uid),
      spread.operators.map(({ uid }) => uid),
      'who an operator is does not depend on how rows reach it',
    );
  },
);

building('the operator that computes a key stays where its rows are', () => {
  const { plan } = buildJob(
    job('keyed', (flow) => {
      const rows = flow.from(source(Flight)).parallelism(3).rebalance();
      rows
        .keyBy((row) => row.delay % 2, t.int32)
        .aggregate({ n: count() })
        .to(sink());
    }),
  );
  assert.equal(
    plan.edges.map(({ partitioner }) => partitioner.kind),
    ['default', 'hash', 'default'],
  );
  assert.is(operatorOf(plan, 'key').parallelism, 3);
});

building.run();
