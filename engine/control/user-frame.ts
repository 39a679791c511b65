import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runningRoot } from './package-copy.js';

/** A place in the user's own source. */
export interface UserFrame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The place nearest to where an error was made that is in neither the package, another package nor Node.
 *
 * Where source maps are on, stacks name original files, so the place is one the user can open.
 */
export function userFrame(error: Error): UserFrame | null {
  for (const line of error.stack?.split('\n') ?? []) {
    const match = /^\s*at (?:.*? \()?(?:async )?(file:.+?|[/\\].+?|[A-Z]:\\.+?):(\d+):(\d+)\)?$/.exec(line);
    if (match === null) continue;
    const file = pathOf(match[1]!);
    if (file === null || file.includes(`${sep}node_modules${sep}`) || isOwn(file)) continue;
    return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return null;
}

function pathOf(place: string): string | null {
  if (!place.startsWith('file:')) return place;
  try {
    return fileURLToPath(place.replace(/[?#].*$/, ''));
  } catch {
    return null;
  }
}

/** The package's own folders, not the whole repository: its examples and tests are user code. */
function isOwn(file: string): boolean {
  return OWN_FOLDERS.some((folder) => file.startsWith(runningRoot() + sep + folder.replaceAll('/', sep)));
}

// biome-ignore format: a table
const OWN_FOLDERS = [
  'engine/', 'workers/',
  'dist/release/engine/', 'dist/release/workers/', 'dist/checked/engine/', 'dist/checked/workers/',
  'checked/engine/', 'checked/workers/',
];
