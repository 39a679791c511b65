import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SluiceError } from '../base/errors.js';
import { commandOfCopy, otherCopySeenFrom, runningRoot } from '../control/package-copy.js';
import { type Command, type JobCommand, readCommand } from './command.js';
import { errorJson, errorText } from './error-report.js';
import { EXIT_CODES, exitCodeOf } from './exit-codes.js';

/**
 * Runs one command line and sets the exit code of the process.
 *
 * What a command needs is imported when it is known which one it is: `--version` loads no engine.
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  ignoreClosedPipes();
  let command: Command | null = null;
  try {
    command = readCommand(args);
    process.exitCode = await runCommand(command);
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`);
    const wantsJson = command === null ? args.includes('--json') : 'json' in command && command.json;
    if (wantsJson) process.stdout.write(`${JSON.stringify({ state: 'FAILED', error: errorJson(error) })}\n`);
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
  }
}

async function jobHelp({ job }: JobCommand): Promise<number> {
  const [{ jobHelpText }, { loadJob }] = await Promise.all([
    import('./help.js'),
    import('../control/job-loader.js'),
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
  const { pathOfJob } = await import('../control/job-path.js');
  const folder = dirname(pathOfJob(job));
  const root = otherCopySeenFrom(folder);
  if (root === null) return null;
  const file = commandOfCopy(root);
  if (file === null) {
    throw new SluiceError('ENGINE_DUPLICATE', `the job's own copy in ${root} has no command to hand over to`);
  }
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
  const { version } = JSON.parse(readFileSync(join(runningRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return `${version}${CHECKED ? ' (checked)' : ''}`;
}

function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** `sluice plan job.ts | head` is no failure. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}
