import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The absolute path without symbolic links, also of what does not exist yet: two names of one place are then equal. */
export function canonicalPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(canonicalPath(parent), basename(absolute));
  }
}

/** The folder itself if it exists, else the closest one above it that does. */
export function nearestExisting(folder: string): string {
  let path = folder;
  while (statSync(path, { throwIfNoEntry: false }) === undefined && dirname(path) !== path)
    path = dirname(path);
  return path;
}
