import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatDuration, parseDuration } from '../../engine/base/duration.js';

const durations = suite('durations');

durations('a whole number and a unit are milliseconds', () => {
  const texts = ['0ms', '100ms', '5s', '10m', '1h', '1d', '-1h'];
  assert.equal(texts.map(parseDuration), [0, 100, 5000, 600_000, 3_600_000, 86_400_000, -3_600_000]);
});

durations('anything else is none', () => {
  for (const text of [
    '',
    '5',
    's',
    '1 day',
    '1.5h',
    '1e3ms',
    '5S',
    ' 5s',
    '1h30m',
    '1w',
    '9999999999999d',
    null,
    5,
  ]) {
    assert.is(parseDuration(text), null, String(text));
  }
});

durations('the shortest form reads back as the same', () => {
  assert.equal([0, 1, 90_000, 120_000, 86_400_000, -3_600_000].map(formatDuration), [
    ...['0ms', '1ms', '90s', '2m', '1d', '-1h'],
  ]);
  for (const ms of [7, 1500, 61_000, 3_601_000, 90_000_000]) assert.is(parseDuration(formatDuration(ms)), ms);
});

durations.run();
