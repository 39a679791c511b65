import { SluiceError } from '../base/errors.js';
import { PROFILE_SECONDS } from '../control/profile/profile-seconds.js';
import type { ServeOptions } from '../control/run.js';

/** What `sluice run` takes beside what every job command does. */

export interface ProfileFlags {
  readonly file: string;
  /** By the ending of the name. */
  readonly form: 'html' | 'cpuprofile';
  readonly seconds: number;
}

/** The range of the port is that of the option `rest.port`. */
export function readServeFlag([port]: readonly string[]): ServeOptions | null {
  if (port === undefined) return null;
  if (!/^\d*$/.test(port)) throw invalid(`--serve takes a port, not '${port}'`);
  return port === '' ? {} : { port: Number(port) };
}

export function readProfileFlags(given: (flag: string) => readonly string[]): ProfileFlags | null {
  const [file] = given('profile');
  const [written] = given('profile-seconds');
  if (file === undefined) {
    if (written !== undefined)
      throw invalid('--profile-seconds says how long --profile takes: add --profile out.html');
    return null;
  }
  const form = /\.(html|cpuprofile)$/.exec(file)?.[1] as ProfileFlags['form'] | undefined;
  if (form === undefined)
    throw invalid(
      `--profile writes a page, out.html, or a profile for Chrome, out.cpuprofile; not '${file}'`,
    );
  const { min, max } = PROFILE_SECONDS;
  const seconds = written === undefined ? PROFILE_SECONDS.default : Number(written);
  if (written?.trim() === '' || !(seconds >= min && seconds <= max))
    throw invalid(`--profile-seconds is a number from ${min} to ${max}, not '${written}'`);
  return { file, form, seconds };
}

function invalid(what: string): SluiceError {
  return new SluiceError('COMMAND_INVALID', `sluice run: ${what}`);
}
