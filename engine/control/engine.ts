import { SYSTEM_CLOCK } from '../base/clock.js';
import { SluiceError } from '../base/errors.js';
import { didYouMean } from '../base/nearest.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import type { LoadedJob } from './job-file/job-loader.js';
import type { Run, StartOptions } from './run.js';

/**
 * Starts a job on threads of its own.
 *
 * @param job      path or `file:` URL of the job file, or what `loadJob` gave
 * @param options  see StartOptions; all have defaults
 * @returns        a run whose records flow
 * @throws SluiceError  what is wrong with the job, its parameters, options, inputs or outputs; no job code has run in a
 *         thread then, and no thread is left
 * Cost: about 170 ms of CPU and 13 MB for each subtask; an empty thread of Node.js takes 50 ms and 9 MB of that.
 */
export async function start(job: string | URL | LoadedJob, options: StartOptions = {}): Promise<Run> {
  const startedMs = SYSTEM_CLOCK.monotonicMs();
  checkArguments(job, options);
  // Job files import this module too, in every worker: what only a start needs is loaded by a start.
  const [{ loadJob }, { checkEndpoints, newRunId, planJob }, { JobMaster, openPool }] = await Promise.all([
    import('./job-file/job-loader.js'),
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
      ...(options.onWarning !== undefined && { onWarning: options.onWarning }),
      ...(options.signal !== undefined && { signal: options.signal }),
    });
  } catch (error) {
    await pool.close(0);
    throw error;
  }
  await run.started;
  return run;
}

/** What the types say, for those who do not have them. */
const OPTION_NAMES: readonly (keyof StartOptions)[] = [
  'params',
  'parallelism',
  'options',
  'optionLayers',
  'inputs',
  'onWarning',
  'signal',
];

function checkArguments(job: unknown, options: unknown): void {
  const isLoaded = typeof job === 'object' && job !== null && 'moduleUrl' in job;
  if (typeof job !== 'string' && !(job instanceof URL) && !isLoaded) {
    const hint =
      typeof job === 'object' && job !== null && 'build' in job ? ': a job object cannot cross threads' : '';
    throw argument(`start(job): job is the path or file: URL of a job file, not ${typeof job}${hint}`);
  }
  if (typeof options !== 'object' || options === null) {
    throw argument(`start(job, options): options is an object, not ${String(options)}`);
  }
  for (const name of Object.keys(options)) {
    if ((OPTION_NAMES as readonly string[]).includes(name)) continue;
    throw argument(`start(job, options): there is no option '${name}'${didYouMean(name, OPTION_NAMES)}`);
  }
  const { params, options: engineOptions, inputs, onWarning, signal } = options as Record<string, unknown>;
  for (const [name, value] of Object.entries({ params, options: engineOptions, inputs })) {
    if (value === undefined || (typeof value === 'object' && value !== null)) continue;
    throw argument(`start(job, { ${name} }): ${name} is an object, not ${String(value)}`);
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    throw argument('start(job, { onWarning }): onWarning is a function');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw argument('start(job, { signal }): signal is an AbortSignal');
  }
}

function argument(what: string): SluiceError {
  return new SluiceError('ARGUMENT_INVALID', what);
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
