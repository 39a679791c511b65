import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collection } from '../../engine/connectors/collection.js';
import { GATE_BUFFER, InputGate } from '../../engine/exchange/input-gate.js';
import { job, t } from '../../engine/index.js';
import { Exchange } from '../../engine/memory/exchange-arena.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { failureOf } from '../kit/run-kit.js';

const bad = suite('bad records');

const Id = t.record({ id: t.int32 });
const IDS = Array.from({ length: 200 }, (_, id) => ({ id }));

const TYPES = {
  int: [t.record({ id: t.int32, x: t.int32 }), 1],
  text: [t.record({ id: t.int32, x: t.string }), 'x'],
  list: [t.record({ id: t.int32, x: t.list(t.int32) }), [1]],
  map: [t.record({ id: t.int32, x: t.map(t.int32) }), new Map()],
  inner: [t.record({ id: t.int32, x: t.record({ y: t.string }) }), { y: 'y' }],
  undeclared: [null, 1],
  packed: [null, { y: [1] }],
} as const;

const throwing = (name: string): object =>
  Object.defineProperty({}, name, { enumerable: true, get: () => { throw new RangeError('none today'); } }); // biome-ignore format: short

const deep = (depth: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = { d: value };
  return value;
};

const longList = new Array<number>(10_000_000).fill(1);
const longText = 'a'.repeat(2_000_000);
const polluting = (): object => JSON.parse('{ "__proto__": { "isAdmin": true } }');

// biome-ignore format: a table
const CASES: readonly (readonly [
  what: string, type: keyof typeof TYPES, x: unknown, code: string, field: string | null, text: RegExp,
])[] = [
  ['a getter that throws',       'int',        throwing('x'),            'USER_FUNCTION_FAILED', null,   /RangeError: none today/],
  ['a getter that throws',       'undeclared', throwing('x'),            'USER_FUNCTION_FAILED', null,   /RangeError: none today/],
  ['a getter inside',            'inner',      { x: throwing('y') },     'RECORD_FIELD_INVALID', 'x.y',  /cannot be read: RangeError: none/],
  ['a getter inside',            'undeclared', { x: throwing('y') },     'RECORD_FIELD_INVALID', 'x.y',  /cannot be read: RangeError: none/],
  ['a getter inside',            'packed',     { x: throwing('y') },     'RECORD_FIELD_INVALID', 'x.y',  /cannot be read: RangeError: none/],
  ['__proto__ as a key',         'undeclared', polluting(),              'RECORD_FIELD_INVALID', '__proto__', /is a member that every object has/],
  ['__proto__ inside',           'packed',     { x: polluting() },       'RECORD_FIELD_INVALID', 'x.__proto__', /is a member that every object has/],
  ['__proto__ in a map',         'map',        { x: new Map([['__proto__', 1]]) }, 'RECORD_FIELD_INVALID', 'x["__proto__"]', /not a key: every object has/],
  ['constructor in a map',       'map',        { x: new Map([['constructor', 1]]) }, 'RECORD_FIELD_INVALID', 'x["constructor"]', /not a key: every object has/],
  ['a depth of 1,000',           'packed',     { x: deep(1_000) },       'RECORD_FIELD_INVALID', null,   /nested more than 100 deep/],
  ['ten million items',          'list',       { x: longList },          'RECORD_FIELD_INVALID', 'x',    /10000000 items, which is not an array of at most 1000000/],
  ['ten million items',          'packed',     { x: longList },          'RECORD_TOO_LARGE',     null,   /at most|larger than the largest/],
  ['NaN',                        'int',        { x: Number.NaN },        'RECORD_FIELD_INVALID', 'x',    /the value NaN, which is not a whole/],
  ['half of a pair',             'text',       { x: 'half \ud83d' },     'RECORD_FIELD_INVALID', 'x',    /well formed \(no half of a surrogate pair\)/],
  ['half of a pair inside',      'inner',      { x: { y: 'half \ud83d' } }, 'RECORD_FIELD_INVALID', 'x.y', /no half of a surrogate pair/],
  ['half of a pair',             'undeclared', { x: 'half \ud83d' },     'RECORD_FIELD_INVALID', 'x',    /half of a surrogate pair/],
  ['half of a pair inside',      'packed',     { x: { y: ['\udc00'] } }, 'RECORD_FIELD_INVALID', 'x.y.0', /half of a surrogate pair/],
  ['a record over the limit',    'text',       { x: longText },          'RECORD_TOO_LARGE',     null,   /of 20000\d\d bytes is larger than the largest that may be sent, 1048576/],
  ['a record over the limit',    'undeclared', { x: longText },          'RECORD_TOO_LARGE',     null,   /of 20000\d\d bytes is larger than the largest that may be sent, 1048576/],
  ['a function',                 'packed',     { x: { y: () => 1 } },    'RECORD_FIELD_INVALID', 'x.y',  /is a function/],
  ['a symbol',                   'undeclared', { x: Symbol('s') },       'RECORD_FIELD_INVALID', 'x',    /is a symbol/],
];

