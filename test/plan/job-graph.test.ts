import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { count, max } from '../../engine/api/aggregates.js';
import { type BuildOptions, buildJob } from '../../engine/api/build-job.js';
import { job } from '../../engine/api/job.js';
import { tumbling } from '../../engine/api/windows.js';
import { type ChainOptions, chainPlan } from '../../engine/plan/chaining.js';
import { jobGraph, subtaskOfTask } from '../../engine/plan/job-graph.js';
import { type LogicalPlan, vertexId } from '../../engine/plan/logical-plan.js';
import { t } from '../../engine/records/schema.js';
import { Flight, sink, source } from '../kit/plan-kit.js';

const graphs = suite('job graph');

const planOf = (build: (flow: any) => unknown, options: BuildOptions = { parallelism: 2 }): LogicalPlan =>
  buildJob(
    job('graph', (flow) => void build(flow)),
    options,
  ).plan;

const CHAINED: ChainOptions = { parallelism: 2, chaining: true };

const parallelismOf = (plan: LogicalPlan, uid: string): number => {
  const { parallelism } = plan.operators.find((operator) => operator.uid === uid)!;
  return parallelism === 'inherit' ? 2 : parallelism;
};

/** A vertex per line, then an exchange per line. */
function linesOf(plan: LogicalPlan, options = CHAINED): string[] {
  const { vertices, exchanges } = jobGraph(plan, options);
  return [
    ...vertices.map(({ name, parallelism, firstTask }) => `${name} x${parallelism} @${firstTask}`),
    ...exchanges.map((each) => {
      const fields = each.fields.fields?.map(({ name }) => name).join(' ') ?? `undeclared ${each.required}`;
      return `${each.fromVertex}->${each.toVertex} ${each.pattern} ${each.partitioner.kind}: ${fields} | ${each.notChained}`;
    }),
  ];
}

const flights = (flow: any) =>
  flow
    .from(source(Flight))
    .eventTime('date')
    .filter((f: any) => f.delay > 0)
    .keyBy('origin')
    .window(tumbling('1d'))
    .aggregate({ worst: max('delay') })
    .to(sink());

graphs('operators up to a keyBy are one vertex, and only observed fields travel', () => {
  assert.equal(linesOf(planOf(flights)), [
    'rows -> eventTime -> filter x2 @0',
    'window(tumbling 1d) -> file x2 @2',
    '0->1 all-to-all hash: delay origin | hash partitioner',
  ]);
});

graphs('with chaining off each operator is a vertex, joined subtask to subtask', () => {
  assert.equal(linesOf(planOf(flights), { parallelism: 2, chaining: false }), [
    ...['rows x2 @0', 'eventTime x2 @2', 'filter x2 @4', 'window(tumbling 1d) x2 @6', 'file x2 @8'],
    '0->1 pointwise forward: date delay origin | chaining is off',
    '1->2 pointwise forward: delay origin | chaining is off',
    '2->3 all-to-all hash: delay origin | hash partitioner',
    '3->4 pointwise forward: origin worst | chaining is off',
  ]);
});

graphs('a chain is a tree: one operator may feed several chained ones', () => {
  const plan = planOf((flow) => {
    const rows = flow.from(source(Flight));
    const late = rows.filter((f: any) => f.delay > 0);
    late.pick('origin').to(sink(null, 'a'));
    late.keyBy('origin').aggregate({ n: count() }).to(sink(null, 'b'));
    rows.to(sink(null, 'c'));
  });
  assert.equal(linesOf(plan), [
    'rows -> (filter -> pick -> a, c) x2 @0',
    'aggregate -> b x2 @2',
    '0->1 all-to-all hash: origin | hash partitioner',
  ]);
  const [tree] = jobGraph(plan, CHAINED).vertices;
  assert.is(tree!.operators.length, 5);
  assert.is(tree!.links.length, 4);
  assert.is(tree!.id, vertexId(tree!.head));
});

graphs('an operator can start a chain or stand alone, and the reason is said', () => {
  const plan = planOf((flow) =>
    flow
      .from(source(Flight))
      .filter((f: any) => f.delay > 0)
      .startNewChain()
      .pick('origin')
      .disableChaining()
      .to(sink()),
  );
  assert.equal(
    chainPlan(plan, CHAINED).map(({ notChained }) => notChained),
    ['filter starts a new chain', 'pick disables chaining', 'pick disables chaining'],
  );
});

