/**
 * What the shuffles on piscina share. A pool makes batches, one per counter, and gives them to the main thread; a pool of
 * one thread for each counter is given them, since tasks of one pool cannot choose the thread that keeps their key.
 */
import { Piscina } from 'piscina';
import { checksumOf, type Row, type ShuffleOptions, type ShuffleResult } from './shuffle-records.js';

/** What the pool of makers is asked for: the records from one index to below another, split by counter. */
export interface MakeTask extends ShuffleOptions {
  readonly first: number;
  readonly end: number;
}

/** Tasks under way for each maker, so that it has the next when it has done one. */
const TASKS_PER_MAKER = 4;

/**
 * @param entry       the file whose exports `make`, `add`, `rows` and `ready` are the tasks
 * @param transferOf  what of a batch is transferred rather than cloned
 */
export async function piscinaShuffle<Batch>(
  entry: string,
  options: ShuffleOptions,
  transferOf: (batch: Batch) => readonly ArrayBuffer[],
): Promise<ShuffleResult> {
  const { records, makers, counters, batch } = options;
  const pool = (threads: number): Piscina =>
    new Piscina({ filename: new URL(entry).href, minThreads: threads, maxThreads: threads });
  const making = pool(makers);
  const counting = Array.from({ length: counters }, () => pool(1));
  await Promise.all(
    [...Array.from({ length: makers }, () => making), ...counting].map((each) =>
      each.run(null, { name: 'ready' }),
    ),
  );
  const startedMs = performance.now();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < records) {
      const first = next;
      const end = (next = Math.min(records, first + batch * counters));
      const task: MakeTask = { ...options, first, end };
      const batches: readonly Batch[] = await making.run(task, { name: 'make' });
      await Promise.all(
        batches.map((each, counter) =>
          counting[counter]!.run(each, { name: 'add', transferList: [...transferOf(each)] }),
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: makers * TASKS_PER_MAKER }, lane));
  const rows: Row[][] = await Promise.all(counting.map((each) => each.run(null, { name: 'rows' })));
  const seconds = (performance.now() - startedMs) / 1e3;
  await Promise.all([making, ...counting].map((each) => each.destroy()));
  return { records, seconds, checksum: checksumOf(rows.flat()) };
}
