import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { csvFormatter, jsonFormatter } from '../../engine/connectors/row-text.js';
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

texts.run();
