import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { job } from '../../engine/api/job.js';
import { outputTag } from '../../engine/functions/output-tag.js';
import { t } from '../../engine/records/schema.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { faultsOf, sink, source } from '../kit/plan-kit.js';

/** Side outputs on the inline host with tiny segments, against plain loops. */
const sides = suite('side outputs');

const Row = t.record({ n: t.int32, text: t.string });
type Row = typeof Row.row;

const shapes = ['declared', 'undeclared', 'source'] as const;

sides('a split gives each row to the first branch that takes it, whatever is chained and read', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}`);
  const setting = fc.record({
    divisors: fc.uniqueArray(fc.integer({ min: 2, max: 6 }), { minLength: 1, maxLength: 3 }),
    read: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    shape: fc.constantFrom(...shapes),
    chaining: fc.boolean(),
    alone: fc.boolean(),
    parallelism: fc.integer({ min: 1, max: 3 }),
    own: fc.option(fc.integer({ min: 1, max: 3 })),
  });
  const rows = Array.from({ length: 120 }, (_, n) => ({ n, text: 'x'.repeat(n % 7) }));
  const property = fc.asyncProperty(setting, async (given) => {
    const { divisors, read, shape, chaining, alone, parallelism, own } = given;
    const names = divisors.map((divisor) => `by${divisor}`);
    const isRead = (i: number): boolean =>
      read[i] || (i === 0 && !read.slice(0, names.length + 1).some(Boolean));
    const subject = job('split', { inputs: { rows: Row } }, (({ rows: input }: any) => {
      let stream: any = input;
      if (shape === 'declared') stream = stream.map(Row, (row: Row) => row);
      if (shape === 'undeclared') stream = stream.map(({ n, text }: Row) => ({ n, text }));
      const branches = divisors.map((divisor, i) => [names[i]!, (row: Row) => row.n % divisor === 0]);
      const split: any = stream.split(Object.fromEntries(branches));
      if (alone) split.rest.disableChaining();
      if (own !== null) split.rest.parallelism(own);
      const outputs: Record<string, unknown> = {};
      for (const [i, name] of [...names, 'rest'].entries()) {
        if (!isRead(i)) continue;
        outputs[name] = split[name].map(t.record({ n: t.int32 }), ({ n }: Row) => ({ n }));
      }
      return outputs;
    }) as any);
    const out = (await runInline(subject, {
      inputs: { rows },
      parallelism,
      seed: given.divisors[0]!,
      options: {
        'taskmanager.memory.segment-size': '256 bytes',
        'pipeline.operator-chaining.enabled': chaining,
      },
    })) as any;
    const expected: Record<string, number[]> = {};
    for (const [i, name] of [...names, 'rest'].entries()) if (isRead(i)) expected[name] = [];
    for (const { n } of rows) {
      const at = divisors.findIndex((divisor) => n % divisor === 0);
      expected[at < 0 ? 'rest' : names[at]!]?.push(n);
    }
    for (const name of Object.keys(expected))
      assert.equal(
        out[name].map(({ n }: Row) => n).sort((a: number, b: number) => a - b),
        expected[name],
        name,
      );
    assert.equal(Object.keys(out).sort(), Object.keys(expected).sort());
  });
  await fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 40) });
});

sides('what a side output cannot be is said with its place', () => {
  const late = outputTag('late', Row);
  const rows = (flow: any): any => flow.from(source(Row));
  const faults = (build: (flow: any) => void): readonly string[] => faultsOf(job('sides', build as any));
  const read = (stream: any): void => void stream.to(sink());
  assert.equal(
    faults((flow) =>
      read(
        rows(flow)
          .filter(() => true)
          .sideOutput(late),
      ),
    ),
    ["ARGUMENT_INVALID: sideOutput('late'): 'filter' gives no rows to the tag 'late'"],
  );
  assert.equal(
    faults((flow) =>
      read(
        rows(flow)
          .split({ a: () => true })
          .a.parallelism(2),
      ),
    ),
    ["ARGUMENT_INVALID: split({ a }): a side output runs with its operator; say this of 'split'"],
  );
  assert.equal(
    faults((flow) => read(rows(flow).split({}).rest)),
    ['ARGUMENT_INVALID: split({  }): functions by the names of streams are expected here, not no function'],
  );
  assert.match(
    faults((flow) => read(rows(flow).split({ rest: () => true }).rest)).join(),
    /'rest' is the name of the rows that no function took/,
  );
  assert.match(faults((flow) => read(rows(flow).split({ a: 5 }).rest)).join(), /a function is expected here/);
  assert.match(
    faults((flow) =>
      read(
        rows(flow)
          .split({ a: () => true })
          .rest.sideOutput('a'),
      ),
    ).join(),
    /a tag made by outputTag\(name\) is expected here, not a string/,
  );
  assert.match(faults((flow) => void rows(flow).split({ a: () => true })).join(), /PLAN_SINK_MISSING/);
  assert.throws(() => outputTag(''), /ARGUMENT_INVALID: outputTag/);
  assert.throws(() => outputTag('late', 5 as never), /ARGUMENT_INVALID: outputTag\('late'\)/);
});

sides.run();
