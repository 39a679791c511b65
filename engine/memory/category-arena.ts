/**
 * The categories of one attempt: texts that occur in many rows, each kept once with a number, its id.
 *
 *   category/reserve      Whoever adds a text reserves an entry and bytes by Atomics.add: both are its own alone, and
 *                         nothing that was reserved is ever given back or changed.
 *   category/bytes-first  Bytes and entry are written before the slot that shows them to others. An id is only ever got
 *                         from a slot, or in a row from somebody who did, so whoever has it sees what it stands for.
 *   category/one-id       A slot goes from 0 to its id + 1 once, by compareExchange. Whoever loses it compares the text
 *                         with the winner's and goes on to the next slot if that is another one, so a text has one id.
 *                         What the loser had reserved stays unused.
 *   category/full         Nothing is reserved once the table is full, and it is so for ever. Of the slots at least half
 *                         are 0 then, so every search ends. What has no id travels as a string.
 *   category/spilled      Why values of a field travel as strings; bits are set and never cleared.
 *
 * Slots are i32, changed by any thread; entries are four i32: byte offset of the text, its length word (2 x bytes, + 1
 * where all are ASCII), its hash, and 0. The table of slots is searched from the hash on, one after the other.
 *
 * Runs in: the main thread creates, whoever writes or reads rows attaches.
 */
import { assert } from '../base/assert.js';
import { layout, wholeLines } from './layout.js';
import { CATEGORY_MAGIC, checkRegion, REGION, type SharedMemory, stampRegion } from './region.js';

// biome-ignore format: a table
const SHAPE = layout('category-shape', 128, {
  //         offset  type   writer     meaning
  values:  [   0,  'i32', 'creator', 'entries'],
  bytes:   [   4,  'i32', 'creator', 'bytes for their texts'],
  fields:  [   8,  'i32', 'creator', 'fields whose values are categories'],
});

// biome-ignore format: a table
const USE = layout('category-use', 384, {
  //         offset  type   writer  meaning
  values:  [   0,  'i32', 'any',  'entries ever reserved; may pass their number by one for each thread'],
  bytes:   [ 128,  'i32', 'any',  'bytes ever reserved; may pass their number by one text for each thread'],
  full:    [ 256,  'i32', 'any',  '1 once there was no room'],
});

// biome-ignore format: a table
const FIELD = layout('category-field', 128, {
  //         offset  type   writer  meaning
  spilled: [   0,  'i32', 'any',  'why values of the field travel as strings: bit 0 no room, bit 1 hardly any value comes twice'],
});

const SPILLED_FULL = 1;
const SPILLED_DISTINCT = 2;

/** No id: the value travels as a string. */
export const NO_CATEGORY = -1;

const HEAD_BYTES = REGION.BYTES + SHAPE.BYTES + USE.BYTES;
const ENTRY_WORDS = 4;
const SPREAD = -1640531527;

export interface CategorySpec {
  /** Different values that get an id, from 1 to 2^20. */
  readonly values: number;
  /** Bytes of all their texts, in UTF-8, from 8 to 2^30. */
  readonly bytes: number;
  /** How many fields have categories. */
  readonly fields: number;
}

/** Every part of the region by name; the sum is its size. */
function categoryTerms({ values, bytes, fields }: CategorySpec) {
  return [
    { name: 'category header', count: 1, bytes: HEAD_BYTES },
    { name: 'fields', count: fields, bytes: FIELD.BYTES },
    { name: 'slots', count: 1, bytes: wholeLines(slotsOf(values) * 4) },
    { name: 'entries', count: 1, bytes: wholeLines(values * ENTRY_WORDS * 4) },
    { name: 'texts', count: 1, bytes: wholeLines(bytes) },
  ] as const;
}

export function categoryBytes(spec: CategorySpec): number {
  return categoryTerms(spec).reduce((sum, { count, bytes }) => sum + count * bytes, 0);
}

/** @param attempt  from 1 */
export function createCategoryArena(spec: CategorySpec, attempt: number): SharedMemory {
  const memory = new SharedArrayBuffer(categoryBytes(spec));
  stampRegion(memory, CATEGORY_MAGIC, attempt, 0);
  const words = new Int32Array(memory);
  words[REGION.BYTES / 4 + SHAPE.values] = spec.values;
  words[REGION.BYTES / 4 + SHAPE.bytes] = spec.bytes;
  words[REGION.BYTES / 4 + SHAPE.fields] = spec.fields;
  return memory;
}

export class CategoryArena {
  /** Ids are below it. */
  readonly values: number;
  readonly fields: number;
  /** The texts; `startOf` an id is an offset into it. */
  readonly u8: Uint8Array;
  readonly buf: Buffer;
  readonly #i32: Int32Array;
  readonly #bytes: number;
  readonly #use = (REGION.BYTES + SHAPE.BYTES) >> 2;
  readonly #slots: number;
  readonly #mask: number;
  readonly #shift: number;
  readonly #entries: number;
  readonly #textByte: number;

