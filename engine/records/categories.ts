import { murmur3 } from './key.js';
import { StringCodec } from './strings.js';

/**
 * Values of category fields as numbers, in one thread.
 *
 *   category/inside   An id means something within one attempt and nowhere else. It lies in rows of that attempt and in
 *                     no other place: who reads a row gets the string, and a key hashes by the string's bytes.
 *   category/strings  Any value may travel as a string instead, so every reader takes both.
 *
 * Each value is looked up in shared memory once per thread, and decoded once per thread. After that an id is one load
 * away from its string, and a string a few compares from its id.
 *
 * Runs in: any thread; an instance belongs to one.
 */

/** Where ids come from: the categories in shared memory. */
export interface CategoryStore {
  /** Ids are below it. */
  readonly values: number;
  readonly u8: Uint8Array;
  readonly buf: Buffer;
  /** -1: there is no room. */
  intern(text: Uint8Array, word: number, hash: number): number;
  startOf(id: number): number;
  wordOf(id: number): number;
  /** Of a field: a value got no id, since there is no room; and that hardly any value comes twice. */
  noteFull(field: number): void;
  noteDistinct(field: number): void;
}

const NO_ID = -1;
/** Longer values travel as strings. */
export const CATEGORY_CHARS_MAX = 255;
/** Places of strings that were written lately: a power of two. */
const RECENT = 4096;
const RECENT_SHIFT = 20;
const SPREAD = -1640531527;

/** Values after which it is judged whether a field is a category. */
const WINDOW = 4096;
/** Of these so many have to be new, twice in a row, for it to be none. Values drawn from 16,384 at random have not. */
const NEW_MAX = (WINDOW * 3) / 4;
/** Windows that are then left out; four times as many whenever it was tried again in vain, up to the most. */
const LEFT_OUT = 16;
const LEFT_OUT_MAX = 4096;

export class Categories {
  /** By id; null: not decoded in this thread yet, see `load`. */
  readonly texts: (string | null)[];
  /** By id, valid for ids that this thread has got for a string: hash of a key of that string alone. */
  readonly hashes: Int32Array;
  readonly store: CategoryStore;
  readonly #strings: StringCodec;
  readonly #scratch = new Uint8Array(3 * CATEGORY_CHARS_MAX);
  readonly #encoder = new StringCodec({ u8: this.#scratch, buf: Buffer.from(this.#scratch.buffer) });
  /** What is known of strings; -1: they got no id. */
  readonly #known = new Map<string, number>();
  readonly #recentTexts = new Array<string | null>(RECENT).fill(null);
  readonly #recentIds = new Int32Array(RECENT).fill(NO_ID);

  constructor(store: CategoryStore) {
    this.store = store;
    this.texts = new Array<string | null>(store.values).fill(null);
    this.hashes = new Int32Array(store.values);
    this.#strings = new StringCodec(store);
  }

  /** The string of an id, decoded. */
  load(id: number): string {
    const text = this.#strings.read(this.store.startOf(id), this.store.wordOf(id));
    this.texts[id] = text;
    return text;
  }

  /** @returns  as `idOf` of a field, where that is known without shared memory; else undefined */
  known(text: string): number | undefined {
    const at = recentPlace(text);
    if (this.#recentTexts[at] === text) return this.#recentIds[at]!;
    const id = this.#known.get(text);
    if (id !== undefined) this.#remember(at, text, id);
    return id;
  }

  /** Looks a string up in shared memory; it gets an id there if it has none. */
  intern(text: string): number {
    const word = this.#encoder.measure(text);
    this.#encoder.write(text, 0, word);
    const hash = murmur3(this.#scratch, 0, word >> 1); // category/inside: the same as of a string that has no id
    const id = this.store.intern(this.#scratch, word, hash);
    if (id !== NO_ID) this.hashes[id] = hash;
    // What got no id is kept too, up to a bound, so that it is not looked up again and again.
    if (id === NO_ID && this.#known.size >= 2 * this.store.values) return NO_ID;
    // The string may be a part of a long one, and would keep all of it in memory; what was decoded anew does not.
    const own = id === NO_ID ? this.#encoder.read(0, word) : (this.texts[id] ?? this.load(id));
    this.#known.set(own === text ? own : text, id);
    this.#remember(recentPlace(text), text, id);
    return id;
  }

  #remember(at: number, text: string, id: number): void {
    this.#recentTexts[at] = text;
    this.#recentIds[at] = id;
  }
}

/** Some characters tell most strings apart; comparing tells the others. */
function recentPlace(text: string): number {
  const { length } = text;
  if (length === 0) return 0;
  const mixed =
    text.charCodeAt(0) +
    (text.charCodeAt(length >> 1) << 7) +
    (text.charCodeAt(length - 1) << 14) +
    (text.charCodeAt((length * 3) >> 2) << 20) +
    (length << 25);
  return Math.imul(mixed ^ (mixed >>> 15), SPREAD) >>> RECENT_SHIFT;
}

/** The values of one field as one task writes them. */
export class CategoryField {
  readonly #categories: Categories;
  readonly #field: number;
  #left = WINDOW;
  #new = 0;
  #poorWindows = 0;
  /** Windows to leave out next time. */
  #leftOut = LEFT_OUT;
  #isLeftOut = false;
  #isFullNoted = false;

  /** @param field  its number among those of the run */
  constructor(categories: Categories, field: number) {
    this.#categories = categories;
    this.#field = field;
  }

  /** @returns  -1: the value travels as a string */
  idOf(text: string): number {
    if (--this.#left === 0) this.#judge();
    if (this.#isLeftOut) return NO_ID;
    return this.#categories.known(text) ?? this.#intern(text);
  }

  #intern(text: string): number {
    if (text.length > CATEGORY_CHARS_MAX) return NO_ID;
    this.#new++;
    const id = this.#categories.intern(text);
    if (id === NO_ID && !this.#isFullNoted) {
      this.#isFullNoted = true;
      this.#categories.store.noteFull(this.#field);
    }
    return id;
  }

  /** A field of values that hardly ever come twice gains nothing, and would take the room of others. */
  #judge(): void {
    const isPoor = this.#new > NEW_MAX;
    if (!isPoor && !this.#isLeftOut) this.#leftOut = LEFT_OUT;
    this.#poorWindows = isPoor ? this.#poorWindows + 1 : this.#isLeftOut ? 1 : 0;
    this.#isLeftOut = this.#poorWindows >= 2;
    this.#left = WINDOW;
    this.#new = 0;
    if (!this.#isLeftOut) return;
    this.#left *= this.#leftOut;
    this.#leftOut = Math.min(4 * this.#leftOut, LEFT_OUT_MAX);
    this.#categories.store.noteDistinct(this.#field);
  }
}
