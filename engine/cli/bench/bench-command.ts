import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SluiceError } from '../../base/errors.js';
import { shownPath } from '../../base/user-frame.js';
import type { BenchReport } from '../../control/bench/bench-report.js';
import { benchJob } from '../../control/bench/job-bench.js';
import { loadJob } from '../../control/job-file/job-loader.js';
import type { Command } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { commandLayers, optionsOf } from '../option-layers.js';
import { refuseInputs } from '../run-command.js';
import { TrialStop } from '../trial-stop.js';
import { type Comparison, compareReports, readReport } from './bench-comparison.js';
import { benchPage } from './bench-page.js';
import { benchText } from './bench-text.js';

type BenchCommand = Command & { readonly kind: 'bench' };

/**
 * Measures a job and tells what came out.
 *
 * @returns the exit code
 * @throws  whatever keeps the job from being measured; files for the report are looked at before
 */
export async function benchCommand(command: BenchCommand): Promise<number> {
  const stop = new TrialStop();
  const phases = new PhaseLine(process.stderr);
  try {
    const layers = await commandLayers(command);
    const job = await loadJob(command.job);
    refuseInputs(job);
    const before = command.compare === null ? null : reportIn(command.compare, job.job.name);
    if (command.html !== null) writePage(command.html, '', 'a');
    for (const notice of optionsOf(layers, job.job).notices) phases.note(notice);
    const { params, seconds, discardsSinks, against } = command;
    const report = await benchJob(job, {
      ...{ params, layers, seconds, discardsSinks, against, signal: stop.signal },
      onWarning: (message) => phases.note(message),
      onPhase: (phase) => phases.show(phase),
      whileBlocked: (work) => stop.leaving(work),
    });
    phases.clear();
    const comparison = before === null ? null : compareReports(before, report);
    tell(command, report, comparison);
    return EXIT_CODES.finished[0];
  } catch (error) {
    phases.clear();
    if (stop.exitCode === null) throw error;
    process.stderr.write('stopped before all was measured; nothing of the job was committed\n');
    return stop.exitCode;
  } finally {
    stop.release();
  }
}

function tell(command: BenchCommand, report: BenchReport, comparison: Comparison | null): void {
  if (command.html !== null) {
    writePage(command.html, benchPage(report, comparison));
    process.stderr.write(`report: ${shownPath(resolve(command.html))}\n`);
  }
  const text = command.json
    ? JSON.stringify(comparison === null ? report : { ...report, comparison })
    : benchText(report, comparison);
  process.stdout.write(`${text}\n`);
}

function reportIn(file: string, job: string): BenchReport {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const what = `${shownPath(resolve(file))} cannot be read: ${(error as Error).message}`;
    throw new SluiceError('BENCH_COMPARE_INVALID', what, { cause: error });
  }
  return readReport(text, shownPath(resolve(file)), job);
}

/**
 * The file is opened before anything is measured: that it cannot be written is told at once. What is in it stays until
 * there is something to put in its place.
 */
function writePage(file: string, text: string, flag: 'w' | 'a' = 'w'): void {
  try {
    writeFileSync(file, text, { flag });
  } catch (error) {
    const what = `the report cannot be written to ${shownPath(resolve(file))}: ${(error as Error).message}`;
    throw new SluiceError('OUTPUT_UNWRITABLE', what, { cause: error });
  }
}

/** What is being measured: one line that is written over, on a terminal only. */
class PhaseLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #noted = new Set<string>();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(phase: string): void {
    if (this.#stream.isTTY) this.#stream.write(`\r\x1b[K${phase.slice(0, (this.#stream.columns || 80) - 1)}`);
  }

  /** What stays to be read; once, though every run of the job says it. */
  note(text: string): void {
    if (this.#noted.has(text)) return;
    this.#noted.add(text);
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
