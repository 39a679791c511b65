import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max, windowStart } from '../../engine/api/aggregates.js';
import { buildJob } from '../../engine/api/build-job.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { explainJson, explainMermaid, explainText } from '../../engine/plan/explain.js';
import { explainCodecs } from '../../engine/plan/explain-codecs.js';
import { jobGraph } from '../../engine/plan/job-graph.js';
import { planFingerprint, vertexId } from '../../engine/plan/logical-plan.js';
import { t } from '../../engine/records/schema.js';
import { Flight, sink, source } from '../kit/plan-kit.js';

const explaining = suite('explaining a plan');

function explained(build: (flow: any) => unknown, name = 'flights') {
  const { plan } = buildJob(
    job(name, (flow) => void build(flow)),
    { parallelism: 2 },
  );
  return { plan, graph: jobGraph(plan, { parallelism: 2, chaining: true }) };
}

const daily = () =>
  explained((flow) =>
    flow
      .from(source(Flight, '/in/flights', 'parquet'))
      .eventTime('date', { outOfOrderness: '1h' })
      .filter((f: any) => f.delay > 0)
      .keyBy('origin')
      .window(tumbling('1d'))
      .aggregate({ window_start: windowStart(), flights: count(), worst_delay: max('delay') })
      .to(sink('/out/flights.csv', 'csv')),
  );

explaining('text says what is read, observed, carried, and why edges are not chained', () => {
  const { plan, graph } = daily();
  assert.equal(explainText(plan, graph).split('\n'), [
    'job flights: 2 vertices, 4 tasks, parallelism 2, maximum 128',
    `plan ${planFingerprint(plan)}`,
    '',
    `[0] parquet -> eventTime -> filter   2 tasks   ${vertexId(plan.operators[0]!.uid)}`,
    '  parquet: reads date, delay, origin (3 of 5 fields)',
    '  eventTime: date, 1h out of order',
    '  filter: function observes delay',
    '  => [1] from filter: hash(origin), all-to-all; not chained: hash partitioner',
    '     carries delay: int32, origin: category',
    '',
    `[1] window(tumbling 1d) -> csv   2 tasks   ${vertexId(plan.operators[3]!.uid)}`,
    '  window(tumbling 1d): by origin, tumbling 1d: window_start = windowStart(), flights = count(),',
    "      worst_delay = max('delay')",
    '  csv: writes /out/flights.csv',
  ]);
});

explaining('text says which rows are undeclared, and which added columns observe what', () => {
  const { plan, graph } = explained((flow) =>
    flow
      .from(source(Flight))
      .with({ far: [t.nullable(t.bool), (f: any) => f.distance > 500] })
      .map((f: any) => ({ ...f }))
      .keyBy('origin')
      .reduce((a: any) => a)
      .map(t.record({ origin: t.string }), (f: any) => ({ origin: f.origin }))
      .to(sink()),
  );
  const lines = explainText(plan, graph).split('\n');
  for (const line of [
    '  rows: reads date, delay, distance, origin, destination (5 of 5 fields)',
    '  with: far: bool? by a function that observes distance',
    '  map: function observes all fields; result undeclared: shape is learned from the first records',
    '     carries undeclared: shape is learned from the first records',
    '  reduce: by origin, changes: function observes all fields',
    '  map: function observes origin; result origin: string',
    '  file: ends here',
  ]) {
    assert.ok(lines.includes(line), `${line}\nin\n${lines.join('\n')}`);
  }
});

