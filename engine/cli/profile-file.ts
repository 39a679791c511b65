import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SluiceError } from '../base/errors.js';
import { shownPath } from '../base/user-frame.js';
import type { RunProfile } from '../control/profile/run-profile.js';
import type { TaskProfile } from '../control/profile/task-profile.js';
import type { Run } from '../control/run.js';
import type { ProfileFlags } from './run-flags.js';

/** The file is made before anything runs: that it cannot be is told at once. */
export function reserveProfile({ file }: ProfileFlags): void {
  writeOut(file, '');
}

/**
 * Profiles a run and writes what comes of it.
 *
 * @returns  what a person is told: the hottest of every task, and where the files are
 * @throws SluiceError  what `run.profile` throws; OUTPUT_UNWRITABLE
 */
export async function profileToFile(run: Run, { file, form, seconds }: ProfileFlags): Promise<string> {
  const profile = await run.profile({ seconds });
  const written = form === 'html' ? [file] : taskFiles(file, profile).map(({ path }) => path);
  if (form === 'html') writeOut(file, profile.toHtml());
  else for (const { path, task } of taskFiles(file, profile)) writeOut(path, JSON.stringify(task.cpuProfile));
  const places = written.map((path) => `profile: ${shownPath(resolve(path))}`);
  return [profile.toText(), '', ...places].join('\n');
}

/** Such a file holds one thread, so the first task has the name that was given, and the others a number more. */
function taskFiles(
  file: string,
  { tasks }: RunProfile,
): readonly { readonly path: string; readonly task: TaskProfile }[] {
  const sampled = tasks.filter(({ cpuProfile }) => cpuProfile !== null);
  const nameOf = (i: number): string => (i === 0 ? file : file.replace(/\.cpuprofile$/, `.${i}.cpuprofile`));
  return sampled.map((task, i) => ({ path: nameOf(i), task }));
}

function writeOut(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const what = `the profile cannot be written to ${shownPath(resolve(file))}: ${(error as Error).message}`;
    throw new SluiceError('OUTPUT_UNWRITABLE', what, { cause: error });
  }
}
