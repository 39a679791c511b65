/**
 * Is the right thing named? Bottlenecks are planted into running jobs, and the diagnosis is asked once, after three seconds.
 *
 *   node planted-bottlenecks.js <size>
 *
 * A draw is right if the first finding names the cause, the vertex and, where it is one, the subtask; of a job with nothing
 * wrong, if it is called healthy. The table on stderr has a row for each planted cause and a column for each that was named.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Diagnosis, start, type TaskMetrics } from 'sluice';
import { sleep } from './board-run.js';
import { burnRoundsPerMs } from './burn.js';
import { isOfOneSubtask, PLANTED_CAUSES, type PlantedCase, plantedCase, stageName } from './planted-case.js';
import { reportFigures, sizeArgument } from './probe-report.js';

const JOB = pathToFileURL(fileURLToPath(new URL('../../../../bench/jobs/planted.ts', import.meta.url)));
const DIAGNOSED_AFTER_MS = 3_000;

const [draws, firstSeed] = sizeArgument() === 'smoke' ? [1, 0] : [230, 0];
const roundsPerUs = burnRoundsPerMs() / 1_000;
const cores = availableParallelism();

interface Draw {
  readonly diagnosis: Diagnosis;
  readonly tasks: readonly TaskMetrics[];
}

async function draw(plan: PlantedCase): Promise<Draw> {
  const run = await start(JOB, { parallelism: 1, params: { plan: JSON.stringify(plan), roundsPerUs } });
  try {
    await Promise.race([sleep(DIAGNOSED_AFTER_MS), run.finished]);
    return { diagnosis: run.diagnose(), tasks: run.metrics().tasks };
  } finally {
    await run.cancel();
  }
}

const isStage = (name: string, vertex: string): boolean => name.split(/\W*->\W*/)[0] === vertex;

/** Where the key is that most records have. */
function fullest(tasks: readonly TaskMetrics[]): number {
  return tasks.reduce((best, task) => (task.recordsIn > best.recordsIn ? task : best)).subtask;
}

/** What was named: a cause, `healthy`, or a cause at the wrong place. */
function named({ cause, at, subtask }: PlantedCase, { diagnosis, tasks }: Draw): string {
  const { verdict, findings } = diagnosis;
  if (verdict !== 'limited') return verdict;
  const first = findings[0]!;
  const vertex = cause === 'sink-rate' ? 'sink' : stageName(at);
  if (!isStage(first.name, vertex)) return `${first.cause}, elsewhere`;
  const right = cause === 'key-skew' ? fullest(tasks.filter(({ name }) => isStage(name, vertex))) : subtask;
  return !isOfOneSubtask(cause) || first.subtask === right ? first.cause : `${first.cause}, other subtask`;
}

const matrix = new Map(PLANTED_CAUSES.map((cause) => [cause, new Map<string, number>()]));
let [right, accused, healthy] = [0, 0, 0];
for (let seed = firstSeed; seed < firstSeed + draws; seed++) {
  const plan = plantedCase(seed, cores);
  const drawn = await draw(plan);
  const { diagnosis } = drawn;
  const found = named(plan, drawn);
  const row = matrix.get(plan.cause)!;
  row.set(found, (row.get(found) ?? 0) + 1);
  const isRight = found === (plan.cause === 'none' ? 'healthy' : plan.cause);
  if (isRight) right++;
  else process.stderr.write(`${JSON.stringify(plan)}: ${diagnosis.summary}\n`);
  if (plan.cause === 'none') {
    healthy++;
    if (diagnosis.verdict === 'limited') accused++;
  }
}
for (const [cause, row] of matrix) {
  const counts = [...row].sort((a, b) => b[1] - a[1]).map(([found, count]) => `${found} ${count}`);
  process.stderr.write(`${cause.padEnd(18)}${counts.join('   ')}\n`);
}
reportFigures({
  'diagnosis-correct': right / draws,
  'diagnosis-correct/draws': draws,
  'healthy-accused': healthy === 0 ? 0 : accused / healthy,
});
