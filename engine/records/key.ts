import { assert } from '../base/assert.js';
import type { Fragment } from './source-text.js';

/**
 * From key hash to key group to subtask: Flink's arithmetic, so that state and records can be told apart by
 * key group at any parallelism.
 *
 *   key hash   an int32 itself, of other keys murmur3 of the canonical bytes (`key-hash.ts`); in the row header
 *   key group  Flink's murmurHash of the key hash, modulo the maximum parallelism
 *   subtask    floor(key group x parallelism / maximum parallelism)
 *
 * Source: org.apache.flink.runtime.state.KeyGroupRangeAssignment; org.apache.flink.util.MathUtils.murmurHash.
 */
export const PARALLELISM_LIMIT = 32_768;
const MAX_PARALLELISM_FLOOR = 128;

const C1 = 0xcc9e2d51 | 0;
const C2 = 0x1b873593;
const N = 0xe6546b64 | 0;

/**
 * MurmurHash3, the 32-bit variant for x86, with seed 0.
 *
 * @param bytes  read from `begin` to before `end`
 * @returns      int32
 * Source: Austin Appleby, MurmurHash3_x86_32.
 */
export function murmur3(bytes: Uint8Array, begin = 0, end = bytes.length): number {
  let hash = 0;
  let at = begin;
  for (const last = end - 4; at <= last; at += 4) {
    hash = murmur3Word(
      hash,
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24),
    );
  }
  let tail = 0;
  for (let shift = 0; at < end; at++, shift += 8) tail |= bytes[at]! << shift;
  return murmur3End(hash ^ scramble(tail), end - begin);
}

/** Mixes four bytes, as a little-endian int32, into a running hash. */
export function murmur3Word(hash: number, word: number): number {
  hash ^= scramble(word);
  hash = (hash << 13) | (hash >>> 19);
  return (Math.imul(hash, 5) + N) | 0;
}

/** Mixes in up to three last bytes; 0 for none. */
export function murmur3Tail(hash: number, tail: number): number {
  return hash ^ scramble(tail);
}

export function murmur3End(hash: number, byteLength: number): number {
  hash ^= byteLength;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scramble(word: number): number {
  word = Math.imul(word, C1);
  return Math.imul((word << 15) | (word >>> 17), C2);
}

/** Flink's murmurHash of an int; 0 to 2^31 - 1. */
export function flinkMurmur(code: number): number {
  const hash = murmur3End(murmur3Word(0, code | 0), 4);
  if (hash >= 0) return hash;
  return hash === -0x8000_0000 ? 0 : -hash;
}

export function keyGroupOf(hash: number, maxParallelism: number): number {
  return flinkMurmur(hash) % maxParallelism;
}

export function subtaskOf(keyGroup: number, parallelism: number, maxParallelism: number): number {
  return Math.floor((keyGroup * parallelism) / maxParallelism);
}

/**
 * The key groups of one subtask, both ends included; `last < first` cannot happen, as parallelism <=
 * maximum.
 */
export function keyGroupRange(
  subtask: number,
  parallelism: number,
  maxParallelism: number,
): { readonly first: number; readonly last: number } {
  if (CHECKED) assert(parallelism <= maxParallelism, 'every subtask has at least one key group');
  return {
    first: Math.ceil((subtask * maxParallelism) / parallelism),
    last: Math.floor(((subtask + 1) * maxParallelism - 1) / parallelism),
  };
}

/** The maximum parallelism of an operator that declares none. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = parallelism + Math.floor(parallelism / 2);
  const rounded = 2 ** Math.ceil(Math.log2(Math.max(1, wanted)));
  return Math.min(Math.max(rounded, MAX_PARALLELISM_FLOOR), PARALLELISM_LIMIT);
}

/**
 * Source of `keyGroupOf` for a constant maximum parallelism.
 *
 * @param hash   an expression of an int32, used once
 * @param local  prefix of the local variables made
 */
export function keyGroupFragment(hash: string, maxParallelism: number, local: string): Fragment {
  const mixed = `${local}m`;
  const statements = `${murmurWordText(mixed, hash, true)}\n${murmurEndText(mixed, '4')}`;
  // The magnitude of -2^31 is no int32, but its low bits are 0, which is what Flink makes of it.
  if (isPowerOfTwo(maxParallelism)) {
    return { statements, expression: `((${mixed} < 0 ? -${mixed} : ${mixed}) & ${maxParallelism - 1})` };
  }
  const magnitude = `(${mixed} === -2147483648 ? 0 : ${mixed} < 0 ? -${mixed} : ${mixed})`;
  return { statements, expression: `(${magnitude} % ${maxParallelism})` };
}

/** Source of `subtaskOf` the key group, for constant parallelism; see `keyGroupFragment`. */
export function subtaskFragment(
  hash: string,
  parallelism: number,
  maxParallelism: number,
  local: string,
): Fragment {
  if (parallelism === 1) return { statements: '', expression: '0' };
  const group = keyGroupFragment(hash, maxParallelism, local);
  const expression = isPowerOfTwo(maxParallelism)
    ? `((${group.expression} * ${parallelism}) >> ${Math.log2(maxParallelism)})`
    : `((${group.expression} * ${parallelism} / ${maxParallelism}) | 0)`;
  return { statements: group.statements, expression };
}

/** Statements that mix an int32 into the local `hash`, which is declared (as seed 0) if `isFirst`. */
export function murmurWordText(hash: string, word: string, isFirst: boolean): string {
  const mixed = `${hash}k`;
  return [
    isFirst ? `let ${mixed} = Math.imul(${word}, ${C1});` : `${mixed} = Math.imul(${word}, ${C1});`,
    `${mixed} = Math.imul((${mixed} << 15) | (${mixed} >>> 17), ${C2});`,
    isFirst ? `let ${hash} = ${mixed};` : `${hash} ^= ${mixed};`,
    `${hash} = (Math.imul((${hash} << 13) | (${hash} >>> 19), 5) + ${N}) | 0;`,
  ].join('\n');
}

/** Statements that finish the local `hash`. */
export function murmurEndText(hash: string, byteLength: string): string {
  return [
    `${hash} ^= ${byteLength};`,
    `${hash} = Math.imul(${hash} ^ (${hash} >>> 16), ${0x85ebca6b | 0});`,
    `${hash} = Math.imul(${hash} ^ (${hash} >>> 13), ${0xc2b2ae35 | 0});`,
    `${hash} ^= ${hash} >>> 16;`,
  ].join('\n');
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}
