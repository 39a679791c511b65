import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rowView } from '../../engine/records/row-layout.js';
import { VALUE_BYTES_MAX } from '../../engine/records/schema.js';
import { StringCodec } from '../../engine/records/strings.js';
import { utf8Length, utf8Write } from '../../engine/records/utf8.js';
import { randomRuns } from '../kit/random-rows.js';

const strings = suite('strings');
const RUNS = randomRuns(2000);
/** Any sequence of code units, lone surrogates too; lengths on both sides of the limits between loops and native calls. */
const anyText = fc.oneof(
  fc.array(fc.nat(0xffff), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: 'binary-ascii', maxLength: 100 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

strings('a string too long for any row measures as one that is, and not as a small one', () => {
  const { measure } = new StringCodec(rowView(new ArrayBuffer(8)));
  assert.is(measure('x'.repeat(VALUE_BYTES_MAX + 8)), 2 * VALUE_BYTES_MAX + 1);
});

strings('a string is cut out of its run unless it would keep much more than itself', () => {
  const view = rowView(new ArrayBuffer(256));
  const codec = new StringCodec(view);
  const memory = `${'a'.repeat(13)}${'b'.repeat(12)}${'c'.repeat(39)}`;
  codec.write(memory, 8, codec.measure(memory));
  const word = (length: number): number => 2 * length + 1;
  assert.is(codec.readRun(8, 8 + 23, 1), null, 'short ones are read one by one');
  assert.is(codec.readRun(8, 8 + 64, 0), null, 'not all of them are ASCII');
  assert.is(codec.readRun(8, 8 + 64, 1), memory);
  const run = '-'.repeat(64); // tells what comes from the run
  assert.is(codec.ofRun(run, 8, 8, word(13)), 'a'.repeat(13), 'V8 would keep 64 characters for 13');
  assert.is(codec.ofRun(run, 8, 8 + 13, word(12)), '-'.repeat(12), 'V8 copies it');
  assert.is(codec.ofRun(run, 8, 8 + 25, word(39)), '-'.repeat(39));
  assert.is(codec.ofRun(null, 8, 8 + 25, word(39)), 'c'.repeat(39));
});

strings("the bytes of a string are those of Node's own encoder, lone surrogates replaced", () => {
  const into = new Uint8Array(1000);
  fc.assert(
    fc.property(anyText, (text) => {
      const expected = Buffer.from(text, 'utf8');
      assert.is(utf8Length(text), expected.length);
      assert.is(utf8Write(into, text, 3), 3 + expected.length);
      assert.ok(expected.equals(into.subarray(3, 3 + expected.length)));
    }),
    RUNS,
  );
});

strings('the length word is twice the byte length, plus one for ASCII', () => {
  const codec = new StringCodec(rowView(new ArrayBuffer(8)));
  fc.assert(
    fc.property(anyText, (text) => {
      const bytes = Buffer.from(text, 'utf8');
      assert.is(codec.measure(text), 2 * bytes.length + (bytes.every((byte) => byte < 0x80) ? 1 : 0));
    }),
    RUNS,
  );
});

strings('a string that was written is read back, decoded or from the cache, at every offset', () => {
  const view = rowView(new SharedArrayBuffer(4096));
  const codec = new StringCodec(view);
  fc.assert(
    fc.property(anyText, fc.nat(50), (text, at) => {
      const word = codec.measure(text);
      view.u8.fill(0xaa);
      codec.write(text, at, word);
      const expected = Buffer.from(text, 'utf8').toString('utf8');
      assert.is(codec.read(at, word), expected);
      assert.is(codec.readInterned(at, word), expected);
      assert.is(codec.readInterned(at, word), expected);
      assert.is(view.u8[at + (word >> 1)], 0xaa, 'nothing is written behind it');
      if (at > 0) assert.is(view.u8[at - 1], 0xaa, 'nor before it');
    }),
    RUNS,
  );
});

strings('the cache of strings stays right when far more distinct strings are read than it holds', () => {
  const view = rowView(new ArrayBuffer(64));
  const codec = new StringCodec(view);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 20_000; i++) {
      const text = `key-${Math.imul(i, 7919) % 9973}-é`.slice(0, 4 + (i % 12));
      const word = codec.measure(text);
      codec.write(text, 8, word);
      assert.is(codec.readInterned(8, word), text);
    }
  }
});

strings('strings of equal length that differ in one byte are told apart by the cache', () => {
  const view = rowView(new ArrayBuffer(256));
  const codec = new StringCodec(view);
  for (let prefix = 0; prefix < 500; prefix++) {
    for (let last = 33; last < 127; last++) {
      const text = `${prefix}/${String.fromCharCode(last)}`;
      codec.write(text, 0, codec.measure(text));
      assert.is(codec.readInterned(0, codec.measure(text)), text);
    }
  }
});

strings(
  'the cache does not decode again what it has seen, also where two strings have the same place',
  () => {
    const view = rowView(new ArrayBuffer(256));
    let decoded = 0;
    const buf = {
      latin1Write: (text: string, at: number, bytes: number): number =>
        view.buf.write(text, at, bytes, 'latin1'),
      latin1Slice: (begin: number, end: number): string => {
        decoded++;
        return view.buf.toString('latin1', begin, end);
      },
    };
    const codec = new StringCodec({ u8: view.u8, buf: buf as unknown as Buffer });
    const readAll = (): void => {
      for (let i = 0; i < 400; i++) {
        const text = `distinct value ${i}`;
        codec.write(text, 0, codec.measure(text));
        codec.readInterned(0, codec.measure(text));
      }
    };
    readAll();
    assert.is(decoded, 400);
    readAll();
    assert.ok(decoded < 410, `${decoded - 400} strings were decoded again`);
  },
);

strings.run();
