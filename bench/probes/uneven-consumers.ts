/**
 * How long do four consumers take, of which one is ten times slower, whose rows are dealt in turn?
 *
 *   node uneven-consumers.js <records> <adaptive: true | false>
 *
 * The seconds are those in which tasks ran. Consumers limit their own rate, so it is not cores that they compete for. Dealt
 * strictly, all go at the pace of the slow one, four tenths of what one of the others takes; at best, rows go to all as
 * they can take them, which is 7.75 times that. Segments are of 1 KiB, so that what lies before the slow one when the
 * source has ended is a small part of the whole.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { start } from 'sluice';

const [records, adaptive] = process.argv.slice(2);
const path = fileURLToPath(new URL('../../../../bench/jobs/rebalance-uneven.ts', import.meta.url));
const run = await start(pathToFileURL(path), {
  params: { records: Number(records) },
  options: {
    'taskmanager.memory.segment-size': '1 kb',
    'taskmanager.network.adaptive-partitioner.enabled': adaptive === 'true',
  },
});
const { runningMs, recordsOut } = await run.finished;
process.stdout.write(
  `${JSON.stringify({ records: Number(records), seconds: runningMs / 1e3, checksum: recordsOut })}\n`,
);
