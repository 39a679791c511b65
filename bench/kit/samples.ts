import { Bench } from 'tinybench';

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Median, lowest and highest of samples that were taken elsewhere.
 *
 * The programs under test are processes of their own, run in turns, so tinybench does not time them: each sample is
 * replayed to it as an overridden duration, and it does the statistics. It takes no negative durations, so samples
 * among which there is one are all moved up and back.
 *
 * @param samples  finite numbers, at least one
 */
export function summarise(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new Error('a summary needs at least one sample');
  const bench = new Bench({ iterations: samples.length, time: 0, warmup: false, throws: true });
  const moved = Math.min(0, ...samples);
  let next = 0;
  // Told that the function is synchronous, tinybench does not call it once more to find out.
  bench.add('samples', () => ({ overriddenDuration: samples[next++ % samples.length]! - moved }), {
    async: false,
  });
  const [task] = bench.runSync();
  const result = task!.result;
  if (!('latency' in result)) throw new Error(`no statistics: ${result.state}`);
  if (next !== samples.length) throw new Error(`${next} samples were read of ${samples.length}`);
  const { p50, min, max } = result.latency;
  return { median: p50 + moved, low: min + moved, high: max + moved };
}
