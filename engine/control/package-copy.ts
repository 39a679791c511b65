import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../base/errors.js';

/**
 * Which copy of this package a job sees, and which one is running.
 *
 *   copy/one-copy  A job is planned and run by one copy, in one of its trees (checked or release): two would have two
 *                  of every class and symbol. What a job imports by the package's name is the running tree's file.
 */

const NAME = 'sluice';

/** The entries of the package: what follows its name -> the file of a tree, without extension. */
const ENTRIES: Readonly<Record<string, string>> = {
  '': '../index',
  '/connectors': '../connectors/index',
  '/testing': '../testing/index',
};

/** Folder of the package that is running, links resolved. */
export function runningRoot(): string {
  return (cachedRoot ??= findRunningRoot());
}

let cachedRoot: string | undefined;

/** Version of the package that is running. */
export function runningVersion(): string {
  cachedVersion ??= JSON.parse(readFileSync(join(runningRoot(), 'package.json'), 'utf8')).version as string;
  return cachedVersion;
}

let cachedVersion: string | undefined;

function findRunningRoot(): string {
  const here = fileURLToPath(import.meta.url);
  for (const folder of foldersUpFrom(dirname(here))) {
    if (packageName(folder) === NAME) return realpathSync(folder);
  }
  return dirname(dirname(dirname(here)));
}

/** True for `sluice` and `sluice/…`. */
export function isOwnSpecifier(specifier: string): boolean {
  return specifier === NAME || specifier.startsWith(`${NAME}/`);
}

/** The running tree's file for `sluice` or `sluice/…`; null: there is no such entry. */
export function runningEntry(specifier: string): string | null {
  const subpath = specifier.slice(NAME.length);
  if (subpath === '/package.json') return join(runningRoot(), 'package.json');
  const entry = ENTRIES[subpath];
  if (entry === undefined) return null;
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(entry + extension, import.meta.url));
}

/** The worker entry of the running tree, built or, when a loader runs it, source. */
export function workerEntry(): URL {
  return new URL(
    `../../workers/${import.meta.url.endsWith('.ts') ? 'task.ts' : 'start.cjs'}`,
    import.meta.url,
  );
}

/**
 * Folder of another copy of the package that Node would give to a file in a folder; null: it is the running copy, or
 * there is none and the running copy stands in.
 *
 * Source: Node's PACKAGE_SELF_RESOLVE, then its search through node_modules.
 */
export function otherCopySeenFrom(folder: string): string | null {
  const seen = copySeenFrom(folder);
  return seen === null || seen === runningRoot() ? null : seen;
}

/** copy/one-copy. @throws SluiceError ENGINE_DUPLICATE  a file in this folder sees another copy */
export function assertOneCopy(folder: string): void {
  const other = otherCopySeenFrom(folder);
  if (other === null) return;
  throw new SluiceError(
    'ENGINE_DUPLICATE',
    `files in ${folder} see the copy in ${other}, and the running copy is in ${runningRoot()}`,
    { detail: { folder, seen: other, running: runningRoot() } },
  );
}

/** The file that the command of a copy starts; null when it declares none. */
export function commandOfCopy(root: string): string | null {
  const { bin } = readPackage(root) ?? {};
  const file = typeof bin === 'string' ? bin : bin?.[NAME];
  return file === undefined ? null : join(root, file);
}

function copySeenFrom(start: string): string | null {
  const scope = foldersUpFrom(start).find((folder) => readPackage(folder) !== null);
  if (scope !== undefined && packageName(scope) === NAME) return realpathSync(scope);
  for (const folder of foldersUpFrom(start)) {
    const candidate = join(folder, 'node_modules', NAME);
    if (packageName(candidate) === NAME) return realpathSync(candidate);
  }
  return null;
}

function packageName(folder: string): string | undefined {
  return readPackage(folder)?.name;
}

function readPackage(folder: string): { name?: string; bin?: string | Record<string, string> } | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return null; // absent, or not JSON: Node skips the first and refuses the second by itself
  }
}

/** The folder itself first, the root last. */
export function foldersUpFrom(folder: string): readonly string[] {
  const folders = [folder];
  for (let at = folder; dirname(at) !== at; ) folders.push((at = dirname(at)));
  return folders;
}
