import { type AttachedRun, attachedRuns } from '../control/serve/attached-runs.js';
import { formatElapsed } from './quantities.js';

/** Digits of an id that tell a run from others in practice; `sluice stop` takes any number of them. */
const ID_DIGITS = 8;
const COLUMNS = 80;
const HEADS = ['id', 'job', 'state', 'tasks', 'time', 'pid'] as const;

/** The running jobs of this user, as a table or as JSON; processes that do not answer are named on stderr. */
export async function lsCommand({ json }: { readonly json: boolean }): Promise<string> {
  const { runs, silentPids } = await attachedRuns();
  for (const pid of silentPids) process.stderr.write(`process ${pid} has jobs and does not answer\n`);
  if (json) return JSON.stringify(runs);
  return runs.length === 0 ? 'no job is running' : runsTable(runs);
}

/** Lines of so many columns at most; of job names what there is room for. */
export function runsTable(runs: readonly AttachedRun[], columns = COLUMNS): string {
  const rows = [HEADS, ...runs.map(cellsOf)];
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const others = widths.reduce((sum, width, column) => sum + (column === JOB ? 0 : width), 0);
  const jobColumns = Math.min(widths[JOB]!, columns - others - GAP.length * (HEADS.length - 1));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          if (column === JOB) return shortened(cell, jobColumns).padEnd(jobColumns);
          return RIGHT.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
        })
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

const JOB = HEADS.indexOf('job');
const RIGHT: ReadonlySet<number> = new Set([
  HEADS.indexOf('tasks'),
  HEADS.indexOf('time'),
  HEADS.indexOf('pid'),
]);
const GAP = '  ';

function cellsOf({ id, job, state, tasks, durationMs, pid }: AttachedRun): readonly string[] {
  const name = job.replace(/\p{Cc}/gu, ' ');
  return [id.slice(0, ID_DIGITS), name, state, String(tasks), formatElapsed(durationMs), String(pid)];
}

function shortened(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
}
