import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  formatOption,
  formatSize,
  formatSizeShort,
  parseOption,
} from '../../../engine/control/options/option-values.js';

const values = suite('option values');
const KEY = 'taskmanager.memory.network.max';

// biome-ignore format: a table
const SIZES: readonly (readonly [text: string, bytes: number])[] = [
  ['32 kb', 32768], ['32kb', 32768], ['32KB', 32768], [' 1 kibibytes ', 1024], ['2g', 2 * 1024 ** 3], ['1 tb', 1024 ** 4],
  ['64MiB', 64 * 1024 ** 2], ['4096', 4096], ['0', 0], ['7 bytes', 7], ['infinite', Number.POSITIVE_INFINITY],
];
for (const [text, bytes] of SIZES) {
  values(`the size '${text}' is ${bytes} bytes`, () => assert.is(parseOption(KEY, text, '-D'), bytes));
}

// biome-ignore format: a table
const DURATIONS: readonly (readonly [text: unknown, ms: number])[] = [
  ['100 ms', 100], ['100', 100], [100, 100], ['1s', 1000], ['2 min', 120_000], ['1 h', 3_600_000], ['1 day', 86_400_000], ['0 ms', 0],
];
for (const [text, ms] of DURATIONS) {
  values(`the duration ${JSON.stringify(text)} is ${ms} ms`, () => {
    assert.is(parseOption('execution.buffer-timeout.interval', text, '-D'), ms);
  });
}

values('a size as it is formatted is read as the same number of bytes', () => {
  const sizes = fc.oneof(
    fc.nat(),
    fc.maxSafeNat(),
    fc.nat(4096).map((count) => count * 1024 ** 2),
  );
  fc.assert(
    fc.property(sizes, (bytes) => parseOption(KEY, formatSize(bytes), '-D') === bytes),
    { verbose: 1 },
  );
});

values('a long size is shown short', () => {
  assert.is(formatSizeShort(24684092 * 1024), '23.5 gb');
  assert.is(formatSizeShort(512 * 1024 ** 2), '512 mb');
  assert.is(formatSizeShort(Number.POSITIVE_INFINITY), 'infinite');
});

values('-1 stands for a maximum parallelism that is worked out', () => {
  assert.is(parseOption('pipeline.max-parallelism', '-1', '-D'), null);
});

values('a choice is one of its words, however they are written, and the others are named', () => {
  const parse = (value: unknown) => parseOption('sluice.watchdog.action', value, 'test');
  assert.equal(['warn', ' FAIL ', 'Off'].map(parse), ['warn', 'fail', 'off']);
  for (const wrong of ['kill', '', true, 3])
    assert.throws(() => parse(wrong), /test: sluice\.watchdog\.action is one of warn, fail, off, not/);
  assert.is(formatOption('sluice.watchdog.action', 'fail'), 'fail');
});

values.run();
