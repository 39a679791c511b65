import type { RowView } from './row-layout.js';
import { VALUE_BYTES_MAX } from './schema.js';
import { utf8Length, utf8Write } from './utf8.js';

/** Up to these lengths a loop beats the native call; measured with Node 20. */
const MEASURE_LOOP_MAX = 20;
const WRITE_LOOP_MAX = 16;
const READ_LOOP_MAX = 12;

/** A shorter run is read string by string. */
const RUN_MIN = 2 * READ_LOOP_MAX;
/** Up to this length V8 copies what it cuts out of a string. */
const CUT_MAX = 12;
/** A string keeps at most so many times its own length. */
const RUN_SHARE_MAX = 4;

/** The cache of strings that were read; together 256 KiB per view, allocated at the first use. */
const INTERN_ENTRIES = 4096;
const INTERN_BYTES_MAX = 64;

/** What Node's Buffer has and its types leave out. */
interface NativeText {
  latin1Write(text: string, at: number, bytes: number): number;
  utf8Write(text: string, at: number, bytes: number): number;
  latin1Slice(begin: number, end: number): string;
  utf8Slice(begin: number, end: number): string;
}

/**
 * Strings in the memory of one view, as UTF-8.
 *
 * A *length word* is 2 x byte length, + 1 where all bytes are ASCII: it is what a row keeps beside the
 * offset. A lone surrogate comes back as U+FFFD.
 */
export class StringCodec {
  readonly #u8: Uint8Array;
  readonly #text: NativeText;
  #interned: InternTable | null = null;

  constructor(view: Pick<RowView, 'u8' | 'buf'>) {
    this.#u8 = view.u8;
    this.#text = view.buf as unknown as NativeText;
  }

  /** The length word of a string; of one too long for any row, that of the longest. */
  measure(text: string): number {
    const { length } = text;
    if (length > MEASURE_LOOP_MAX) {
      const bytes = Buffer.byteLength(text);
      const word = 2 * Math.min(bytes, VALUE_BYTES_MAX); // a length word has 32 bits
      return bytes === length ? word + 1 : word;
    }
    let bits = 0;
    for (let i = 0; i < length; i++) bits |= text.charCodeAt(i);
    return bits < 0x80 ? 2 * length + 1 : 2 * utf8Length(text);
  }

  /**
   * Writes a string; the caller has made sure that it fits.
   *
   * @param at    byte offset into the view
   * @param word  what `measure` gave for this string
   */
  write(text: string, at: number, word: number): void {
    if ((word & 1) === 0) {
      if (word > 2 * WRITE_LOOP_MAX) this.#text.utf8Write(text, at, word >> 1);
      else utf8Write(this.#u8, text, at);
      return;
    }
    const { length } = text;
    if (length > WRITE_LOOP_MAX) {
      this.#text.latin1Write(text, at, length);
      return;
    }
    const into = this.#u8;
    for (let i = 0; i < length; i++) into[at + i] = text.charCodeAt(i);
  }

  /**
   * Writes a string that was not measured.
   *
   * @param chars  its length; three times as many bytes are free
   * @returns      its bytes; as many as `chars`, and then all are ASCII, or more
   */
  writeUnmeasured(text: string, at: number, chars: number): number {
    return this.#text.utf8Write(text, at, 3 * chars);
  }

  /** @param at  byte offset into the view */
  read(at: number, word: number): string {
    const end = at + (word >> 1);
    if ((word & 1) === 0) return this.#text.utf8Slice(at, end);
    if (end - at > READ_LOOP_MAX) return this.#text.latin1Slice(at, end);
    return shortAscii(this.#u8, at, end);
  }

  /**
   * Reads the bytes of strings that lie next to each other, since what one native call costs does not depend on how
   * many they are; `ofRun` then cuts the strings out.
   *
   * @param words  the length words of all of them, combined by &
   * @returns      null where each is better read by itself
   */
  readRun(at: number, end: number, words: number): string | null {
    if ((words & 1) === 0 || end - at < RUN_MIN) return null;
    return this.#text.latin1Slice(at, end);
  }

  /**
   * One string of a run.
   *
   * V8 keeps the whole run for a part of it that is longer than CUT_MAX. Whoever keeps one string must not keep the
   * others: what is much shorter than its run is read by itself.
   */
  ofRun(run: string | null, runAt: number, at: number, word: number): string {
    const length = word >> 1;
    if (run === null || (length > CUT_MAX && length * RUN_SHARE_MAX < run.length)) return this.read(at, word);
    const begin = at - runAt;
    return run.slice(begin, begin + length);
  }

  /**
   * As `read`, for strings with few distinct values: bytes seen before give the same instance and are not
   * decoded again. Longer strings, and those that fell out of the cache, are decoded.
   */
  readInterned(at: number, word: number): string {
    if (word > 2 * INTERN_BYTES_MAX + 1) return this.read(at, word);
    this.#interned ??= new InternTable();
    const { words, bytes, texts } = this.#interned;
    const from = this.#u8;
    const length = word >> 1;
    let hash = word;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ from[at + i]!, 0x01000193);
    hash ^= hash >>> 15;
    const first = hash & (INTERN_ENTRIES - 1);
    // Two places per hash, so that two frequent strings do not evict each other.
    for (let slot = first, turn = 0; turn < 2; slot ^= 1, turn++) {
      if (words[slot] !== word) continue;
      const known = slot * INTERN_BYTES_MAX;
      let i = 0;
      while (i < length && bytes[known + i] === from[at + i]) i++;
      if (i === length) return texts[slot]!;
    }
    const text = this.read(at, word);
    this.#interned.add(first, text, word, from, at);
    return text;
  }
}

/** Four characters at a time: each call and each concatenation makes a string. */
function shortAscii(from: Uint8Array, at: number, end: number): string {
  let text = '';
  for (; end - at >= 4; at += 4) {
    text += String.fromCharCode(from[at]!, from[at + 1]!, from[at + 2]!, from[at + 3]!);
  }
  switch (end - at) {
    case 1:
      return text + String.fromCharCode(from[at]!);
    case 2:
      return text + String.fromCharCode(from[at]!, from[at + 1]!);
    case 3:
      return text + String.fromCharCode(from[at]!, from[at + 1]!, from[at + 2]!);
    default:
      return text;
  }
}

/** Strings by their bytes: 2-way associative, verified by comparing the bytes. */
class InternTable {
  readonly words = new Int32Array(INTERN_ENTRIES).fill(-1);
  readonly bytes = new Uint8Array(INTERN_ENTRIES * INTERN_BYTES_MAX);
  readonly texts = new Array<string>(INTERN_ENTRIES).fill('');
  #turn = 0;

  add(slot: number, text: string, word: number, from: Uint8Array, at: number): void {
    if (this.words[slot] !== -1) slot = this.words[slot ^ 1] === -1 ? slot ^ 1 : slot ^ (this.#turn ^= 1);
    this.words[slot] = word;
    this.texts[slot] = text;
    const known = slot * INTERN_BYTES_MAX;
    for (let i = 0, length = word >> 1; i < length; i++) this.bytes[known + i] = from[at + i]!;
  }
}
