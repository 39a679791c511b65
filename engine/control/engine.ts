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
 * @throws SluiceError  what is wrong with the job, its parameters, options, inputs or outputs; no job code has run in a
 *         thread then, and no thread is left
 * Cost: about 50 ms and 10 MB for each subtask.
 */
export async function start(job: string | URL | LoadedJob, options: StartOptions = {}): Promise<Run> {
  const startedMs = SYSTEM_CLOCK.monotonicMs();
  // Job files import this module too, in every worker: what only a start needs is loaded by a start.
  const [{ loadJob }, { checkEndpoints, newRunId, planJob }, { JobMaster, openPool }] = await Promise.all([
    import('./job-loader.js'),
    import('./prepared-job.js'),
    import('./job-master.js'),
  ]);
  const loaded = typeof job === 'string' || job instanceof URL ? await loadJob(job) : job;
  const inputs = options.inputs ?? {};
  const planned = planJob(loaded.job, {
    params: options.params ?? {},
    inputs,
    optionLayers: optionLayers(options),
  });
  // The threads load the engine while inputs are found and outputs are checked; no job code runs in them yet.
  const pool = openPool(planned);
  let run: Run & { readonly started: Promise<void> };
  try {
    run = new JobMaster(loaded, await checkEndpoints(planned), pool, {
      id: newRunId(),
      startedMs,
      inputs,
      ...(options.signal !== undefined && { signal: options.signal }),
    });
  } catch (error) {
    await pool.close(0);
    throw error;
  }
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
