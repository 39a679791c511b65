import { SYSTEM_CLOCK } from '../base/clock.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import type { LoadedJob } from './job-loader.js';
import type { Run, StartOptions } from './run.js';

/**
 * Starts a job on threads of its own.
 *
 * @param job      path or `file:` URL of the job file, or what `loadJob` gave
 * @param options  see StartOptions; all have defaults
 * @returns        a run whose records flow
 * @throws SluiceError  what is wrong with the job, its parameters, options, inputs or outputs; all that can be checked
 *         without a thread is checked before one starts, and none is left
 * Cost: about 50 ms and 10 MB for each subtask.
 */
export async function start(job: string | URL | LoadedJob, options: StartOptions = {}): Promise<Run> {
  const startedMs = SYSTEM_CLOCK.monotonicMs();
  // Job files import this module too, in every worker: what only a start needs is loaded by a start.
  const [{ loadJob }, { newRunId, prepareJob }, { JobMaster }] = await Promise.all([
    import('./job-loader.js'),
    import('./prepared-job.js'),
    import('./job-master.js'),
  ]);
  const loaded = typeof job === 'string' || job instanceof URL ? await loadJob(job) : job;
  const inputs = options.inputs ?? {};
  const prepared = await prepareJob(loaded.job, {
    params: options.params ?? {},
    inputs,
    optionLayers: optionLayers(options),
  });
  const run = new JobMaster(loaded, prepared, {
    id: newRunId(),
    startedMs,
    inputs,
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  await run.started;
  return run;
}

/** The layers above `job()`, the strongest first. */
function optionLayers({
  optionLayers = [],
  options = {},
  parallelism,
}: StartOptions): readonly OptionLayer[] {
  const own = parallelism === undefined ? options : { ...options, 'parallelism.default': parallelism };
  return [...optionLayers, { origin: 'start()', values: own }];
}
