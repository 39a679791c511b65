/**
 * Shape: a dear step runs in the one task of a source that cannot be read in parallel.
 * Cure: rebalance() before it, so that it has as many subtasks as there are cores.
 *
 *   sluice doctor examples/tuning/rebalance-slow-step.ts --param mode=before
 */
import { job, t } from 'sluice';
import { discard, generate, ndjson } from 'sluice/connectors';

const Image = t.record({ id: t.int64, pixels: t.int32 });
const Thumb = t.record({ id: t.int64, hash: t.int32 });

/** Some 60 us of work. */
function thumbOf({ id, pixels }: typeof Image.row): typeof Thumb.row {
  let hash = id | 0;
  for (let i = 0; i < pixels; i++) hash = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + i) | 0;
  return { id, hash };
}

export default job(
  'rebalance-slow-step',
  {
    params: {
      mode: t.string.default('after'),
      rate: t.float64.default(0),
      records: t.int64.default(0),
      output: t.string.default(''),
    },
  },
  (flow, { mode, rate, records, output }) => {
    const images = flow
      .from(
        generate({
          schema: Image,
          make: (id) => ({ id, pixels: 30_000 }),
          ...(rate > 0 && { ratePerSecond: rate }),
          ...(records > 0 && { count: records }),
        }),
      )
      .parallelism(1);
    const thumbs =
      mode === 'before'
        ? images.map(Thumb, thumbOf).named('thumb').parallelism(1)
        : images.rebalance().map(Thumb, thumbOf).named('thumb');
    thumbs.to(output === '' ? discard() : ndjson(output, { createFolder: true }));
  },
);
