import { resolve } from 'node:path';
import { SluiceError } from '../base/errors.js';
import { shownPath } from '../base/user-frame.js';
import { type LoadedJob, loadJob } from '../control/job-file/job-loader.js';
import type { Run, ServeOptions, StartOptions, Summary } from '../control/run.js';
import type { TraceSummary } from '../control/taps/run-trace.js';
import type { Command } from './command.js';
import { limitText } from './diagnosis-text.js';
import { errorText } from './error-report.js';
import { EXIT_CODES } from './exit-codes.js';
import { colorsOf } from './ink.js';
import { commandLayers, optionsOf } from './option-layers.js';
import { profileToFile, reserveProfile } from './profile-file.js';
import { type Progress, showProgress } from './progress.js';
import { formatCount, formatElapsed } from './quantities.js';
import type { ProfileFlags } from './run-flags.js';
import { type EndSignal, SignalListener } from './signal-listener.js';
import { undeclaredCosts } from './undeclared-costs.js';

type RunCommand = Command & { readonly kind: 'run' };
export type StartJob = (job: LoadedJob, options: StartOptions) => Promise<Run>;

/**
 * Runs a job to its end, or until it is told to stop.
 *
 * @param startJob  who runs it; tests have a stand-in
 * @returns         the exit code
 * @throws          whatever keeps the job from starting or made it fail
 */
export async function runCommand(command: RunCommand, startJob: StartJob = startOnEngine): Promise<number> {
  const interrupts = new Interrupts(command.quiet);
  try {
    const layers = await commandLayers(command);
    const loaded = await loadJob(command.job);
    refuseInputs(loaded);
    if (command.profile !== null) reserveProfile(command.profile);
    const { notices } = optionsOf(layers, loaded.job);
    tell(command, notices);
    const run = await startJob(loaded, {
      params: command.params,
      optionLayers: layers,
      onWarning: ({ message }) => tell(command, [message]),
      ...(command.serve !== null && { serve: { ...command.serve, ...tokenOf(process.env) } }),
      ...(command.trace !== null && { trace: command.trace }),
      signal: interrupts.signal,
    });
    tell(command, run.notices);
    if (run.url !== null) tell(command, [`serving ${run.url}`]);
    return await follow(run, command, interrupts);
  } catch (error) {
    if (interrupts.exitCode === null || !interrupts.signal.aborted) throw error;
    tell(command, ['stopped before the job began; no output was touched']);
    return interrupts.exitCode;
  } finally {
    interrupts.release();
  }
}

/** Not a flag: what stands on a command line every user of the machine can read. */
function tokenOf({ SLUICE_TOKEN: token }: NodeJS.ProcessEnv): Pick<ServeOptions, 'token'> {
  return token === undefined || token === '' ? {} : { token };
}

function tell({ quiet }: RunCommand, notices: readonly string[]): void {
  if (!quiet) for (const notice of notices) process.stderr.write(`${notice}\n`);
}

/** Rows of named inputs come from a program; a command has none to give. */
export function refuseInputs({ job }: LoadedJob): void {
  const [input] = Object.keys(job.inputs);
  if (input === undefined) return;
  const what = `job '${job.name}' has the input '${input}', which a program gives rows to: start it with start()`;
  throw new SluiceError('ARGUMENT_INVALID', what);
}

/** Loaded only when there is something to run. */
const startOnEngine: StartJob = async (job, options) => {
  const { start } = await import('../control/engine.js');
  return start(job, options);
};

async function follow(run: Run, command: RunCommand, interrupts: Interrupts): Promise<number> {
  const hasLog = (process.env['SLUICE_LOG'] ?? '') !== ''; // its lines would be drawn over
  const isSilent = command.quiet || hasLog || (command.json && !process.stderr.isTTY);
  const progress = isSilent
    ? null
    : showProgress(run, process.stderr, colorsOf(process.stderr, process.env) > 0);
  interrupts.attach(run, progress);
  const profiled = command.profile === null ? null : profileOf(run, command.profile);
  let summary: Summary;
  try {
    summary = await run.finished;
    progress?.stop(true);
  } catch (error) {
    progress?.stop(true);
    if (command.trace !== null) tell(command, [traceText({ path: resolve(command.trace), leftOut: null })]);
    throw error;
  }
  if (command.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else if (!command.quiet) process.stderr.write(`${summaryText(summary)}\n`);
  if (summary.trace !== undefined) tell(command, [traceText(summary.trace)]);
  if (profiled !== null) tell(command, [await profiled]);
  return interrupts.exitCode ?? EXIT_CODES.finished[0];
}

function traceText({ path, leftOut }: TraceSummary): string {
  const missing = leftOut === null ? '' : `; left out: ${leftOut}`;
  return `trace: ${shownPath(path)}, for https://ui.perfetto.dev${missing}`;
}

/** What came of a profile: whatever goes wrong with it, the run goes on. */
async function profileOf(run: Run, flags: ProfileFlags): Promise<string> {
  try {
    return await profileToFile(run, flags);
  } catch (error) {
    return errorText(error);
  }
}

/** What happened, and where the result is. */
export function summaryText({
  job,
  state,
  durationMs,
  recordsIn,
  recordsOut,
  lateRecords,
  droppedRecords,
  outputs,
  tasks,
  limit,
}: Summary): string {
  const late = lateRecords > 0 ? `, ${formatCount(lateRecords)} late` : '';
  const dropped = droppedRecords > 0 ? `, ${formatCount(droppedRecords)} dropped` : '';
  const lines = [
    `${job} ${state} in ${formatElapsed(durationMs)}: ${formatCount(recordsIn)} records in, ${formatCount(recordsOut)} out${late}${dropped}`,
    ...limitText(limit, process.stderr.columns || 80),
    ...undeclaredCosts(tasks),
    ...outputs.map((path) => `output: ${shownPath(path)}`),
  ];
  return lines.join('\n');
}

/** How long a cancelled run has to clean up after itself before the process ends regardless. */
const CANCEL_MS_MAX = 1_000;

/**
 * What signals do: the first one stops gracefully (or abandons a start), the second cancels and ends the process
 * within a second, a third ends it now.
 */
class Interrupts {
  exitCode: number | null = null;
  readonly #abort = new AbortController();
  readonly #isQuiet: boolean;
  readonly #listener = new SignalListener((signal) => this.#onSignal(signal));
  #count = 0;
  #run: Run | null = null;
  #progress: Progress | null = null;

  constructor(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
  }

  /** Abandons a start. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  attach(run: Run, progress: Progress | null): void {
    this.#run = run;
    this.#progress = progress;
    if (this.exitCode !== null) this.#stop(run);
  }

  release(): void {
    this.#listener.release();
  }

  #onSignal({ code, shown }: EndSignal): void {
    this.exitCode ??= code;
    this.#count++;
    const run = this.#run;
    if (this.#count === 1) {
      if (!this.#isQuiet) process.stderr.write(`${shown}: stopping; once more to end at once\n`);
      if (run === null) this.#abort.abort(new Error(shown));
      else this.#stop(run);
    } else if (this.#count === 2 && run !== null) {
      const end = () => this.#end();
      setTimeout(end, CANCEL_MS_MAX).unref();
      run.cancel(new Error(shown)).then(end, end);
    } else {
      this.#end();
    }
  }

  #stop(run: Run): void {
    run.stop().catch(() => {}); // `finished` tells
  }

  #end(): void {
    this.#progress?.stop(false);
    process.exit(this.exitCode ?? EXIT_CODES.interrupted[0]);
  }
}