graphs('a partitioner that is not forward ends a chain; rescale alone joins pointwise', () => {
  const plan = planOf((flow) => {
    const rows = flow.from(source(Flight)).pick('origin', 'delay', 'date');
    rows.forward().to(sink(null, 'kept'));
    for (const way of ['rebalance', 'rescale', 'broadcast', 'global', 'shuffle'])
      rows[way]().pick('date').to(sink());
    rows.pick('origin').to(sink(null, 'fewer')).parallelism(1);
    rows
      .partitionCustom((n: number) => n % 2, 'delay')
      .pick('date')
      .to(sink());
    rows
      .partitionCustom(
        (s: string) => s.length % 2,
        (row: any) => row.origin,
      )
      .pick('date')
      .to(sink());
    rows
      .partitionCustom(
        (n: number) => n,
        (row: any) => Object.keys(row).length,
      )
      .pick('date')
      .to(sink());
  });
  const all = 'origin delay date';
  assert.equal(linesOf(plan), [
    'rows -> pick -> (kept, pick) x2 @0',
    ...[2, 4, 6, 8, 10].map((task) => `pick -> file x2 @${task}`),
    'fewer x1 @12',
    ...[13, 15, 17].map((task) => `pick -> file x2 @${task}`),
    `0->1 all-to-all rebalance: ${all} | rebalance partitioner`,
    `0->2 pointwise rescale: ${all} | rescale partitioner`,
    `0->3 all-to-all broadcast: ${all} | broadcast partitioner`,
    `0->4 all-to-all global: ${all} | global partitioner`,
    `0->5 all-to-all shuffle: ${all} | shuffle partitioner`,
    '0->6 all-to-all rebalance: origin | parallelism changes from 2 to 1',
    ...[7, 8, 9].map((vertex) => `0->${vertex} all-to-all custom: ${all} | custom partitioner`),
  ]);
});

graphs('of a row only the fields travel that the partitioner or somebody below observes', () => {
  const carried = (mark: (rows: any) => any): string => {
    const plan = planOf((flow) =>
      mark(flow.from(source(Flight)))
        .pick('date')
        .to(sink()),
    );
    return /: (.*) \|/.exec(linesOf(plan)[2]!)![1]!;
  };
  assert.is(
    carried((rows) => rows.rebalance()),
    'date',
  );
  assert.is(
    carried((rows) => rows.partitionCustom((n: number) => n % 2, 'delay')),
    'date delay',
  );
  assert.is(
    carried((rows) =>
      rows.partitionCustom(
        (s: string) => s.length % 2,
        (row: any) => row.origin,
      ),
    ),
    'date origin',
  );
  assert.is(
    carried((rows) =>
      rows.partitionCustom(
        (n: number) => n % 2,
        (row: any) => Object.keys(row).length,
      ),
    ),
    'date delay distance origin destination',
  );
});

graphs('task indices run over vertices and subtasks', () => {
  const plan = planOf((flow) =>
    flow.from(source(Flight)).parallelism(3).keyBy('origin').aggregate({ n: count() }).to(sink()),
  );
  const graph = jobGraph(plan, CHAINED);
  assert.is(graph.taskCount, 5);
  const all = [0, 1, 2, 3, 4].map((task) => subtaskOfTask(graph, task));
  assert.equal(
    all.map(({ vertex, subtask }) => [vertex.index, subtask]),
    [...[0, 1, 2].map((subtask) => [0, subtask]), [1, 0], [1, 1]],
  );
  assert.throws(() => subtaskOfTask(graph, 5), /from 0 to 4/);
});

graphs('undeclared rows travel with what is proven to be observed, or whole', () => {
  const undeclared = (flow: any) =>
    flow.from(source(Flight)).map((f: any) => ({ a: f.origin, b: f.delay, c: 1 }));
  const counted = planOf((flow) =>
    undeclared(flow)
      .keyBy('a')
      .aggregate({ most: max('b') })
      .to(sink()),
  );
  assert.is(linesOf(counted)[2], '0->1 all-to-all hash: undeclared a,b | hash partitioner');
  const reduced = planOf((flow) =>
    undeclared(flow)
      .keyBy('a')
      .reduce((x: any) => x)
      .to(sink()),
  );
  assert.is(linesOf(reduced)[2], '0->1 all-to-all hash: undeclared null | hash partitioner');
});

