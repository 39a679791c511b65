import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../engine/records/compile.js';
import {
  defaultMaxParallelism,
  flinkMurmur,
  keyGroupFragment,
  keyGroupOf,
  keyGroupRange,
  murmur3,
  subtaskFragment,
  subtaskOf,
} from '../../engine/records/key.js';
import { randomRuns } from '../kit/random-rows.js';

const keys = suite('key groups');
const RUNS = randomRuns(100);

// biome-ignore format: a table
const FLINK: readonly (readonly [hash: number, murmur: number, group: number])[] = [
  [          0,  593689054,  94],
  [          1,   68075478,  86],
  [         -1, 1982413648,  80],
  [         42, 1134849565,  29],
  [  123456789, 1088346449,  81],
  [ 0x7fffffff, 1653689534,  62],
  [-0x80000000, 1718298732, 108],
  [ 0xdeadbeef, 1047277220,  36],
];

keys("the mixing of a key hash and its group of 128 are Flink's", () => {
  for (const [hash, murmur, group] of FLINK) {
    assert.is(flinkMurmur(hash), murmur);
    assert.is(keyGroupOf(hash, 128), group);
  }
});

keys('murmur3 gives the published values', () => {
  const hash = (text: string): number => murmur3(Buffer.from(text)) >>> 0;
  assert.equal(
    ['', 'a', 'ab', 'abc', 'abcd', 'Hello, world!'].map(hash),
    [0, 0x3c2569b2, 0x9bbfd75f, 0xb3dd93fa, 0x43ed676a, 0xc0363e43],
  );
});

keys('generated code finds the same key group and subtask for every hash', () => {
  const limits = fc.constantFrom(1, 2, 7, 127, 128, 129, 1000, 32768);
  fc.assert(
    fc.property(limits, fc.nat(), fc.array(fc.integer(), { maxLength: 50 }), (max, seed, hashes) => {
      const parallelism = 1 + (seed % max);
      const group = keyGroupFragment('hash', max, 'a');
      const subtask = subtaskFragment('hash', parallelism, max, 'b');
      const source = `return (hash) => { ${group.statements} ${subtask.statements}
        return [${group.expression}, ${subtask.expression}]; };`;
      const generated = compile<(hash: number) => number[]>('key-group', source, [], []);
      for (const hash of [...hashes, ...FLINK.map((each) => each[0] | 0)]) {
        const expected = keyGroupOf(hash, max);
        assert.equal(generated(hash), [expected, subtaskOf(expected, parallelism, max)]);
      }
    }),
    RUNS,
  );
});

keys('the one hash whose mixing is the least int32 has group 0, also in generated code', () => {
  const hash = hashMixedTo(-0x8000_0000);
  assert.is(flinkMurmur(hash), 0);
  for (const max of [128, 100]) {
    const { statements, expression } = keyGroupFragment('hash', max, 'a');
    assert.is(compile<number>('key-group', `${statements} return ${expression};`, ['hash'], [hash]), 0);
  }
});

keys(
  'the ranges of the subtasks are all key groups, each once, and agree with the subtask of each group',
  () => {
    for (const max of [1, 2, 7, 128, 1000]) {
      for (let parallelism = 1; parallelism <= Math.min(max, 130); parallelism++) {
        let next = 0;
        for (let subtask = 0; subtask < parallelism; subtask++) {
          const { first, last } = keyGroupRange(subtask, parallelism, max);
          assert.is(first, next);
          for (let group = first; group <= last; group++)
            assert.is(subtaskOf(group, parallelism, max), subtask);
          next = last + 1;
        }
        assert.is(next, max);
      }
    }
  },
);

keys(
  'the default maximum parallelism is one and a half times the parallelism, rounded up to a power of two',
  () => {
    // biome-ignore format: a table
    const expected = [[1, 128], [85, 128], [86, 256], [128, 256], [171, 256], [172, 512], [20_000, 32_768], [32_768, 32_768]];
    for (const [parallelism, max] of expected) assert.is(defaultMaxParallelism(parallelism!), max);
  },
);

/** Undoes the steps of murmur3 of one int32, all of which can be undone. */
function hashMixedTo(mixed: number): number {
  const unshift = (x: number, by: number): number => {
    let out = x;
    for (let i = by; i < 32; i += by) out = x ^ (out >>> by);
    return out;
  };
  const inverse = (odd: number): number => {
    let x = odd;
    for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x));
    return x;
  };
  const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
  let h = unshift(mixed, 16);
  h = unshift(Math.imul(h, inverse(0xc2b2ae35)), 13);
  h = unshift(Math.imul(h, inverse(0x85ebca6b)), 16) ^ 4;
  h = rotate(Math.imul((h - 0xe6546b64) | 0, inverse(5)), 19);
  return Math.imul(rotate(Math.imul(h, inverse(0x1b873593)), 17), inverse(0xcc9e2d51));
}

keys.run();
