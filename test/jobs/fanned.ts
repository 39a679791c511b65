/** Rows of a live input for every one of several threads. */
import { threadId } from 'node:worker_threads';
import { job, t } from 'sluice';

const Got = t.record({ n: t.int64, pad: t.string, receiver: t.int32 });

export default job('fanned', { inputs: { rows: t.record({ n: t.int64, pad: t.string }) } }, ({ rows }) => ({
  got: rows.broadcast().map(Got, ({ n, pad }) => ({ n, pad, receiver: threadId })),
}));
