import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Prng } from '../../engine/base/prng.js';
import { unpackDeltas } from '../../engine/connectors/delta-packed.js';
import { HybridDecoder } from '../../engine/connectors/rle-hybrid.js';

const encodings = suite('Parquet encodings');

/** Bits, lowest first, as a plain encoder for the tests that shares nothing with the decoders. */
class Bits {
  readonly bytes: number[] = [];
  #pending = 0n;
  #count = 0n;

  put(value: bigint, width: number): void {
    this.#pending |= BigInt.asUintN(width, value) << this.#count;
    this.#count += BigInt(width);
    for (; this.#count >= 8n; this.#count -= 8n, this.#pending >>= 8n)
      this.bytes.push(Number(this.#pending & 255n));
  }

  varint(value: bigint): void {
    for (; value > 127n; value >>= 7n) this.bytes.push(Number(value & 127n) | 128);
    this.bytes.push(Number(value));
  }

  zigzag(value: bigint): void {
    this.varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }
}

/** Runs and bit-packed groups in random alternation. */
function encodeHybrid(values: number[], width: number, random: Prng): Uint8Array {
  const bits = new Bits();
  let at = 0;
  while (at < values.length) {
    const left = values.length - at;
    if (random.below(2) === 0) {
      const groups = 1 + random.below(4);
      bits.varint(BigInt((groups << 1) | 1));
      for (let i = 0; i < groups * 8; i++) bits.put(BigInt(values[at + i] ?? 0), width);
      at += Math.min(left, groups * 8);
    } else {
      const length = Math.min(left, 1 + random.below(40));
      values.fill(values[at]!, at, at + length);
      bits.varint(BigInt(length << 1));
      bits.put(BigInt(values[at]!), Math.ceil(width / 8) * 8);
      at += length;
    }
  }
  return Uint8Array.from(bits.bytes);
}

encodings('runs and bit-packed groups of any width are read in portions of any size', () => {
  const seed = Date.now() >>> 0;
  const random = new Prng(seed);
  for (let round = 0; round < 400; round++) {
    const note = `seed ${seed}, round ${round}`;
    const width = 1 + random.below(32);
    const values = Array.from({ length: 1 + random.below(300) }, () => random.below(2 ** width) | 0);
    const bytes = encodeHybrid(values, width, random);
    const decoder = new HybridDecoder();
    const padded = new Uint8Array(bytes.length + 7);
    padded.set(bytes, 3);
    decoder.reset(padded, 3, 3 + bytes.length, width);
    const actual: number[] = [];
    while (actual.length < values.length) {
      const count = Math.min(values.length - actual.length, random.below(50));
      const into = new Int32Array(50);
      decoder.read(into, count);
      actual.push(...into.subarray(0, count));
    }
    assert.equal(actual, values, note);
  }
});

encodings('a hybrid that ends early is an error, unless only padding is missing', () => {
  const random = new Prng(1);
  for (const width of [1, 8, 9, 25]) {
    const values = Array.from({ length: 100 }, (_, i) => i % 2);
    const bytes = encodeHybrid(values, width, random);
    let refused = 0;
    for (let length = 0; length < bytes.length; length++) {
      const decoder = new HybridDecoder();
      decoder.reset(bytes, 0, length, width);
      const into = new Int32Array(100);
      try {
        decoder.read(into, 100);
      } catch (error) {
        assert.match((error as Error).message, 'ends before its values');
        refused++;
        continue;
      }
      assert.equal([...into], values, `${length} of ${bytes.length} bytes`);
    }
    assert.ok(refused >= bytes.length - 4 * width, `${refused} of ${bytes.length} cuts were refused`);
  }
  for (const width of [8, 9, 25])
    for (let length = 0; length <= width; length++) {
      const decoder = new HybridDecoder();
      decoder.reset(Uint8Array.of(3, ...new Array<number>(width).fill(1)), 0, length, width);
      assert.throws(() => decoder.read(new Int32Array(8), 8), 'ends before its values');
    }
  assert.throws(() => new HybridDecoder().reset(new Uint8Array(4), 0, 4, 33), 'values of 33 bits');
});

function encodeDeltas(values: readonly bigint[]): Uint8Array {
  const bits = new Bits();
  for (const number of [128n, 4n, BigInt(values.length)]) bits.varint(number);
  bits.zigzag(values[0] ?? 0n);
  for (let start = 1; start < values.length; start += 128) {
    const deltas = values
      .slice(start, start + 128)
      .map((v, i) => BigInt.asIntN(64, v - values[start + i - 1]!));
    const min = [...deltas].sort((a, b) => (a < b ? -1 : 1))[0]!;
    bits.zigzag(min);
    const residuals = deltas.map((delta) => BigInt.asUintN(64, delta - min));
    const minis = [0, 1, 2, 3].map((m) => residuals.slice(m * 32, m * 32 + 32));
    const widths = minis.map((mini) =>
      Math.max(0, ...mini.map((r) => (r === 0n ? 0 : r.toString(2).length))),
    );
    for (const width of widths) bits.bytes.push(width);
    minis.forEach((mini, m) => {
      if (mini.length > 0) for (let i = 0; i < 32; i++) bits.put(mini[i] ?? 0n, widths[m]!);
    });
  }
  return Uint8Array.from(bits.bytes);
}

encodings('deltas of any size are summed exactly, around the ends of 64 bits too', () => {
  const seed = Date.now() >>> 0;
  const random = new Prng(seed);
  for (let round = 0; round < 300; round++) {
    const bitCount = BigInt(1 + random.below(64));
    const values = Array.from({ length: random.below(400) }, () =>
      BigInt.asIntN(Number(bitCount), (BigInt(random.nextUint32()) << 32n) | BigInt(random.nextUint32())),
    );
    const { low, high } = unpackDeltas(encodeDeltas(values), values.length);
    const actual = values.map((_, i) => (BigInt(high[i]!) << 32n) | BigInt(low[i]! >>> 0));
    assert.equal(actual.map(String), values.map(String), `seed ${seed}, round ${round}`);
  }
});

encodings('deltas that end early are an error', () => {
  const bytes = encodeDeltas(Array.from({ length: 200 }, (_, i) => BigInt(i * i)));
  for (let length = 0; length < bytes.length; length += 3)
    assert.throws(() => unpackDeltas(bytes.subarray(0, length), 200), 'page of deltas');
  assert.throws(() => unpackDeltas(bytes, 201), 'a header that cannot be');
});

encodings.run();
