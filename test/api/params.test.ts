import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeParams, parseParams, readParams } from '../../engine/api/params.js';
import { t } from '../../engine/records/schema.js';

const params = suite('parameters');

const declared = {
  path: t.string,
  limit: t.int32.default(3),
  big: t.bigint.default(5n),
  ratio: t.float64.default(0.5),
  dry: t.bool.default(false),
  since: t.nullable(t.timestamp),
};

const faults = (given: Record<string, unknown>) =>
  readParams(declared, given).faults.map(({ code, text }) => `${code}: ${text}`);

params('texts become values, defaults fill in, and null stands for what may be missing', () => {
  const { values, json } = parseParams(declared, {
    path: 'a',
    limit: '-7',
    dry: 'true',
    since: '2001-01-31',
  });
  assert.equal(values, { path: 'a', limit: -7, big: 5n, ratio: 0.5, dry: true, since: 980899200000 });
  assert.equal(json, { path: 'a', limit: -7, big: '5', ratio: 0.5, dry: true, since: 980899200000 });
});

params('what a plan carries parses to the same values again', () => {
  const given = { path: '7', limit: 9, big: 2n ** 63n - 1n, ratio: Number.POSITIVE_INFINITY, since: null };
  const first = parseParams(declared, given);
  const again = parseParams(declared, first.json);
  assert.equal(again, first);
  assert.is(again.values['ratio'], Number.POSITIVE_INFINITY);
});

params('small numbers have their range, and a float32 is rounded', () => {
  const small = { a: t.int8, b: t.int16, c: t.uint32, d: t.float32 };
  const good = { a: '-128', b: 32767, c: '4294967295', d: '0.1' };
  assert.equal(parseParams(small, good).values, { a: -128, b: 32767, c: 4294967295, d: Math.fround(0.1) });
  const bad = { a: '128', b: -32769, c: '-1', d: 'x' };
  assert.is(readParams(small, bad).faults.length, 4);
  assert.ok(readParams(small, bad).faults.every(({ code }) => code === 'PARAM_INVALID'));
});

params('every fault is reported at once, with the nearest name', () => {
  assert.equal(faults({ limits: '5', ratio: 'much', dry: 'yes' }), [
    "PARAM_UNKNOWN: the job has no parameter 'limits'; did you mean 'limit'?",
    "PARAM_MISSING: parameter 'path' (string) is missing; add --param path=…",
    "PARAM_INVALID: parameter 'ratio' is 'much', which is not a number",
    "PARAM_INVALID: parameter 'dry' is 'yes', which is not true or false",
  ]);
  assert.throws(
    () => parseParams(declared, { limits: '5' }),
    (error: any) => error.code === 'PLAN_INVALID' && error.errors.length === 2,
  );
});

params('values outside their kind are refused', () => {
  const bad: Record<string, unknown[]> = {
    limit: ['', '1.5', '1e3', '2147483648', 0.5, true, {}],
    big: ['1n', '9223372036854775808', 1.5, ''],
    ratio: ['', ' ', '1,5', {}],
    since: ['yesterday', '2001-13-01', '2001-01-31T12:00', ''],
    path: [1, {}, true],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      const found = faults({ path: 'a', [name]: value });
      assert.is(found.length, 1, `${name}=${String(value)}`);
      assert.match(found[0]!, /^PARAM_INVALID/);
    }
  }
});

params('names that objects inherit are not parameters', () => {
  assert.match(faults({ path: 'a', constructor: '1' })[0]!, /^PARAM_UNKNOWN/);
});

params('descriptions say what is required and what the default is', () => {
  assert.equal(
    describeParams(declared).map(
      ({ name, kind, isRequired, defaultText }) => `${name} ${kind} ${isRequired} ${defaultText}`,
    ),
    [
      ...['path string true null', 'limit int32 false 3', 'big bigint false 5', 'ratio float64 false 0.5'],
      ...['dry bool false false', 'since timestamp false null'],
    ],
  );
});

params.run();
