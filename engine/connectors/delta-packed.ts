/**
 * Decodes Parquet's DELTA_BINARY_PACKED integers as the low and high halves of 64-bit values.
 *
 * Halves, because a bigint per value would cost more than all the rest of reading a column. Sums wrap around, as the
 * format says, so a 32-bit column is the low halves alone.
 *
 * Source: Apache Parquet format, Encodings.md, "Delta Encoding".
 */
export function unpackDeltas(bytes: Uint8Array, count: number): { low: Int32Array; high: Int32Array } {
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  const reader = new ByteReader(bytes);
  const blockSize = reader.varint();
  const miniblockCount = reader.varint();
  const declared = reader.varint();
  const perMiniblock = blockSize / miniblockCount;
  if (declared < count || !(perMiniblock >= 8) || perMiniblock % 8 !== 0)
    throw new Error('a page of deltas has a header that cannot be');
  reader.zigzag();
  let lowSum = reader.low;
  let highSum = reader.high;
  if (count > 0) {
    low[0] = lowSum;
    high[0] = highSum;
  }
  for (let at = 1; at < count; ) {
    reader.zigzag();
    const minLow = reader.low;
    const minHigh = reader.high;
    const widths = reader.take(miniblockCount);
    for (let m = 0; m < miniblockCount && at < count; m++) {
      const width = widths[m]!;
      if (width > 64) throw new Error(`deltas of ${width} bits`);
      const bits = new BitReader(reader.take((perMiniblock * width) / 8));
      for (const end = Math.min(count, at + perMiniblock); at < end; at++) {
        const deltaLow = (minLow >>> 0) + (bits.read(Math.min(width, 32)) >>> 0);
        const deltaHigh =
          minHigh + (width > 32 ? bits.read(width - 32) : 0) + (deltaLow > 0xffff_ffff ? 1 : 0);
        const sumLow = (lowSum >>> 0) + (deltaLow >>> 0);
        highSum = (highSum + deltaHigh + (sumLow > 0xffff_ffff ? 1 : 0)) | 0;
        lowSum = sumLow | 0;
        low[at] = lowSum;
        high[at] = highSum;
      }
    }
  }
  return { low, high };
}

class ByteReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  /** The halves of the number that `zigzag` read last. */
  low = 0;
  high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    const start = this.#position;
    this.#position += length;
    if (this.#position > this.#bytes.length) throw new Error('a page of deltas ends before its values do');
    return this.#bytes.subarray(start, this.#position);
  }

  /** An unsigned number below 2^32. */
  varint(): number {
    this.#varint64();
    if (this.high !== 0) throw new Error('a page of deltas has a header that cannot be');
    return this.low >>> 0;
  }

  zigzag(): void {
    this.#varint64();
    const sign = -(this.low & 1);
    this.low = ((this.low >>> 1) | (this.high << 31)) ^ sign;
    this.high = (this.high >>> 1) ^ sign;
  }

  #varint64(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 63) throw new Error('a page of deltas holds a number of more than 64 bits');
      const byte = this.take(1)[0]!;
      const part = byte & 0x7f;
      if (shift < 32) low |= part << shift;
      if (shift > 25) high |= shift < 32 ? part >>> (32 - shift) : part << (shift - 32);
      if ((byte & 0x80) === 0) break;
    }
    this.low = low;
    this.high = high;
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  /** In bits. */
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next `width` bits, 0..32, lowest first. */
  read(width: number): number {
    const bytes = this.#bytes;
    let at = this.#position >>> 3;
    const skipped = this.#position & 7;
    this.#position += width;
    if (width === 0) return 0;
    let value = bytes[at]! >>> skipped;
    for (let have = 8 - skipped; have < width; have += 8) value |= bytes[++at]! << have;
    return width === 32 ? value : value & ((1 << width) - 1);
  }
}