explaining('text, Mermaid and JSON say by which partitioner rows travel', () => {
  const { plan, graph } = explained((flow) => {
    const rows = flow.from(source(Flight));
    rows.rescale().pick('delay').to(sink());
    rows
      .partitionCustom((n: number) => n % 2, 'delay')
      .pick('delay')
      .to(sink());
    rows
      .partitionCustom(
        (n: number) => n % 2,
        (f: any) => f.delay,
      )
      .pick('delay')
      .to(sink());
    rows.pick('delay').to(sink()).parallelism(1);
  });
  const ways = [
    'rescale, pointwise; not chained: rescale partitioner',
    'custom(delay), all-to-all; not chained: custom partitioner',
    'custom(function), all-to-all; not chained: custom partitioner',
    'rebalance, all-to-all; not chained: parallelism changes from 2 to 1',
  ];
  const arrows = explainText(plan, graph)
    .split('\n')
    .filter((line) => line.includes('=>'));
  assert.equal(
    arrows.map((line) => line.replace(/.*from \w+: /, '')),
    ways,
  );
  const labels = explainMermaid(graph)
    .split('\n')
    .flatMap((line) => /"(.*)<br\/>delay/.exec(line)?.[1] ?? []);
  assert.equal(
    labels,
    ways.map((way) => way.split(',')[0]),
  );
  const json = JSON.parse(explainJson(plan, graph));
  assert.equal(
    json.graph.exchanges.map((each: any) => each.partitioner),
    [
      { kind: 'rescale' },
      { kind: 'custom', field: 'delay', observed: ['delay'] },
      { kind: 'custom', field: null, observed: ['delay'] },
      { kind: 'rebalance' },
    ],
  );
});

explaining('no line of text is longer than 100 columns, and nothing is lost', () => {
  const names = Array.from({ length: 40 }, (_, i) => `aggregate_${i}`);
  const { plan, graph } = explained((flow) => {
    const aggregates = Object.fromEntries(names.map((name) => [name, max('delay')]));
    flow
      .from(source(Flight))
      .keyBy('origin')
      .aggregate(aggregates)
      .to(sink(`/${'x'.repeat(250)}`));
  });
  const text = explainText(plan, graph);
  for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
  const joined = text.replace(/\s/g, '');
  for (const name of names) assert.ok(joined.includes(`${name}=max('delay')`), name);
  assert.ok(joined.includes('x'.repeat(250)));
});

explaining('Mermaid has a node per vertex and an edge per exchange, its labels escaped', () => {
  assert.equal(explainMermaid(daily().graph).split('\n'), [
    'flowchart LR',
    '  v0["parquet -#gt; eventTime -#gt; filter<br/>2 tasks"]',
    '  v1["window(tumbling 1d) -#gt; csv<br/>2 tasks"]',
    '  v0 -->|"hash(origin)<br/>delay: int32, origin: category"| v1',
  ]);
  const { graph } = explained((flow) => flow.from(source(Flight)).named('a "b" <i>').to(sink()));
  assert.match(explainMermaid(graph), /v0\["a #quot;b#quot; #lt;i#gt; -#gt; file<br\/>2 tasks"\]/);
});

explaining('JSON is canonical and carries the fingerprint', () => {
  const [one, other] = [daily(), daily()];
  const text = explainJson(one.plan, one.graph);
  assert.is(text, explainJson(other.plan, other.graph));
  const { fingerprint, graph, plan } = JSON.parse(text);
  assert.is(fingerprint, planFingerprint(one.plan));
  assert.is(planFingerprint(plan), fingerprint);
  assert.is(graph.vertices.length, 2);
});

explaining('codecs are printed per exchange: layout, code of rows and nested values, hash of the key', () => {
  const Order = t.record({ id: t.int64, items: t.list(t.record({ price: t.int32 })), unread: t.string });
  const { plan, graph } = explained((flow) => {
    const orders = () => flow.from(source(Order));
    orders().keyBy('id').aggregate({ n: count() }).to(sink('/out/a'));
    orders()
      .rebalance()
      .filter((order: any) => order.items.length > 0)
      .pick('items')
      .to(sink('/out/b'));
    orders()
      .map(() => ({ a: 1 }))
      .rebalance()
      .to(sink('/out/c'));
  });
  const text = explainCodecs(plan, graph);
  const sections = text.split(/^(?=\[\d+\] => )/m);
  assert.is(sections.length, graph.exchanges.length);
  const [keyed, whole, undeclared] = sections as [string, string, string];
  assert.match(keyed, /exchange 0, .*\nrow [0-9a-f]{16}: fixed, 24 bytes\n +16 +f64 +id: int64\n/);
  assert.match(keyed, /f64\[\(p >> 3\) \+ 2\] = v0;/); // the row's code
  assert.match(keyed, /hash of id\n[\s\S]*Math\.imul\([\s\S]*hash = keyh;/);
  assert.not.match(text, 'unread');
  assert.match(whole, /items: list\n[\s\S]*d\.setInt32\(at, v\.price, true\); at \+= 4;/);
  assert.match(undeclared, 'undeclared: its code is made for the rows that come');
  const alone = explained((flow) => flow.from(source(Order)).to(sink('/out/a')));
  assert.match(explainCodecs(alone.plan, alone.graph), /^No exchanges/);
});

explaining.run();
