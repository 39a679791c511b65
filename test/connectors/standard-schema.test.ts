import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../engine/connectors/collection.js';
import { generate } from '../../engine/connectors/generate.js';
import type { StandardSchema } from '../../engine/connectors/standard-schema.js';
import { job, t } from '../../engine/index.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { readRows, throwsCode } from './connector-kit.js';

const validators = suite('validators');

interface Order {
  id: number;
  items: number[];
}

const Order = t.record({ id: t.int32, items: t.list(t.int32) });

/** Written by hand after the text of the standard: refuses negative items, and fills in missing ones. */
const orders = (over: Partial<StandardSchema<Order>['~standard']> = {}): StandardSchema<Order> => ({
  '~standard': {
    version: 1,
    vendor: 'by-hand',
    validate: (value) => {
      const { id, items = [] } = value as Partial<Order>;
      if (typeof id !== 'number') return { issues: [{ message: 'a number is due', path: ['id'] }] };
      const issues = items.flatMap((item, i) => {
        const key = i % 2 === 0 ? i : { key: i };
        return item < 0 ? [{ message: 'below zero', path: [{ key: 'items' }, key] }] : [];
      });
      return issues.length > 0 ? { issues } : { value: { id, items } };
    },
    ...over,
  },
});

validators('what a validator gives back is the row, in every source', async () => {
  const given = [{ id: 1 }, { id: 2, items: [3], unknown: true }];
  const expected = [
    { id: 1, items: [] },
    { id: 2, items: [3] },
  ];
  const listed = collection(given, Order, { validate: orders() });
  const made = generate({
    make: (i) => given[i] as Order,
    count: 2,
    schema: Order,
    validate: orders(),
  });
  for (const source of [listed, made]) {
    const { out } = await runInline(job('through', (flow) => ({ out: flow.from(source) })));
    assert.equal(out, expected);
  }
});

validators('a row that does not pass is refused with the paths of all issues, and the record', async () => {
  const bad = { id: 2, items: [1, -1, -2] };
  const text = /row 2 does not pass by-hand: items\[1\]: below zero; items\[2\]: below zero; it is \{"id":2/;
  const read = () => readRows(collection([{ id: 1 }, bad], Order, { validate: orders() }));
  const error = await throwsCode('INPUT_VALUE_INVALID', read);
  assert.match(error.message, text);
  assert.equal(error.detail, { row: 2, field: 'items[1]', paths: 'items[1], items[2]' });
  const make = (i: number): Order => (i === 1 ? bad : { id: i, items: [] });
  const made = job('made', (flow) => ({ out: flow.from(generate({ make, count: 3, validate: orders() })) }));
  assert.match((await throwsCode('INPUT_VALUE_INVALID', () => runInline(made))).message, text);
});

validators('a validator that answers with a promise or throws is refused at the first record', async () => {
  const late = orders({ validate: async () => Promise.reject(new Error('too late')) });
  const broken = orders({
    validate: () => {
      throw new RangeError('out of order');
    },
  });
  for (const [validate, text] of [
    [late, 'it answered with a promise'],
    [broken, 'it threw RangeError: out of order'],
    [orders({ validate: () => undefined as never }), 'it answered undefined'],
  ] as const) {
    const read = () => readRows(collection([{ id: 1 }], Order, { validate }));
    assert.match((await throwsCode('INPUT_VALUE_INVALID', read)).message, text);
  }
  await throwsCode('ARGUMENT_INVALID', () => collection([], Order, { validate: {} as never }));
  await throwsCode('ARGUMENT_INVALID', () => generate({ make: Object, validate: (() => true) as never }));
});

validators.run();
