import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max, quantile, sum, topN } from '../../engine/api/aggregates.js';
import { buildJob } from '../../engine/api/build-job.js';
import { job } from '../../engine/api/job.js';
import { sliding, tumbling } from '../../engine/api/windows.js';
import { t } from '../../engine/records/schema.js';
import { Flight, faultsOf, sink, source } from '../kit/plan-kit.js';

const validation = suite('validation');

/** Faults of a job whose builder is written as a JavaScript user could. */
const faults = (build: (flow: any) => unknown, options = {}) => faultsOf(job('j', build as any), options);

const flights = (flow: any) => flow.from(source(Flight, '/in/flights'));
const timed = (flow: any) => flights(flow).eventTime('date');

validation('a source whose schema is no record type is refused, for its rows would be undeclared', () => {
  const text = 'the schema is an object; it is made by t.record({ … }), and not nullable';
  for (const schema of [{ a: t.int32 }, t.nullable(Flight), { schema: Flight }]) {
    const found = faults((flow) => flow.from(source(schema as any)).to(sink()));
    assert.is(found.length, 1, found.join('\n'));
    assert.match(found[0]!, text);
  }
});

validation('a key function without the type of the key is refused, and told what to write', () => {
  const found = faults((flow) =>
    flights(flow)
      .keyBy((flight: any) => flight.delay)
      .reduce(() => null)
      .to(sink()),
  );
  assert.match(
    found[0]!,
    /^ARGUMENT_INVALID: keyBy\(function\): a function needs the type of the key behind it/,
  );
  assert.not.match(found.join(), /\$key/);
});

validation('a job without a source is refused', () => {
  assert.equal(
    faults(() => undefined),
    ["PLAN_EMPTY: job 'j' has no source; begin with flow.from(source)"],
  );
});

validation('a stream that ends without a sink is refused, whatever hangs on it', () => {
  const text = 'the stream ends here without a sink; add .to(sink) or .print(), or return it as an output';
  const expected = [`PLAN_SINK_MISSING: filter: ${text}`];
  assert.equal(
    faults((flow) => void flights(flow).filter(() => true)),
    expected,
  );
  assert.equal(
    faults(
      (flow) =>
        void flights(flow)
          .filter(() => true)
          .keyBy('origin'),
    ),
    expected,
  );
});

validation('an unused input is a stream without a sink', () => {
  const unused = job('unused', { inputs: { events: Flight } }, () => undefined);
  assert.match(faultsOf(unused)[0]!, /^PLAN_SINK_MISSING: input 'events'/);
});

validation('a chosen uid belongs to one operator', () => {
  const found = faults((flow) =>
    flights(flow)
      .uid('a')
      .filter(() => true)
      .uid('a')
      .to(sink())
      .uid('b'),
  );
  assert.equal(found, [
    "PLAN_UID_DUPLICATE: filter: uid 'a' is already that of from(rows); make them unique",
  ]);
});

validation('an unknown field is named with the nearest one, once', () => {
  const found = faults((flow) => {
    const daily = timed(flow).keyBy('orgin').window(tumbling('1d')).aggregate({ n: count() });
    daily
      .pick('orgin')
      .keyBy('whatever')
      .aggregate({ n: sum('n') })
      .to(sink());
  });
  const text = "the record has no field 'orgin'; did you mean 'origin'?";
  assert.equal(found, [`PLAN_FIELD_UNKNOWN: keyBy('orgin'): ${text}`]);
});

validation('a field nothing like any other comes with the list of what there is', () => {
  const [found] = faults((flow) => flights(flow).pick('zzz').to(sink()));
  assert.match(found!, /no field 'zzz'; it has date, delay, distance, origin, destination$/);
});

validation('fields must be of a kind the operation can use', () => {
  const found = faults((flow) => {
    const keyed = flights(flow).eventTime('delay').keyBy('origin');
    keyed.aggregate({ a: sum('origin'), b: sum('date'), c: max('destination') }).to(sink());
  });
  assert.equal(found, [
    "PLAN_FIELD_TYPE: eventTime('delay'): field 'delay' is of kind int32; this takes timestamp, int64",
    "PLAN_FIELD_TYPE: sum('origin') in aggregate: field 'origin' is of kind category; this takes int8, int16, int32, uint32, int64, bigint, float32, float64",
    "PLAN_FIELD_TYPE: sum('date') in aggregate: field 'date' is of kind timestamp; this takes int8, int16, int32, uint32, int64, bigint, float32, float64",
  ]);
});

