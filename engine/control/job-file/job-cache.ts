import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { foldersUpFrom, otherCopySeenFrom, runningRoot } from '../package-copy.js';
import type { Bundle } from './job-bundle.js';

/**
 * Bundles of job files, kept between runs so that a job that did not change starts without esbuild.
 *
 *   job-cache/inputs   An entry is used only while every file that went into it, or could have changed how an import
 *                      was resolved, has the same content.
 *   job-cache/whole    Files appear by rename and are named by their content: runs at the same time cannot see halves.
 *   job-cache/private  The folder belongs to this user alone; otherwise nothing is kept.
 *
 * Runs in: the main thread.
 */

/** Changes whenever bundles are made in another way. */
const FORMAT = 1;
/** Files in the folder; beyond it the half that was unused longest goes. */
const FILES_MAX = 512;
const LEFTOVER_AGE_MS = 3_600_000;

interface Entry {
  readonly bundle: string;
  /** Path -> SHA-256 of the content; null: there must be no such file. */
  readonly inputs: Readonly<Record<string, string | null>>;
  /** Must exist. */
  readonly resolved: readonly string[];
  readonly ownImporters: readonly string[];
}

/** URL of the bundle of a job file made earlier, or null when there is none that still holds. */
export function findBundle(jobFile: string): string | null {
  const folder = cacheFolder();
  if (folder === null) return null;
  try {
    const entry = JSON.parse(readFileSync(join(folder, entryName(jobFile)), 'utf8')) as Entry;
    if (!stillHolds(entry)) return null;
    const path = join(folder, entry.bundle);
    const bytes = readFileSync(path);
    if (!entry.bundle.includes(digest(bytes).slice(0, NAME_DIGITS))) return null;
    touch(path);
    touch(join(folder, entryName(jobFile)));
    return pathToFileURL(path).href;
  } catch {
    return null; // absent, or written by something else: it is made anew
  }
}

/** Keeps a bundle and gives its URL; where no file can be kept, the URL has the code in it. */
export function keepBundle(jobFile: string, bundle: Bundle): string {
  const folder = cacheFolder();
  if (folder === null) return dataUrl(bundle.code);
  const stem = basename(jobFile)
    .replace(/\.\w+$/, '')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 60);
  const name = `${stem}-${digest(bundle.code).slice(0, NAME_DIGITS)}.mjs`;
  try {
    prune(folder);
    writeWhole(folder, name, bundle.code);
    if (bundle.isRepeatable) writeWhole(folder, entryName(jobFile), JSON.stringify(entryOf(name, bundle)));
  } catch {
    return dataUrl(bundle.code); // a full or read-only disk must not stop a job
  }
  return pathToFileURL(join(folder, name)).href;
}

const NAME_DIGITS = 24;

function entryOf(name: string, { files, resolved, ownImporters }: Bundle): Entry {
  const inputs: Record<string, string | null> = {};
  for (const [path, text] of files) inputs[path] = digest(text);
  for (const folder of new Set([...files.keys()].map((path) => dirname(path)))) {
    addNearest(inputs, folder, 'package.json');
    addTsconfigs(inputs, addNearest(inputs, folder, 'tsconfig.json'));
  }
  for (const path of resolved) addNearest(inputs, dirname(path), 'package.json');
  return { bundle: name, inputs, resolved: [...resolved], ownImporters: [...ownImporters] };
}

/** The nearest file of a name, and that there is none nearer. */
function addNearest(inputs: Record<string, string | null>, start: string, name: string): string | null {
  for (const folder of foldersUpFrom(start)) {
    const path = join(folder, name);
    inputs[path] ??= digestOfFile(path);
    if (inputs[path] !== null) return path;
  }
  return null;
}

/** A tsconfig.json and those it extends by path. */
function addTsconfigs(inputs: Record<string, string | null>, first: string | null): void {
  for (const todo = first === null ? [] : [first]; todo.length > 0; ) {
    const path = todo.pop()!;
    const [, extended = ''] = /"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(readFileSync(path, 'utf8')) ?? [];
    for (const [, name] of extended.matchAll(/"(\.[^"]*)"/g)) {
      const at = resolve(dirname(path), name!.endsWith('.json') ? name! : `${name}.json`);
      if (at in inputs) continue;
      inputs[at] = digestOfFile(at);
      if (inputs[at] !== null) todo.push(at);
    }
  }
}

/** job-cache/inputs */
function stillHolds(entry: Entry): boolean {
  return (
    Object.entries(entry.inputs).every(([path, expected]) => digestOfFile(path) === expected) &&
    entry.resolved.every((path) => existsSync(path)) &&
    entry.ownImporters.every((folder) => otherCopySeenFrom(folder) === null)
  );
}

/** One entry for each job file, running tree and version of what makes bundles. */
function entryName(jobFile: string): string {
  const about = [
    FORMAT,
    jobFile,
    import.meta.url,
    process.versions.node,
    digestOfFile(join(runningRoot(), 'package.json')),
  ];
  return `${digest(JSON.stringify(about)).slice(0, NAME_DIGITS)}.json`;
}

function digest(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function digestOfFile(path: string): string | null {
  try {
    return digest(readFileSync(path));
  } catch {
    return null;
  }
}

/** job-cache/private; null: there is no folder to trust. */
function cacheFolder(): string | null {
  const user = process.getuid?.() ?? 'user';
  const base = process.env['XDG_CACHE_HOME'];
  const folder = base?.startsWith('/') ? join(base, 'sluice') : join(tmpdir(), `sluice-${user}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    const isOurs = process.getuid === undefined || (found.uid === user && (found.mode & 0o022) === 0);
    return found.isDirectory() && isOurs ? folder : null;
  } catch {
    return null;
  }
}

/** job-cache/whole */
function writeWhole(folder: string, name: string, content: string): void {
  const temporary = join(folder, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o600 });
    renameSync(temporary, join(folder, name));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function touch(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}

function prune(folder: string): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? [{ path, usedMs: found.mtimeMs }] : [];
  });
  const isLeftover = (file: { path: string; usedMs: number }) =>
    file.path.endsWith('.tmp') && Date.now() - file.usedMs > LEFTOVER_AGE_MS;
  files.sort((a, b) => b.usedMs - a.usedMs);
  const surplus = files.length > FILES_MAX ? files.slice(FILES_MAX / 2) : [];
  for (const { path } of [...files.filter(isLeftover), ...surplus]) rmSync(path, { force: true });
}

function dataUrl(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}
