import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../../base/errors.js';
import { shownPath } from '../../base/user-frame.js';

/**
 * Absolute path of a job file.
 *
 * @param file  path (relative to the working folder) or `file:` URL
 * @throws SluiceError JOB_MODULE_MISSING, JOB_MODULE_SYNTAX  it is no file, or not one that can hold a module
 */
export function pathOfJob(file: string | URL): string {
  const text = String(file);
  let path: string;
  try {
    path = text.startsWith('file:') ? fileURLToPath(text) : resolve(text);
  } catch (error) {
    throw new SluiceError('JOB_MODULE_MISSING', `${text} names no file`, { cause: error });
  }
  const detail = { path };
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new SluiceError('JOB_MODULE_MISSING', `there is no file ${path}`, { detail });
  if (!found.isFile()) throw new SluiceError('JOB_MODULE_MISSING', `${path} is not a file`, { detail });
  if (!/\.([cm]?[jt]s|[jt]sx)$/i.test(path)) {
    const what = `${shownPath(path)} is neither a TypeScript nor a JavaScript file`;
    throw new SluiceError('JOB_MODULE_SYNTAX', what, { detail });
  }
  return path;
}
