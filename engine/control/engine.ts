import { SYSTEM_CLOCK } from '../base/clock.js';
import { SluiceError } from '../base/errors.js';
import { didYouMean } from '../base/nearest.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import { type InputGiven, isLiveOptions } from './endpoints.js';
import type { LoadedJob } from './job-file/job-loader.js';
import type { JobMaster } from './job-master.js';
import type { OutputWish } from './live/live-ends.js';
import type { PlannedJob } from './prepared-job.js';
import type { Run, StartOptions } from './run.js';
import { readServe, serveLayer } from './serve/serve-options.js';
import type { RunTaps } from './taps/run-taps.js';
import type { Trial } from './trial.js';

/**
 * Starts a job on threads of its own.
 *
 * `start<typeof job>(…)`, with the type of the job file's default export, gives inputs and outputs their types.
 *
 * @param job      path or `file:` URL of the job file, or what `loadJob` gave
 * @param options  see StartOptions; all have defaults
 * @returns        a run whose records flow
 * @throws SluiceError  what is wrong with the job, its parameters, options, inputs or outputs; no job code has run in a
 *         thread then, and no thread is left
 * Cost: about 170 ms of CPU and 13 MB for each subtask; an empty thread of Node.js takes 50 ms and 9 MB of that.
 */
export async function start<J = any>(
  job: string | URL | LoadedJob,
  options: StartOptions<J> = {},
): Promise<Run<J>> {
  const { run } = await launch(job, options as StartOptions, null);
  return run as Run as Run<J>;
}

/** A run and what was planned for it. */
export interface Launched {
  readonly run: JobMaster;
  readonly planned: PlannedJob;
}

/**
 * Starts a job as `start` does, also one that is only measured.
 *
 * @param trial  null: its outputs are wanted
 */
export async function launch(
  job: string | URL | LoadedJob,
  options: StartOptions,
  trial: Trial | null,
): Promise<Launched> {
  const startedMs = SYSTEM_CLOCK.monotonicMs();
  checkArguments(job, options);
  const serve = readServe(options.serve);
  // Job files import this module too, in every worker: what only a start needs is loaded by a start.
  const [{ loadJob }, { checkEndpoints, newRunId, planJob }, { JobMaster }, { openPool }, { LiveEnds }] =
    await Promise.all([
      import('./job-file/job-loader.js'),
      import('./prepared-job.js'),
      import('./job-master.js'),
      import('./open-pool.js'),
      import('./live/live-ends.js'),
    ]);
  const loaded = typeof job === 'string' || job instanceof URL ? await loadJob(job) : job;
  const inputs = (options.inputs ?? {}) as Readonly<Record<string, InputGiven>>;
  const planned = planJob(loaded.job, {
    params: options.params ?? {},
    inputs,
    outputs: (options.outputs ?? {}) as Readonly<Record<string, OutputWish>>,
    optionLayers: [...(serve === null ? [] : [serveLayer(serve)]), ...optionLayers(options)],
    trial,
  });
  const live = new LiveEnds(planned.built.plan, planned.graph, inputs, planned.options);
  const { http, attach } = planned.options;
  const lease =
    serve === null
      ? null
      : await (await import('./serve/http-door.js')).leaseHttp({ ...http, token: serve.token ?? null });
  const taps = await tapsOf(options, planned, startedMs).catch((error) => {
    lease?.release();
    throw error;
  });
  // The threads load the engine while inputs are found and outputs are checked; no job code runs in them yet.
  const pool = openPool(planned);
  let run: JobMaster;
  try {
    run = new JobMaster(loaded, await checkEndpoints(planned), pool, live, {
      id: newRunId(),
      url: lease?.url ?? null,
      startedMs,
      inputs: rowsOf(inputs),
      taps,
      ...(options.onWarning !== undefined && { onWarning: options.onWarning }),
      ...(options.signal !== undefined && { signal: options.signal }),
    });
  } catch (error) {
    lease?.release();
    taps?.end();
    await pool.close(0);
    throw error;
  }
  if (lease !== null || (attach && trial === null)) {
    const { servedRun } = await import('./serve/served-run.js');
    const served = servedRun(run, planned);
    lease?.show(served);
    if (attach && trial === null) (await import('./serve/attach-door.js')).showToOwner(served);
  }
  await run.started;
  return { run, planned };
}

/** Null where nobody watches: then nothing of it is loaded. */
async function tapsOf(
  { trace }: Pick<StartOptions, 'trace'>,
  { graph }: PlannedJob,
  startedMs: number,
): Promise<RunTaps | null> {
  const written = process.env['SLUICE_LOG'] ?? '';
  if (trace === undefined && written === '') return null;
  const [{ RunTaps }, { logTopics }, { ATTEMPT }] = await Promise.all([
    import('./taps/run-taps.js'),
    import('./taps/log-topics.js'),
    import('./job-master.js'),
    import('./open-pool.js'),
  ]);
  return new RunTaps(graph, logTopics(written), trace ?? null, startedMs, ATTEMPT);
}

/** What the types say, for those who do not have them. */
const OPTION_NAMES: readonly (keyof StartOptions)[] = [
  'params',
  'parallelism',
  'options',
  'optionLayers',
  'inputs',
  'outputs',
  'onWarning',
  'serve',
  'trace',
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
  const {
    params,
    options: engineOptions,
    inputs,
    outputs,
    onWarning,
    trace,
    signal,
  } = options as Record<string, unknown>;
  for (const [name, value] of Object.entries({ params, options: engineOptions, inputs, outputs })) {
    if (value === undefined || (typeof value === 'object' && value !== null)) continue;
    throw argument(`start(job, { ${name} }): ${name} is an object, not ${String(value)}`);
  }
  for (const [name, value] of Object.entries(inputs ?? {})) {
    const isRows = typeof value === 'object' && value !== null && !('createReader' in value);
    if (value === undefined || isRows) continue;
    throw argument(`start(job, { inputs: { ${name} } }): it is an array of rows, or options of a live input`);
  }
  if (onWarning !== undefined && typeof onWarning !== 'function') {
    throw argument('start(job, { onWarning }): onWarning is a function');
  }
  if (trace !== undefined && (typeof trace !== 'string' || trace === '')) {
    throw argument('start(job, { trace }): trace is the path of a file');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw argument('start(job, { signal }): signal is an AbortSignal');
  }
}

/** Inputs whose rows go to every thread. */
function rowsOf(inputs: Readonly<Record<string, InputGiven>>): Readonly<Record<string, readonly object[]>> {
  const given = Object.entries(inputs).filter(([, each]) => !isLiveOptions(each));
  return Object.fromEntries(given) as Readonly<Record<string, readonly object[]>>;
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