validation('what aggregates are given beside their field has to be possible', () => {
  const found = faults((flow) => {
    const keyed = flights(flow).keyBy('origin');
    keyed
      .aggregate({ a: topN('delay', 0), b: quantile('delay', 1.5), c: count({ where: 'delay' as never }) })
      .to(sink());
  });
  const where = "field 'delay' is of kind int32; this takes bool";
  assert.equal(found, [
    "ARGUMENT_INVALID: topN('delay', 0) in aggregate: n is 0, which is not a whole number from 1 to 10000",
    "ARGUMENT_INVALID: quantile('delay', 1.5) in aggregate: the rank is 1.5, which is not a number from 0 to 1",
    `PLAN_FIELD_TYPE: count({ where: 'delay' }) in aggregate: ${where}`,
  ]);
});

validation('columns are not called what every object has already', () => {
  const found = faults((flow) =>
    flights(flow)
      .keyBy('origin')
      .aggregate({ n: count(), constructor: count(), ['__proto__']: count() } as any)
      .to(sink()),
  );
  const text = (name: string): string =>
    `ARGUMENT_INVALID: aggregate: '${name}' cannot be the name of a column: every object has such a member`;
  assert.equal(found, ['constructor', '__proto__'].map(text));
});

validation('event time may not be null', () => {
  const Loose = t.record({ at: t.nullable(t.timestamp) });
  const [found] = faults((flow) => flow.from(source(Loose)).eventTime('at').to(sink()));
  assert.is(found, "PLAN_FIELD_TYPE: eventTime('at'): field 'at' may be null, which cannot be used here");
});

validation('a window needs event time somewhere above it', () => {
  const found = faults((flow) =>
    flights(flow)
      .keyBy('origin')
      .window(tumbling('1d'))
      .reduce((a: any) => a)
      .to(sink()),
  );
  assert.equal(found, [
    'PLAN_EVENT_TIME_MISSING: reduce: a window in event time needs event time; add .eventTime(field) above keyBy',
  ]);
  const twice = (flow: any) =>
    timed(flow)
      .keyBy('origin')
      .window(tumbling('1d'))
      .aggregate({ n: count() })
      .keyBy('n')
      .window(tumbling('1d'))
      .aggregate({ m: count() })
      .to(sink());
  assert.equal(faults(twice), []);
});

validation('durations are a whole number and a unit, and sizes are above zero', () => {
  const window = (size: string, offset?: string) =>
    faults((flow) => {
      const windows = tumbling(size as any, { offset: offset as any });
      timed(flow).keyBy('origin').window(windows).aggregate({ n: count() }).to(sink());
    });
  const cure = 'write a whole number and a unit: 100ms, 5s, 10m, 1h, 1d';
  assert.equal(window('1 day'), [
    `PLAN_DURATION_INVALID: window(tumbling('1 day')): the size is '1 day'; ${cure}`,
  ]);
  for (const size of ['0s', '-1h', '1.5h', '', '1w', undefined, 5]) {
    assert.match(window(size as string)[0]!, /^PLAN_DURATION_INVALID/);
  }
  assert.match(window('1h', '1h')[0]!, /the offset is '1h'.*shorter than the size$/);
  assert.equal(window('1h', '-59m'), []);
  const slides = (size: string, slide: string, offset?: string) =>
    faults((flow) => {
      const windows = sliding(size as any, slide as any, { offset: offset as any });
      timed(flow).keyBy('origin').window(windows).aggregate({ n: count() }).to(sink());
    });
  assert.equal(slides('5s', '10s'), [
    "PLAN_DURATION_INVALID: window(sliding('5s', '10s')): the slide is '10s' and the size '5s': " +
      'records between two windows would be in none; make it as long at most',
  ]);
  assert.match(slides('5s', '0s')[0]!, /the slide is '0s'; write/);
  assert.match(slides('0s', '0s')[0]!, /the size is '0s'; write/);
  assert.match(slides('5s', '1s', '-1s')[0]!, /the offset is '-1s'.*shorter than the slide$/);
  assert.equal(slides('5s', '5s', '-4s'), []);
  assert.equal(slides('5s', '3s'), []);
  const lenient = (allowedLateness: string) =>
    faults((flow) => {
      const options = { allowedLateness: allowedLateness as any };
      timed(flow).keyBy('origin').window(tumbling('1h'), options).aggregate({ n: count() }).to(sink());
    });
  assert.match(lenient('-1s')[0]!, /^PLAN_DURATION_INVALID: .*allowedLateness is '-1s'/);
  assert.equal(lenient('0s'), []);
  const [late] = faults((flow) => flights(flow).eventTime('date', { outOfOrderness: '-1h' }).to(sink()));
  assert.match(late!, /^PLAN_DURATION_INVALID: eventTime\('date'\): outOfOrderness is '-1h'/);
});

