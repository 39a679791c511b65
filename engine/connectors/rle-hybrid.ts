/**
 * Decodes Parquet's hybrid of run lengths and bit-packed groups of eight, a few values at a time.
 *
 * Source: Apache Parquet format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".
 */
export class HybridDecoder {
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;
  #end = 0;
  #width = 0;
  #runLeft = 0;
  #runValue = 0;
  #packedLeft = 0;
  /** Bits read and not yet used, lowest first. */
  #pending = 0;
  #pendingCount = 0;

  /**
   * Begins at `position` of `bytes`.
   *
   * @param end    position after the last byte that may be read
   * @param width  bits of a value, 0..32
   */
  reset(bytes: Uint8Array, position: number, end: number, width: number): void {
    if (width > 32) throw new Error(`values of ${width} bits`);
    this.#bytes = bytes;
    this.#position = position;
    this.#end = end;
    this.#width = width;
    this.#runLeft = 0;
    this.#packedLeft = 0;
  }

  /**
   * Writes the next `count` values to `into[0..count - 1]`.
   *
   * @throws Error  the bytes end before the values do
   */
  read(into: Int32Array, count: number): void {
    let at = 0;
    if (this.#width === 0) {
      into.fill(0, 0, count);
      return;
    }
    while (at < count) {
      if (this.#runLeft > 0) {
        const length = Math.min(this.#runLeft, count - at);
        into.fill(this.#runValue, at, at + length);
        this.#runLeft -= length;
        at += length;
      } else if (this.#packedLeft > 0) {
        const length = Math.min(this.#packedLeft, count - at);
        if (this.#width > 24) this.#unpackWide(into, at, length);
        else this.#unpack(into, at, length);
        this.#packedLeft -= length;
        at += length;
      } else {
        this.#nextRun();
      }
      if (this.#position > this.#end) throw new Error('a page ends before its values do');
    }
  }

  #nextRun(): void {
    let header = 0;
    let shift = 0;
    let byte: number;
    do {
      if (this.#position >= this.#end || shift > 28) throw new Error('a page ends before its values do');
      byte = this.#bytes[this.#position++]!;
      header |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    header >>>= 0;
    if (header & 1) {
      this.#packedLeft = (header >>> 1) * 8;
      this.#pending = 0;
      this.#pendingCount = 0;
      return;
    }
    this.#runLeft = header >>> 1;
    this.#runValue = 0;
    for (let i = 0; i < this.#width; i += 8) this.#runValue |= this.#bytes[this.#position++]! << i;
  }

  #unpack(into: Int32Array, at: number, count: number): void {
    const bytes = this.#bytes;
    const width = this.#width;
    const mask = (1 << width) - 1;
    const end = at + count;
    let position = this.#position;
    if (width === 8) {
      while (at < end) into[at++] = bytes[position++]!;
      this.#position = position;
      return;
    }
    let pending = this.#pending;
    let pendingCount = this.#pendingCount;
    while (at < end) {
      while (pendingCount < width) {
        pending |= bytes[position++]! << pendingCount;
        pendingCount += 8;
      }
      into[at++] = pending & mask;
      pending >>>= width;
      pendingCount -= width;
    }
    this.#position = position;
    this.#pending = pending;
    this.#pendingCount = pendingCount;
  }

  /** Bit by bit: dictionaries of more than 16 million entries are not worth more code. */
  #unpackWide(into: Int32Array, at: number, count: number): void {
    for (let i = 0; i < count; i++) {
      let value = 0;
      for (let bit = 0; bit < this.#width; bit++) {
        if (this.#pendingCount === 0) {
          this.#pending = this.#bytes[this.#position++]!;
          this.#pendingCount = 8;
        }
        value |= (this.#pending & 1) << bit;
        this.#pending >>>= 1;
        this.#pendingCount--;
      }
      into[at + i] = value;
    }
  }
}
