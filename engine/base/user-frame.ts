import { dirname, isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place in a source file. */
export interface Frame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The user's place nearest to where a stack was taken: in neither this package, another package nor Node.
 *
 * Where source maps are on, stacks name original files, so the place is one the user can open.
 *
 * @param orPackage  if there is no other, a place in another package will do
 */
export function userFrame(stack: string | undefined, orPackage = false): Frame | null {
  const own = ownFolders();
  const outside = framesOf(stack).filter(({ file }) => !own.some((folder) => file.startsWith(folder)));
  const users = outside.find(({ file }) => !file.includes(`${sep}node_modules${sep}`));
  return users ?? (orPackage ? outside[0] : null) ?? null;
}

/** As a person in the working folder would write it. */
export function shownPath(file: string): string {
  const short = relative(process.cwd(), file);
  return short === '' || short.startsWith('..') || isAbsolute(short) ? file : short;
}

const BUILT_FILE = fileURLToPath(import.meta.url);

/**
 * Engine and workers, not the whole repository: its examples and tests are user code.
 *
 * Frames name built files or, once source maps are on, their originals: asking for a stack tells which it is now.
 */
function ownFolders(): readonly string[] {
  const files = [BUILT_FILE, framesOf(new Error().stack)[0]?.file ?? BUILT_FILE];
  return files.flatMap((file) => {
    const engine = dirname(dirname(file));
    return [engine + sep, dirname(engine) + sep + 'workers' + sep];
  });
}

function framesOf(stack: string | undefined): readonly Frame[] {
  return (stack?.split('\n') ?? []).flatMap((line) => parseFrame(line) ?? []);
}

/** `at name (place:1:2)` or `at place:1:2`; null for frames without a file. */
function parseFrame(text: string): Frame | null {
  const match = /^\s*at (?:.*? \()?(?:async )?(.+):(\d+):(\d+)\)?$/.exec(text);
  if (match === null) return null;
  const file = pathOf(match[1]!);
  return file === null ? null : { file, line: Number(match[2]), column: Number(match[3]) };
}

function pathOf(place: string): string | null {
  if (place.startsWith('node:') || place.includes('<anonymous>')) return null;
  if (!place.startsWith('file:')) return place;
  try {
    return fileURLToPath(place.replace(/[?#].*$/, ''));
  } catch {
    return null;
  }
}