validation('no two sinks write one path, and none writes an input', () => {
  const found = faults((flow) => {
    flights(flow).to(sink('/out/a'));
    flights(flow).to(sink('/out/../out/a'));
    flights(flow).to(sink('/in/flights'));
  });
  assert.equal(found, [
    "PLAN_SINK_CONFLICT: to(file): '/out/a' is already written by to(file); give each sink its own path",
    "PLAN_SINK_IS_SOURCE: to(file): '/in/flights' is an input of this job; write elsewhere",
  ]);
});

validation('parallelism is a whole number from 1 to the maximum', () => {
  for (const bad of [0, -1, 1.5, Number.NaN, 129, '2']) {
    const [own] = faults((flow) => flights(flow).parallelism(bad).to(sink()), { maxParallelism: 128 });
    const range = `is ${bad}, which is not a whole number from 1 to 128`;
    assert.is(own, `PARALLELISM_INVALID: from(rows): its parallelism ${range}`);
    const ofRun = faults((flow) => flights(flow).to(sink()), { parallelism: bad, maxParallelism: 128 });
    assert.equal(ofRun, [`PARALLELISM_INVALID: the parallelism of the run ${range}`]);
  }
  assert.equal(
    faults((flow) => flights(flow).to(sink()), { parallelism: 129 }),
    [],
  );
  assert.match(faults((flow) => flights(flow).to(sink()), { parallelism: 40_000 })[0]!, /from 1 to 32768$/);
});

validation('forward joins operators of one parallelism, and other edges any', () => {
  const build = (flow: any) => flights(flow).parallelism(1).forward().to(sink());
  assert.equal(faults(build, { parallelism: 1 }), []);
  assert.equal(faults(build), [], 'not known before the run');
  assert.equal(faults(build, { parallelism: 2 }), [
    "PARALLELISM_INVALID: forward(): the parallelism of 'rows' is 1 and that of 'file' is 2; make them equal, " +
      'or take rebalance() or rescale() in its place',
  ]);
  for (const way of ['rebalance', 'rescale', 'broadcast', 'global', 'shuffle', 'filter']) {
    const other = (flow: any) =>
      flights(flow)
        .parallelism(1)
        [way](() => true)
        .to(sink());
    assert.equal(faults(other, { parallelism: 2 }), [], way);
  }
});

validation('what is said of a partitioner must be possible', () => {
  assert.equal(
    faults((flow) => {
      flights(flow)
        .partitionCustom(() => 0, 'orgin')
        .to(sink());
      flights(flow)
        .partitionCustom('origin', () => 0)
        .to(sink());
      flights(flow)
        .partitionCustom(async () => 0, 3)
        .to(sink());
      flights(flow).rebalance().parallelism(2).to(sink());
      flights(flow).global().named('x').uid('y').startNewChain().disableChaining().to(sink());
    }),
    [
      'ARGUMENT_INVALID: partitionCustom(function): a function is expected here, not a string',
      'ARGUMENT_INVALID: partitionCustom(function): an async function cannot be used here: its result is a promise, ' +
        'not a row or a value',
      'ARGUMENT_INVALID: partitionCustom(function): a function is expected here, not a number',
      'ARGUMENT_INVALID: parallelism(2): rebalance() is no operator; say this before it, or of the next',
      'ARGUMENT_INVALID: named(x): global() is no operator; say this before it, or of the next',
      'ARGUMENT_INVALID: uid(y): global() is no operator; say this before it, or of the next',
      'ARGUMENT_INVALID: startNewChain(): global() is no operator; say this before it, or of the next',
      'ARGUMENT_INVALID: disableChaining(): global() is no operator; say this before it, or of the next',
      "PLAN_FIELD_UNKNOWN: partitionCustom('orgin'): the record has no field 'orgin'; did you mean 'origin'?",
    ],
  );
});

