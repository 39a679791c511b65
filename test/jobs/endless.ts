/** Numbers without end, counted per second; what a user's function does with them is a parameter. */
import { isMainThread } from 'node:worker_threads';
import { job, t } from 'sluice';
import { discard, generate, ndjson } from 'sluice/connectors';

const Tick = t.record({ n: t.int64, bucket: t.int32 });

const beganMs = performance.now();
let ticks = 0;
let garbage: number[] = [];

const MISCHIEF: Record<string, (n: number) => void> = {
  none: () => {},
  throw: (n) => {
    if (n === 1000) throw new RangeError(`no more than ${n}`);
  },
  exit: (n) => {
    if (n === 1000) process.exit(3);
  },
  loop: (n) => {
    while (n >= 1000);
  },
  tick: (n) => {
    if (n === 0) setInterval(() => ticks++, 20).unref();
    if (performance.now() - beganMs > 1000) throw new Error(`${ticks} ticks`);
  },
  garbage: (n) => {
    garbage = [n, ...garbage.slice(0, 100)];
  },
  reject: (n) => {
    if (n === 1000) void Promise.reject(new TypeError('nobody waits for this'));
  },
};

export default job(
  'endless',
  {
    params: {
      mischief: t.string.default('none'),
      output: t.string.default(''),
      sinkRate: t.float64.default(0),
      sourceRate: t.float64.default(0),
      unstable: t.bool.default(false),
    },
  },
  (flow, { mischief, output, sinkRate, sourceRate, unstable }) => {
    const act = MISCHIEF[mischief]!;
    const sink =
      output === ''
        ? discard(sinkRate > 0 ? { ratePerSecond: sinkRate } : {})
        : ndjson(output, { createFolder: true });
    const rate = sourceRate > 0 ? { ratePerSecond: sourceRate } : {};
    flow
      .from(generate({ schema: Tick, make: (n) => ({ n, bucket: n % 100 }), ...rate }))
      .map(Tick, (tick) => {
        act(tick.n);
        return { n: tick.n, bucket: tick.bucket };
      })
      .named(unstable && !isMainThread ? 'elsewhere' : 'mischief')
      .keyBy('bucket')
      .reduce((a, b) => ({ n: a.n + b.n, bucket: a.bucket }))
      .to(sink);
  },
);
