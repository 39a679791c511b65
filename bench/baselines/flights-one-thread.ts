/**
 * What one would write without an engine: delayed flights by origin and day in one thread, with hyparquet and a Map.
 *
 *   node flights-one-thread.js <input.parquet> <output.csv>
 *
 * Reads the three columns it needs, one row group at a time, column by column. It knows nothing of event time: it keeps
 * every group to the end, which is right only because the input ends.
 */
import { writeFileSync } from 'node:fs';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

interface Delays {
  flights: number;
  sum: number;
  worst: number;
}

const DAY_MS = 86_400_000;
const COLUMNS = ['date', 'delay', 'origin'];

/** origin -> start of the day -> delays */
type Groups = Map<string, Map<number, Delays>>;

function add(
  groups: Groups,
  dates: ArrayLike<Date>,
  delays: ArrayLike<bigint>,
  origins: ArrayLike<string>,
): void {
  for (let i = 0; i < dates.length; i++) {
    const delay = Number(delays[i]);
    if (!(delay > 0)) continue;
    const origin = origins[i]!;
    const timeMs = dates[i]!.getTime();
    const dayMs = Math.floor(timeMs / DAY_MS) * DAY_MS;
    let days = groups.get(origin);
    if (days === undefined) groups.set(origin, (days = new Map()));
    const group = days.get(dayMs);
    if (group === undefined) {
      days.set(dayMs, { flights: 1, sum: delay, worst: delay });
    } else {
      group.flights++;
      group.sum += delay;
      if (delay > group.worst) group.worst = delay;
    }
  }
}

/** The columns of one row group, whole; a chunk is copied only where a column comes in several. */
async function readColumns(
  file: Awaited<ReturnType<typeof asyncBufferFromFile>>,
  metadata: Awaited<ReturnType<typeof parquetMetadataAsync>>,
  rowStart: number,
  rowEnd: number,
): Promise<ArrayLike<unknown>[]> {
  const chunks = new Map<string, ArrayLike<unknown>[]>();
  await parquetRead({
    file,
    metadata,
    compressors,
    columns: COLUMNS,
    rowStart,
    rowEnd,
    onChunk: ({ columnName, columnData }) => {
      chunks.set(columnName, [...(chunks.get(columnName) ?? []), columnData as ArrayLike<unknown>]);
    },
  });
  return COLUMNS.map((name) => {
    const parts = chunks.get(name)!;
    return parts.length === 1 ? parts[0]! : parts.flatMap((part) => Array.from(part));
  });
}

async function main(input: string, output: string): Promise<void> {
  const file = await asyncBufferFromFile(input);
  const metadata = await parquetMetadataAsync(file);
  const groups: Groups = new Map();
  let rowStart = 0;
  for (const rowGroup of metadata.row_groups) {
    const rowEnd = rowStart + Number(rowGroup.num_rows);
    const [dates, delays, origins] = await readColumns(file, metadata, rowStart, rowEnd);
    add(groups, dates as ArrayLike<Date>, delays as ArrayLike<bigint>, origins as ArrayLike<string>);
    rowStart = rowEnd;
  }
  let csv = 'origin,window_start,flights,mean_delay,worst_delay\n';
  for (const [origin, days] of groups) {
    for (const [dayMs, { flights, sum, worst }] of days) {
      csv += `${origin},${new Date(dayMs).toISOString()},${flights},${sum / flights},${worst}\n`;
    }
  }
  writeFileSync(output, csv);
}

await main(process.argv[2]!, process.argv[3]!);