graphs('a source is asked only for what is observed below it', () => {
  const read = (build: (rows: any) => unknown) => {
    const plan = planOf((flow) => void build(flow.from(source(Flight))));
    return jobGraph(plan, CHAINED).required.get(plan.operators[0]!.uid)?.join(' ');
  };
  assert.is(
    read((rows) => rows.to(sink())),
    'date delay distance origin destination',
  );
  assert.is(
    read((rows) => rows.map(() => ({ a: 1 })).to(sink())),
    '',
  );
  assert.is(
    read((rows) => rows.map((f: any) => ({ a: f.origin, b: f.destination })).to(sink())),
    'origin destination',
  );
  assert.is(
    read((rows) => rows.map((f: any) => ({ ...f })).to(sink())),
    'date delay distance origin destination',
  );
  assert.is(
    read((rows) => rows.pick('origin', 'date').to(sink())),
    'date origin',
  );
  assert.is(
    read((rows) =>
      rows
        .filter((f: any) => f.distance > 1)
        .pick('origin')
        .to(sink()),
    ),
    'distance origin',
  );
  assert.is(
    read((rows) => rows.eventTime('date').keyBy('origin').aggregate({ n: count() }).to(sink())),
    'date origin',
  );
  assert.is(
    read((rows) =>
      rows
        .with({ delay: [t.int64, (f: any) => f.distance] })
        .pick('delay')
        .to(sink()),
    ),
    'distance',
  );
  assert.is(
    read((rows) =>
      rows
        .keyBy((f: any) => f.delay % 2, t.int32)
        .aggregate({ n: count() })
        .to(sink()),
    ),
    'delay',
  );
  const both = (rows: any) => {
    rows.pick('origin').to(sink());
    rows.pick('delay').to(sink());
  };
  assert.is(read(both), 'delay origin');
});

graphs('every chain is a tree of forward edges, and every operator is in one', () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  const step = fc.record({
    from: fc.nat(20),
    kind: fc.constantFrom('filter', 'key', 'event-time'),
    chaining: fc.constantFrom('always', 'startNewChain', 'disableChaining'),
    way: fc.constantFrom('default', 'forward', 'rebalance', 'rescale', 'broadcast', 'global', 'shuffle'),
    parallelism: fc.constantFrom(2, 2, 3),
  });
  const property = fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, chaining) => {
    const plan = planOf((flow) => {
      const streams = [flow.from(source(Flight))];
      for (const { from, kind, chaining: how, way, parallelism } of steps) {
        const before = streams[from % streams.length];
        const isFit = way !== 'forward' || before.node.parallelism === parallelism;
        const input = way === 'default' || !isFit ? before : before[way]();
        const next =
          kind === 'filter'
            ? input.filter((f: any) => f.delay > 0)
            : kind === 'key'
              ? input.keyBy('origin').reduce((a: any) => a)
              : input.eventTime('date');
        next.parallelism(parallelism);
        streams.push(how === 'always' ? next : next[how]());
      }
      for (const stream of streams) stream.to(sink());
    });
    const graph = jobGraph(plan, { parallelism: 2, chaining });
    const all = graph.vertices.flatMap(({ operators }) => operators);
    assert.equal([...all].sort(), plan.operators.map(({ uid }) => uid).sort());
    let links = 0;
    for (const { operators, links: tree, head } of graph.vertices) {
      assert.is(tree.length, operators.length - 1);
      assert.is(operators[0], head);
      for (const [i, { from, to, partitioner }] of tree.entries()) {
        assert.ok(partitioner.kind === 'forward' || partitioner.kind === 'default');
        assert.is(parallelismOf(plan, from), parallelismOf(plan, to));
        assert.is(operators[i + 1], to);
        assert.ok(operators.indexOf(from) <= i, 'an operator comes after the one that feeds it');
      }
      links += tree.length;
      assert.ok(chaining || tree.length === 0);
    }
    assert.is(links + graph.exchanges.length, plan.edges.length);
    for (const {
      fromOperator,
      toVertex,
      partitioner: { kind },
      pattern,
    } of graph.exchanges) {
      const to = graph.vertices[toVertex]!.head;
      const planned = plan.edges.find((edge) => edge.from === fromOperator && edge.to === to)!.partitioner
        .kind;
      const isEqual = parallelismOf(plan, fromOperator) === parallelismOf(plan, to);
      assert.is(kind, planned === 'default' ? (isEqual ? 'forward' : 'rebalance') : planned);
      assert.is(pattern, kind === 'forward' || kind === 'rescale' ? 'pointwise' : 'all-to-all');
    }
    for (const { fromVertex, toVertex, fromOperator } of graph.exchanges) {
      assert.ok(graph.vertices[fromVertex]!.operators.includes(fromOperator));
      assert.ok(fromVertex < toVertex, 'vertices are in topological order');
    }
  });
  console.log(`seed ${seed}`);
  fc.assert(property, { seed, numRuns: 150 });
});

graphs.run();
