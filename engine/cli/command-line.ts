import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SluiceError } from '../base/errors.js';
import { commandOfCopy, otherCopySeenFrom, runningVersion } from '../control/package-copy.js';
import { type Command, type JobCommand, readCommand } from './command.js';
import { errorJson, errorText } from './error-report.js';
import { EXIT_CODES, exitCodeOf } from './exit-codes.js';

/**
 * Runs one command line and sets the exit code of the process.
 *
 * What a command needs is imported when it is known which one it is: `--version` loads no engine.
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  watchOutputs();
  try {
    process.exitCode = await runCommand(readCommand(args));
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`);
    // Asked of the words: a command line that cannot be read asks for it too.
    if (args.includes('--json'))
      process.stdout.write(`${JSON.stringify({ state: 'FAILED', error: errorJson(error) })}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

async function runCommand(command: Command): Promise<number> {
  switch (command.kind) {
    case 'version':
      print(versionText());
      return EXIT_CODES.finished[0];
    case 'help': {
      const { helpText } = await import('./help.js');
      print(helpText(command.topic));
      return EXIT_CODES.finished[0];
    }
    case 'job-help':
      return (await handOver(command)) ?? jobHelp(command);
    case 'plan': {
      const handedOver = await handOver(command);
      if (handedOver !== null) return handedOver;
      const { planCommand } = await import('./plan-command.js');
      print(await planCommand(command));
      return EXIT_CODES.finished[0];
    }
    case 'run': {
      const handedOver = await handOver(command);
      if (handedOver !== null) return handedOver;
      const { runCommand } = await import('./run-command.js');
      return runCommand(command);
    }
    case 'ls': {
      const { lsCommand } = await import('./ls-command.js');
      print(await lsCommand(command));
      return EXIT_CODES.finished[0];
    }
    case 'stop': {
      const { stopCommand } = await import('./stop-command.js');
      const { text, exitCode } = await stopCommand(command);
      print(text);
      return exitCode;
    }
    case 'top': {
      const { topCommand } = await import('./top/top-command.js');
      return topCommand(command);
    }
    case 'demo': {
      const { demoCommand } = await import('./demo-command.js');
      return demoCommand();
    }
    case 'bench': {
      const handedOver = await handOver(command);
      if (handedOver !== null) return handedOver;
      const { benchCommand } = await import('./bench/bench-command.js');
      return benchCommand(command);
    }
    case 'doctor': {
      const handedOver = await handOver(command);
      if (handedOver !== null) return handedOver;
      const { doctorCommand } = await import('./doctor-command.js');
      return doctorCommand(command);
    }
    case 'doctor-run': {
      const { runDoctorCommand } = await import('./run-doctor-command.js');
      print(await runDoctorCommand(command));
      return EXIT_CODES.finished[0];
    }
  }
}

async function jobHelp({ job }: JobCommand): Promise<number> {
  const [{ jobHelpText }, { loadJob }] = await Promise.all([
    import('./help.js'),
    import('../control/job-file/job-loader.js'),
  ]);
  print(jobHelpText(job, (await loadJob(job)).job));
  return EXIT_CODES.finished[0];
}

/**
 * A job is run by the copy of the package that it imports: where that is another one, its command takes over in this
 * process, before anything of this copy that it could clash with is loaded.
 *
 * @returns  the exit code the other copy left, or null when the job is this copy's
 */
async function handOver({ job }: JobCommand): Promise<number | null> {
  const { pathOfJob } = await import('../control/job-file/job-path.js');
  const folder = dirname(pathOfJob(job));
  const root = otherCopySeenFrom(folder);
  if (root === null) return null;
  const file = commandOfCopy(root);
  if (file === null) {
    throw new SluiceError('ENGINE_DUPLICATE', `the job's own copy in ${root} has no command to hand over to`);
  }
  process.stdout.off('error', onStdoutError); // the other copy watches now
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    throw new SluiceError('ENGINE_DUPLICATE', `the job's own copy in ${root} cannot be started`, {
      cause: error,
    });
  }
  return Number(process.exitCode ?? 0);
}

function versionText(): string {
  return `${runningVersion()}${CHECKED ? ' (checked)' : ''}`;
}

function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** What cannot be written to stderr can be told nowhere; the exit code still tells how the command ended. */
function watchOutputs(): void {
  process.stdout.on('error', onStdoutError);
  process.stderr.on('error', () => {});
}

/**
 * An answer that did not get out is a failure, though a late one: streams report it after the command has gone on, so
 * the exit code is corrected at the exit. `sluice plan job.ts | head` is no failure.
 */
function onStdoutError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.stdout.off('error', onStdoutError).on('error', () => {}); // once is enough
  const { message } = new SluiceError(
    'OUTPUT_WRITE_FAILED',
    `writing standard output failed: ${error.message}`,
  );
  process.stderr.write(`${message}\n`);
  process.once('exit', (code) => {
    if (code === EXIT_CODES.finished[0]) process.exitCode = EXIT_CODES.failed[0];
  });
}
