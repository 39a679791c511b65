import { SluiceError } from '../base/errors.js';
import type { ControlArena } from '../memory/control-arena.js';
import { tasksOf } from '../plan/job-graph.js';
import { rateFault } from '../plan/rate.js';
import type { PlannedJob } from './prepared-job.js';
import type { RunSource } from './run.js';

/** The sources of a job whose rates can be changed, by uid. */
export function* runSources(
  { cursors, blueprint }: PlannedJob,
  control: ControlArena,
): Iterable<readonly [uid: string, source: RunSource]> {
  for (const [uid, cursor] of cursors)
    yield [uid, sourceOf(control, cursor, tasksOf(blueprint.readerVertices[cursor]!))];
}

/** The rate of a source, kept in a word that its subtasks look at. */
function sourceOf(control: ControlArena, cursor: number, tasks: readonly number[]): RunSource {
  return {
    get ratePerSecond() {
      const rate = control.rate(cursor);
      return rate === 0 ? null : rate;
    },
    setRate: (perSecond) => {
      const fault = perSecond === null ? null : rateFault(perSecond);
      if (fault !== null) throw new SluiceError('ARGUMENT_INVALID', `setRate: ${fault}`);
      control.setRate(cursor, perSecond ?? 0, tasks);
    },
  };
}
