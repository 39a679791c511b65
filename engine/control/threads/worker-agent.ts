import { buildJob, buildJobChecked } from '../../api/build-job.js';
import { assert } from '../../base/assert.js';
import { SYSTEM_CLOCK } from '../../base/clock.js';
import { SluiceError } from '../../base/errors.js';
import { ThreadWaiter } from '../../exchange/hard-waiter.js';
import { ControlArena } from '../../memory/control-arena.js';
import { attachExchange } from '../../memory/exchange-arena.js';
import { type JobGraph, jobGraph, taskName } from '../../plan/job-graph.js';
import { withLiveEnds } from '../../plan/live-ends.js';
import { planFingerprint } from '../../plan/logical-plan.js';
import { learnProofs } from '../../records/proofs.js';
import type { KeySample } from '../../runtime/key-sampler.js';
import { connectEndpoints } from '../endpoints.js';
import { importJob } from '../job-file/job-loader.js';
import { showTask } from '../profile/task-beacon.js';
import { attachCategories } from '../run-categories.js';
import { createSubtask, reportOf, type Subtask } from '../subtask.js';
import type { TaskTaps } from '../taps/task-taps.js';
import { TASK_STATES } from '../task-states.js';
import { discarding } from '../trial.js';
import type { Deployment, TaskAgent, TaskReport } from './protocol.js';
import { ThreadHost } from './thread-host.js';

/**
 * What answers the job master inside a worker: builds the one subtask that lives there, and runs it.
 *
 * Runs in: a worker.
 */
export function createTaskAgent(): TaskAgent {
  return new WorkerAgent();
}

class WorkerAgent implements TaskAgent {
  #host: ThreadHost | null = null;
  #subtask: Subtask | null = null;

  async deploy(deployment: Deployment): Promise<void> {
    assert(this.#host === null, 'an agent carries one subtask');
    const { engine } = deployment;
    learnProofs(engine.proofs);
    const job = await importJob(deployment.moduleUrl, deployment.jobUrl);
    const build = CHECKED ? buildJobChecked : buildJob;
    const { parallelism, maxParallelism } = engine.options;
    const plain = build(job, {
      params: deployment.params,
      parallelism,
      ...(maxParallelism !== null && { maxParallelism }),
    });
    const plan = withLiveEnds(plain.plan, engine.live);
    const fingerprint = planFingerprint(plan);
    if (fingerprint !== deployment.fingerprint) {
      const { taskName, subtaskIndex } = deployment.subtask;
      throw new SluiceError(
        'PLAN_MISMATCH',
        `the worker of ${taskName}, subtask ${subtaskIndex}, built a plan with fingerprint ${fingerprint.slice(0, 12)}, ` +
          `the main thread one with ${deployment.fingerprint.slice(0, 12)}`,
      );
    }
    const graph = jobGraph(plan, { parallelism, chaining: engine.options.chaining });
    const control = new ControlArena(engine.control, deployment.attempt);
    control.taskLine(engine.task).state = TASK_STATES.indexOf('DEPLOYING');
    const parker = control.parker(engine.task);
    const taps = await tapsOf(deployment, graph);
    const clock = taps?.clock(control) ?? control.clock(engine.task);
    const attach = taps?.attach ?? attachExchange;
    const waiter = new ThreadWaiter(control, engine.task, parker, clock);
    const subtask = createSubtask(
      {
        built: discarding(connectEndpoints({ ...plain, plan }, engine.inputs), engine.trial),
        graph,
        options: engine.options,
        exchanges: new Map(
          engine.exchanges.map(({ spec, memory }) => [spec.id, attach(spec, memory, deployment.attempt)]),
        ),
        control,
        categories: attachCategories(engine.categories, deployment.attempt, graph),
        splits: new Map(engine.splits),
        cursors: new Map(engine.cursors),
        runId: engine.runId,
        clock: SYSTEM_CLOCK,
        ...(taps !== null && { Lender: taps.Lender }),
      },
      engine.task,
      waiter,
    );
    showTask({ runId: engine.runId, task: engine.task, codeMap: subtask.codeMap });
    waiter.owes = [...subtask.partitions, ...subtask.gates];
    this.#host = new ThreadHost(subtask, control, engine.task, parker, clock);
    this.#subtask = subtask;
  }

  async run(): Promise<TaskReport> {
    assert(this.#host !== null && this.#subtask !== null, 'a subtask is deployed before it runs');
    return reportOf(this.#subtask, await this.#host.run());
  }

  sampleKeys(): void {
    this.#subtask?.sampleKeys();
  }

  takeKeys(): KeySample | null {
    return this.#subtask?.takeKeys() ?? null;
  }
}

/** Loaded only where somebody watches. */
async function tapsOf({ engine, attempt }: Deployment, graph: JobGraph): Promise<TaskTaps | null> {
  if (engine.taps === null) return null;
  const { openTaskTaps } = await import('../taps/task-taps.js');
  return openTaskTaps(engine.taps, engine.task, attempt, (task) => taskName(graph, task), true);
}