  /** @throws SluiceError ARENA_INVALID  not the categories of this attempt */
  constructor(memory: SharedMemory, attempt: number) {
    checkRegion(memory, CATEGORY_MAGIC, attempt, 0);
    this.#i32 = new Int32Array(memory);
    this.u8 = new Uint8Array(memory);
    this.buf = Buffer.from(memory);
    const shape = REGION.BYTES >> 2;
    this.values = this.#i32[shape + SHAPE.values]!;
    this.#bytes = this.#i32[shape + SHAPE.bytes]!;
    this.fields = this.#i32[shape + SHAPE.fields]!;
    const slots = slotsOf(this.values);
    this.#mask = slots - 1;
    this.#shift = 32 - Math.log2(slots);
    const slotsByte = HEAD_BYTES + this.fields * FIELD.BYTES;
    const entriesByte = slotsByte + wholeLines(slots * 4);
    this.#slots = slotsByte >> 2;
    this.#entries = entriesByte >> 2;
    this.#textByte = entriesByte + wholeLines(this.values * ENTRY_WORDS * 4);
  }

  /**
   * The id of a text, which gets one if it has none and there is room.
   *
   * @param text  its UTF-8, from offset 0
   * @param word  its length word
   * @param hash  of its bytes; equal in every thread
   * @returns     NO_CATEGORY if there is no room
   * Cost: some tens of nanoseconds and two for each byte.
   */
  intern(text: Uint8Array, word: number, hash: number): number {
    let own = NO_CATEGORY;
    for (let at = Math.imul(hash, SPREAD) >>> this.#shift; ; at = (at + 1) & this.#mask) {
      let taken = Atomics.load(this.#i32, this.#slots + at); // category/bytes-first: what it shows was written before
      if (taken === 0) {
        if (own === NO_CATEGORY) own = this.#add(text, word, hash);
        if (own === NO_CATEGORY) return NO_CATEGORY;
        taken = Atomics.compareExchange(this.#i32, this.#slots + at, 0, own + 1); // category/one-id
        if (taken === 0) return own;
      }
      if (this.#is(taken - 1, text, word, hash)) return taken - 1; // category/one-id
    }
  }

  /** Byte offset of a text in `u8`. */
  startOf(id: number): number {
    return this.#i32[this.#entry(id)]!;
  }

  wordOf(id: number): number {
    return this.#i32[this.#entry(id) + 1]!;
  }

  /** Notes that a value of a field travels as a string for want of room. */
  noteFull(field: number): void {
    Atomics.or(this.#i32, this.#fieldWord(field), SPILLED_FULL); // category/spilled
  }

  /** Notes that values of a field travel as strings since hardly any comes twice. */
  noteDistinct(field: number): void {
    Atomics.or(this.#i32, this.#fieldWord(field), SPILLED_DISTINCT); // category/spilled
  }

  /** Why values of a field have travelled as strings. */
  spilled(field: number): { readonly isFull: boolean; readonly isDistinct: boolean } {
    const bits = Atomics.load(this.#i32, this.#fieldWord(field)); // category/spilled
    return { isFull: (bits & SPILLED_FULL) !== 0, isDistinct: (bits & SPILLED_DISTINCT) !== 0 };
  }

  /** Reserves and writes an entry that no slot shows yet. */
  #add(text: Uint8Array, word: number, hash: number): number {
    const words = this.#i32;
    const use = this.#use;
    if (Atomics.load(words, use + USE.full) !== 0) return NO_CATEGORY; // category/full
    const length = word >> 1;
    const id = Atomics.add(words, use + USE.values, 1); // category/reserve
    const at = id < this.values ? Atomics.add(words, use + USE.bytes, length) : 0; // category/reserve
    if (id >= this.values || at + length > this.#bytes) {
      Atomics.store(words, use + USE.full, 1); // category/full
      return NO_CATEGORY;
    }
    const start = this.#textByte + at;
    for (let i = 0; i < length; i++) this.u8[start + i] = text[i]!; // category/bytes-first
    const entry = this.#entry(id);
    words[entry] = start;
    words[entry + 1] = word;
    words[entry + 2] = hash;
    return id;
  }

  #is(id: number, text: Uint8Array, word: number, hash: number): boolean {
    const entry = this.#entry(id);
    if (this.#i32[entry + 2] !== hash || this.#i32[entry + 1] !== word) return false;
    const start = this.#i32[entry]!;
    for (let i = 0, length = word >> 1; i < length; i++) if (this.u8[start + i] !== text[i]) return false;
    return true;
  }

  #entry(id: number): number {
    if (CHECKED) assert(id >= 0 && id < this.values, () => `category ${id} is one of ${this.values}`);
    return this.#entries + id * ENTRY_WORDS;
  }

  #fieldWord(field: number): number {
    if (CHECKED) assert(field >= 0 && field < this.fields, () => `field ${field} is one of ${this.fields}`);
    return (HEAD_BYTES + field * FIELD.BYTES) >> 2;
  }
}

/** At least twice as many as entries, so that at least half are always free. category/full */
function slotsOf(values: number): number {
  return 2 ** Math.ceil(Math.log2(2 * values));
}
