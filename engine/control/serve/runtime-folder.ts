import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Of the user, with nobody else able to look into it. */
const FOLDER_MODE = 0o700;
const OTHERS_MODE = 0o077;

/** Where running jobs of this user are found: `$XDG_RUNTIME_DIR/sluice`, or `<tmp>/sluice-<uid>`. */
export function runtimeFolder(): string {
  const given = process.env['XDG_RUNTIME_DIR'] ?? '';
  if (given !== '') return join(given, 'sluice');
  return join(tmpdir(), `sluice-${process.getuid?.() ?? userInfo().username}`);
}

/** @param name  of an entry, without its ending */
export function socketOf(folder: string, name: string): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\sluice-${name}` : join(folder, `${name}.sock`);
}

/**
 * Makes the folder if it is not there.
 *
 * @returns  false: it cannot be made, or it is not this user's alone and cannot be made so
 */
export function makeRuntimeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    const stats = lstatSync(folder);
    // Others may have made it first, in a folder that all can write to.
    if (!stats.isDirectory() || (process.getuid !== undefined && stats.uid !== process.getuid()))
      return false;
    if (process.platform !== 'win32' && (stats.mode & OTHERS_MODE) !== 0) chmodSync(folder, FOLDER_MODE);
    return true;
  } catch {
    return false;
  }
}