validation('columns of a result have different names', () => {
  const [found] = faults((flow) => flights(flow).keyBy('origin').aggregate({ origin: count() }).to(sink()));
  assert.is(found, "PLAN_FIELD_DUPLICATE: aggregate: the result would have two columns 'origin'; rename one");
  assert.is(faults((flow) => flights(flow).pick('origin', 'origin').to(sink())).length, 1);
  assert.is(
    faults((flow) =>
      flights(flow)
        .keyBy(() => 1, t.int32)
        .aggregate({ key: count() })
        .to(sink()),
    ).length,
    1,
  );
});

validation('a reduce by a key function needs declared rows', () => {
  const build = (flow: any) =>
    flights(flow)
      .map((f: any) => ({ d: f.delay }))
      .keyBy((r: any) => r.d, t.int32)
      .reduce((a: any) => a)
      .to(sink());
  assert.match(faults(build)[0]!, /^PLAN_SCHEMA_MISSING: keyBy\(function\)/);
});

validation('wrong arguments are told one by one and do not stop the building', () => {
  const found = faults((flow) => {
    const rows = flow
      .from(null)
      .filter('x')
      .map(1, 2)
      .map()
      .flatMap({}, () => []);
    rows
      .with({ a: [1, 2], b: null })
      .pick()
      .keyBy()
      .aggregate({})
      .to({});
    rows.keyBy('a').aggregate({ a: 1 }, { emit: 'never' }).uid('').named(7).print();
    rows.keyBy('a').window(5).reduce().print();
    return [rows];
  });
  assert.is(found.length, 21, found.join('\n'));
  for (const part of [
    ...['from(source): a source is expected here', 'filter: a function is expected here, not a string'],
    ...[
      'map: the result is declared by t.record',
      'flatMap: the result is declared by',
      "with({ a, b }): column 'a'",
    ],
    ...["column 'b'", 'pick(): name at least one field', 'keyBy(): name at least one field'],
    ...[
      'aggregate: name at least one aggregate',
      "aggregate: column 'a' needs an aggregate",
      "emit is 'changes' or",
    ],
    ...[
      'uid(): a uid is text',
      'named(7): a name is text',
      'window: a window is expected',
      'returns an array',
    ],
    ...['to(sink): a sink is expected here', 'reduce: a function is expected here, not undefined'],
  ]) {
    assert.ok(
      found.some((each) => each.includes(part)),
      `${part}\nin\n${found.join('\n')}`,
    );
  }
});

validation('outputs are streams of this job by name', () => {
  let other: any;
  buildJob(job('other', (flow) => void (other = flow.from(source(Flight))).to(sink())));
  assert.match(
    faults((flow) => ({ a: flights(flow), b: other })).join(),
    /'b' a stream of another run of a builder/,
  );
  assert.match(faults((flow) => ({ a: flights(flow), b: 7 })).join(), /returns a number as output 'b'/);
  assert.match(faults((flow) => flights(flow)).join(), /returns a stream; name it/);
});

validation('a job needs a name and a builder', () => {
  assert.match(faultsOf(job('', (() => undefined) as any)).join(), /the name of a job/);
  assert.match(faultsOf((job as any)('x', {})).join(), /has no builder/);
  const reserved = job('r', { inputs: { from: Flight } }, ((flow: any) => ({ x: flow.from })) as any);
  assert.match(faultsOf(reserved).join(), /cannot be named 'from'/);
});

validation.run();
