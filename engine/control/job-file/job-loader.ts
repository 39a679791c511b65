import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { COPY, type JobModule, jobOrigin } from '../../api/job.js';
import { SluiceError } from '../../base/errors.js';
import { shownPath } from '../../base/user-frame.js';
import { assertOneCopy } from '../package-copy.js';
import { findBundle, keepBundle } from './job-cache.js';
import { importGuarded, importUserModule } from './job-import.js';
import { pathOfJob } from './job-path.js';

/**
 * From a job file, TypeScript or JavaScript, anywhere, to a job.
 *
 * The file is bundled once (see job-bundle.ts) and kept (see job-cache.ts); the main thread and every worker import
 * the same bundle. Nothing is written beside the user's files.
 */

export interface LoadedJob {
  /** What every worker imports. */
  readonly moduleUrl: string;
  /** The user's file. */
  readonly jobUrl: string;
  /** The default export. */
  readonly job: JobModule<any, any, any>;
}

/**
 * Runs in: the main thread.
 *
 * @param file  path (relative to the working folder) or `file:` URL
 * @throws SluiceError JOB_MODULE_MISSING, JOB_MODULE_SYNTAX, JOB_MODULE_FAILED, JOB_MODULE_EXITED, JOB_DEFAULT_MISSING,
 *         ENGINE_DUPLICATE
 * Cost: with a kept bundle a few file reads and the import; otherwise also starting esbuild, tens of milliseconds.
 */
export async function loadJob(file: string | URL): Promise<LoadedJob> {
  const { path, shown, moduleUrl, module } = await loadModule(file);
  return { moduleUrl, jobUrl: pathToFileURL(path).href, job: defaultJob(module, shown) };
}

/**
 * Any module of the user's, in the ways of a job file.
 *
 * @throws SluiceError  what `loadJob` throws, but for what it wants of the default export
 */
export async function loadModule(file: string | URL): Promise<{
  readonly path: string;
  readonly shown: string;
  readonly moduleUrl: string;
  readonly module: Record<string, unknown>;
}> {
  const path = pathOfJob(file);
  const shown = shownPath(path);
  assertOneCopy(dirname(path));
  let moduleUrl = findBundle(path);
  if (moduleUrl === null) {
    const { bundleJob } = await import('./job-bundle.js');
    moduleUrl = keepBundle(path, await bundleJob(path));
  }
  return { path, shown, moduleUrl, module: await importGuarded(moduleUrl, shown) };
}

/**
 * Runs in: a worker.
 *
 * @param moduleUrl  `LoadedJob.moduleUrl`
 * @param jobUrl     the user's file, for messages
 * @throws SluiceError JOB_MODULE_FAILED, JOB_DEFAULT_MISSING
 */
export async function importJob(moduleUrl: string, jobUrl = moduleUrl): Promise<JobModule<any, any, any>> {
  const shown = jobUrl.startsWith('file:')
    ? shownPath(fileURLToPath(jobUrl))
    : jobUrl.slice(0, SHOWN_URL_MAX);
  return defaultJob(await importUserModule(moduleUrl, shown), shown);
}

const SHOWN_URL_MAX = 100;

function defaultJob(module: Record<string, unknown>, shown: string): JobModule<any, any, any> {
  const found = module['default'];
  const origin = jobOrigin(found);
  if (origin.kind === 'own') return found as JobModule;
  if (origin.kind === 'foreign') {
    const what = `the job of ${shown} was made by the copy of the package at ${origin.copy}, and the running copy is ${COPY}`;
    throw new SluiceError('ENGINE_DUPLICATE', what, { detail: { seen: origin.copy, running: COPY } });
  }
  const what =
    found === undefined
      ? 'has no default export'
      : `has a default export that is ${kindOf(found)}, not a job`;
  const named = Object.keys(module).find((name) => jobOrigin(module[name]).kind !== 'none');
  const hint = named === undefined ? '' : `; its export '${named}' is a job: make that one the default`;
  throw new SluiceError('JOB_DEFAULT_MISSING', `${shown} ${what}${hint}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return /^[aeiou]/.test(typeof value) ? `an ${typeof value}` : `a ${typeof value}`;
}
