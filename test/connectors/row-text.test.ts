import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { csvFormatter, csvValue, jsonFormatter, jsonValue } from '../../engine/connectors/row-text.js';
import { t } from '../../engine/records/schema.js';

const texts = suite('rows as text');

texts('nested values are written as JSON, by the rules of their types', () => {
  const Inner = t.record({ at: t.timestamp, big: t.nullable(t.bigint), 'a "b"': t.string });
  const Nested = t.record({
    list: t.list(t.nullable(Inner)),
    map: t.map(t.list(t.float64)),
    either: t.union('kind', { raw: t.record({ raw: t.bytes }), none: t.record({}) }),
  });
  const inner = { at: 0, big: 2n ** 60n, 'a "b"': 'x,"y"' };
  const rows = [
    {
      list: [inner, null, { ...inner, big: null }],
      map: new Map([['a"', [1, Number.NaN]]]),
      either: { kind: 'raw', raw: Buffer.from('sluice') },
    },
    { list: [], map: new Map(), either: { kind: 'none' } },
  ];
  const json = [
    {
      list: [
        { at: '1970-01-01T00:00:00.000Z', big: '1152921504606846976', 'a "b"': 'x,"y"' },
        null,
        { at: '1970-01-01T00:00:00.000Z', big: null, 'a "b"': 'x,"y"' },
      ],
      map: { 'a"': [1, null] },
      either: { kind: 'raw', raw: 'c2x1aWNl' },
    },
    { list: [], map: {}, either: { kind: 'none' } },
  ];
  const cell = (value: unknown): string => {
    const text = JSON.stringify(value);
    return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  rows.forEach((row, i) => {
    assert.is(jsonFormatter(Nested.fields)(row), `${JSON.stringify(json[i])}\n`);
    assert.is(csvFormatter(Nested.fields)(row), `${Object.values(json[i]!).map(cell).join(',')}\n`);
  });
});

texts('what is not declared loses nothing: a Map is an object, a Set an array, bytes are base64', () => {
  const cases: readonly (readonly [value: unknown, text: string])[] = [
    [{ map: new Map([['k', new Map([['', 1]])]]) }, '{"map":{"k":{"":1}}}'],
    [{ set: new Set([[new Uint8Array([0, 1])]]) }, '{"set":[["AAE="]]}'],
    [{ raw: new Uint8Array([0, 1]) }, '{"raw":"AAE="}'],
    [{ raw: Buffer.from('sluice') }, '{"raw":"c2x1aWNl"}'],
    [{ none: new Uint8Array(0), text: '{}', object: {} }, '{"none":"","text":"{}","object":{}}'],
    [{ big: new Map([['k', 1n]]) }, '{"big":{"k":"1"}}'], // from here on, all texts are made the slow way
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ];
  for (const [value, text] of cases) assert.is(jsonValue(value), text);
  assert.is(csvValue(Buffer.from('sluice')), 'c2x1aWNl');
  assert.is(csvValue(new Map([['k', 1]])), '"{""k"":1}"');
});

texts.run();
