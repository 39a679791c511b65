/** Numbers from several threads to several others, by a partitioner; each row says which threads it came through. */
import { threadId } from 'node:worker_threads';
import { job, type Stream, t } from 'sluice';
import { generate } from 'sluice/connectors';

const Sent = t.record({ sender: t.int32, n: t.int32, pad: t.string });
const Got = t.record({ sender: t.int32, n: t.int32, pad: t.int32, receiver: t.int32 });

const WAYS: Record<string, (rows: Stream<any>) => Stream<any>> = {
  rebalance: (rows) => rows.rebalance(),
  rescale: (rows) => rows.rescale(),
  broadcast: (rows) => rows.broadcast(),
  custom: (rows) => rows.partitionCustom((n: number, receivers) => (n >> 1) % receivers, 'n'),
};

let sent = 0;

export default job(
  'routed',
  {
    params: {
      way: t.string,
      rows: t.int64,
      senders: t.int32,
      receivers: t.int32,
      declared: t.bool,
    },
  },
  (flow, { way, rows, senders, receivers, declared }) => {
    const ticks = flow
      .from(generate({ schema: t.record({ at: t.int64 }), count: rows, make: (at) => ({ at }) }))
      .parallelism(senders);
    const next = (at: number) => ({ sender: threadId, n: sent++, pad: 'x'.repeat(at % 50) });
    const numbered = declared ? ticks.map(Sent, ({ at }) => next(at)) : ticks.map(({ at }) => next(at));
    const got = WAYS[way]!(numbered.parallelism(senders))
      .map(Got, ({ sender, n, pad }) => ({ sender, n, pad: pad.length, receiver: threadId }))
      .parallelism(receivers);
    return { got };
  },
);
