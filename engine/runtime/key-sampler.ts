import { valueText } from '../base/record-text.js';
import { controlBytesAt, TAG_SHAPE } from '../exchange/element.js';
import type { Categories } from '../records/categories.js';
import { type Codec, compileCodec } from '../records/codec.js';
import { PACKED_FIELD, type RowView, rowLayout } from '../records/row-layout.js';
import type { InputShape } from './codegen/chain-compiler.js';

/** What keys the rows have that came to a task while they were sampled. Plain data. */
export interface KeySample {
  /** Rows whose key was looked at. */
  readonly rows: number;
  /** Keys with the greatest shares of the rows, 0..1, the greatest first; of a handful. */
  readonly keys: readonly { readonly key: string; readonly share: number }[];
}

/** More are not looked at, so that what is kept is bounded. */
const ROWS_MAX = 4_000;
/** Of each buffer, one of each eighth of it. */
const ROWS_PER_BUFFER = 8;
/** Keys that are told. */
const KEYS_TOLD = 5;
/** Of a value in the text of a key; keys that differ only behind that are taken for one. */
const VALUE_CHARS_MAX = 60;

/** Where rows lie, and which columns of theirs are the key. */
export interface KeyedRows {
  readonly keys: readonly string[];
  readonly view: RowView;
}

/**
 * Counts the keys of a sample of the rows in the buffers of a task: of each buffer some, drawn over all of it, which
 * stand for as many as the buffer has. So a row is as likely to count as any other, whether keys come in turn, have
 * rows of different lengths, or come in buffers that are full or not. Of the sample the counts are exact; by how much
 * a share may be wrong, its size tells.
 *
 * Runs in: the consuming task, and only while somebody asks. Cost: a word of each row, and of a few rows in each buffer
 * the text of their keys.
 */
export class KeySampler {
  readonly #categories: Categories | null;
  readonly #codecs = new Map<InputShape, Codec<Record<string, unknown>>>();
  readonly #counts = new Map<string, number>();
  #rows = 0;
  #weight = 0;
  #draw = 1;

  constructor(categories: Categories | null) {
    this.#categories = categories;
  }

  /**
   * Draws rows of a buffer. One in which the shape of the rows changes is left aside.
   *
   * @param shape  of its rows, one for each gate; null: not told yet
   */
  look(rows: KeyedRows, shape: InputShape | null, begin: number, end: number): void {
    if (shape === null || this.#rows >= ROWS_MAX) return;
    const { i32 } = rows.view;
    const count = rowsIn(i32, begin, end);
    if (count === 0) return;
    const drawn = Math.min(count, ROWS_PER_BUFFER);
    const width = count / drawn;
    let next = 0;
    let target = this.#drawIn(0, width);
    for (let p = begin, row = -1; p < end && next < drawn; ) {
      const word = i32[p >> 2]!;
      if (word > 0) row++;
      // A row that lies in two parts may be drawn for both.
      for (; next < drawn && word > 0 && target === row; target = this.#drawIn(++next * width, width))
        this.#count(this.#keyAt(rows, shape, p), width);
      p += word > 0 ? word : controlBytesAt(i32, p);
    }
  }

  get sample(): KeySample {
    const keys = [...this.#counts]
      .sort(([, a], [, b]) => b - a)
      .slice(0, KEYS_TOLD)
      .map(([key, count]) => ({ key, share: count / this.#weight }));
    return { rows: this.#rows, keys };
  }

  #count(key: string, weight: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + weight);
    this.#weight += weight;
    this.#rows++;
  }

  #keyAt({ keys, view }: KeyedRows, shape: InputShape, p: number): string {
    let codec = this.#codecs.get(shape);
    if (codec === undefined) {
      codec = compileCodec(rowLayout(shape.fields), view, this.#categories);
      this.#codecs.set(shape, codec);
    }
    const decoded = codec.decode(p);
    const row = shape.isPacked ? (decoded[PACKED_FIELD.name] as Record<string, unknown>) : decoded;
    const texts = keys.map((name) => {
      const kind = shape.fields.find((field) => field.name === name)?.kind;
      return [name, keyText(row[name], kind === 'timestamp')] as const;
    });
    return texts.length === 1 ? texts[0]![1] : texts.map(([name, text]) => `${name} ${text}`).join(', ');
  }

  /** The number of a row of a buffer: one of `width` from `from` on. */
  #drawIn(from: number, width: number): number {
    this.#draw = (Math.imul(this.#draw, 1_664_525) + 1_013_904_223) | 0;
    const at = from + ((this.#draw >>> 0) / 2 ** 32) * width;
    return Math.floor(at);
  }
}

/** 0 where the shape changes. */
function rowsIn(i32: Int32Array, begin: number, end: number): number {
  let rows = 0;
  for (let p = begin; p < end; ) {
    const word = i32[p >> 2]!;
    if (word === TAG_SHAPE) return 0;
    if (word > 0) rows++;
    p += word > 0 ? word : controlBytesAt(i32, p);
  }
  return rows;
}

function keyText(value: unknown, isTime: boolean): string {
  if (value === null || value === undefined) return 'null';
  if (isTime && typeof value === 'number' && Math.abs(value) <= TIME_MAX)
    return new Date(value).toISOString();
  if (value instanceof Uint8Array)
    return `0x${Buffer.from(value.subarray(0, VALUE_CHARS_MAX / 2)).toString('hex')}`;
  return valueText(value, VALUE_CHARS_MAX);
}

/** Of a date, in ms. */
const TIME_MAX = 8.64e15;