for (const at of [3, 150]) {
  bad(
    `record ${at}, if it is bad, ends the job with code, field, line and record, behind all that were good`,
    async () => {
      for (const [what, type, x, code, field, text] of CASES) {
        const [Row, good] = TYPES[type];
        const seen: number[] = [];
        const later: number[] = [];
        const give = ({ id }: { id: number }): never => {
          seen.push(id);
          if (id !== at) return { id, x: good } as never;
          const row = Object.defineProperties({ id }, Object.getOwnPropertyDescriptors(x));
          return row as never;
        };
        const spoiling = job('spoiling', (flow) => {
          const rows = flow.from(collection(IDS, Id));
          const made = Row === null ? rows.map(give) : rows.map(Row as never, give);
          const sent = made.named('spoil').rebalance();
          return { out: sent.filter((row: any) => later.push(row.id, Object.keys(row).length) > 0) };
        });
        const name = `${what}, ${type}`;
        const error = await failureOf(runInline(spoiling));
        assert.is(error.code, code, `${name}: ${error.message}`);
        assert.match(error.message, text, name);
        if (field !== null) assert.is(error.detail['field'], field, name);
        if (what.startsWith('a getter')) assert.match(String(error.cause), 'none today', name);
        const isOfRow = code !== 'RECORD_TOO_LARGE' || Row === null;
        if (isOfRow) assert.match(error.message, /spoil at .*bad-records\.test\.\w+:\d+:\d+/, name);
        if (isOfRow) assert.ok('operator' in error.detail, name);
        // Rows that are kept back to learn a shape are told by themselves.
        const isKeptBack = error.message.includes(', in ');
        const isShown = !error.message.includes('(cannot be shown');
        const row = isKeptBack ? /, in \{.*/ : `at record {"id":${at}}`;
        if (isShown) assert.match(error.message, row, name);
        if (!isKeptBack) assert.equal(seen, Array.from({ length: at + 1 }, (_, id) => id), name); // biome-ignore format: short
        assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined, name);
      }
    },
  );
}

bad('what a flat-map function returns is an iterable, and no promise of one', async () => {
  for (const returned of [5, Promise.resolve([])]) {
    const given = (): never => returned as never;
    const spoiling = job('spoiling', (flow) => ({ out: flow.from(collection(IDS, Id)).flatMap(given) }));
    const { code, message } = await failureOf(runInline(spoiling));
    assert.is(code, 'RECORD_FIELD_INVALID');
    assert.ok(message.includes(`returned ${returned}, not an iterable of records`), message);
    assert.match(message, /flatMap at .*bad-records\.test\.\w+:\d+:\d+ .*at record {"id":0}/);
  }
});

bad(
  'of bad rows among those kept back to learn a shape one is told, and how many more there are',
  async () => {
    const rows = IDS.slice(0, 20).map(({ id }) => ({ id, text: id % 5 === 2 ? longText : 'well' }));
    const spoiling = job('spoiling', (flow) => {
      const made = flow.from(collection(IDS.slice(0, 20), Id)).map(({ id }) => rows[id]!);
      return { out: made.rebalance().filter(() => false) };
    });
    const error = await failureOf(runInline(spoiling));
    assert.is(error.code, 'RECORD_TOO_LARGE');
    assert.match(error.message, /, in \{"id":2,.*; 3 more of the rows that were kept back cannot be sent/);
    assert.is(error.detail['others'], 3);
  },
);

bad(
  'in checked code a damaged row is told before anything is read of it, and rows before it are handled',
  async () => {
    const Row = t.record({ id: t.int32, text: t.string });
    const rows = IDS.map(({ id }) => ({ id, text: `text ${id}` }));
    const damages: readonly (readonly [i32: number, value: number, text: RegExp])[] = [
      [0, 0, /its length is 0/],
      [0, 44, /its length is 44/],
      [0, 1 << 20, /its length is 1048576, and its buffer ends after \d+/],
      [4, 7, /field 'text' has \d+ bytes from 7 on/],
      [5, 2 << 20, /field 'text' has \d{7} bytes from \d+ on/],
      [5, -2, /field 'text' has -1 bytes/],
      [0, -99, /holds an element of unknown tag -99/],
    ];
    for (const [word, value, text] of damages) {
      const handled: number[] = [];
      const damaged = job('damaged', (flow) => ({
        out: flow
          .from(collection(rows, Row))
          .rebalance()
          .filter((row) => {
            handled.push(row.id);
            return row.text === `text ${row.id}`;
          }),
      }));
      const error = await failureOf(withDamage(word, value, () => runInline(damaged)));
      assert.is(error.code, 'RECORD_CORRUPT');
      assert.match(error.message, text);
      assert.equal(handled, [0, 1, 2, 3, 4]);
    }
  },
);

/** Writes over one word of the sixth row of the first buffer that is read meanwhile. */
async function withDamage(word: number, value: number, run: () => Promise<unknown>): Promise<unknown> {
  const { poll } = InputGate.prototype;
  const { segmentStart } = Exchange.prototype;
  let i32: Int32Array | null = null;
  let isDone = false;
  Exchange.prototype.segmentStart = function (this: Exchange, segment) {
    i32 = this.view.i32;
    return segmentStart.call(this, segment);
  };
  InputGate.prototype.poll = function (this: InputGate) {
    const found = poll.call(this);
    if (found === GATE_BUFFER && !isDone) {
      isDone = true;
      let at = this.begin >> 2;
      for (let row = 0; row < 5; row++) at += i32![at]! >> 2;
      i32![at + word] = value;
    }
    return found;
  };
  try {
    return await run();
  } finally {
    InputGate.prototype.poll = poll;
    Exchange.prototype.segmentStart = segmentStart;
  }
}

bad.run();
