import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { SluiceError } from '../base/errors.js';
import { canonicalPath, nearestExisting } from './canonical-path.js';

/**
 * Where a file sink writes before its output becomes visible: a hidden folder beside the output, hence on the same
 * file system, so that one rename makes the output visible.
 *
 * Its name tells whose it is: `.<output>.sluice-<host>-<pid>-<run>`. A folder whose process is gone was left by a run
 * that was killed. The host is part of it because a process id means nothing on another machine or in another
 * container that shares the disk.
 */
export class OutputPlace {
  /** As the user wrote it, for messages. */
  readonly given: string;
  /** The path ended in a slash: the output is a folder of parts. */
  readonly isFolder: boolean;
  readonly createFolder: boolean;

  constructor(given: string, createFolder: boolean) {
    this.given = given;
    this.isFolder = given.endsWith('/') || given.endsWith(sep);
    this.createFolder = createFolder;
  }

  /** Absolute, and through a symbolic link to what it names, so that a rename does not replace the link. */
  get target(): string {
    return canonicalPath(this.given);
  }

  staging(runId: string): string {
    const { target } = this;
    return join(dirname(target), `${prefixOf(target)}${process.pid}-${runId}`);
  }

  /** Where an output folder waits while another takes its place. */
  former(runId: string): string {
    return `${this.staging(runId)}${FORMER}`;
  }

  /** Several subtasks make the same folder, and perhaps the missing ones above it. */
  makeStaging(runId: string): void {
    const staging = this.staging(runId);
    if (this.createFolder) mkdirSync(dirname(staging), { recursive: true });
    try {
      mkdirSync(staging);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }

  /** @throws SluiceError OUTPUT_FOLDER_MISSING, OUTPUT_UNWRITABLE */
  check(): void {
    const { target } = this;
    const parent = dirname(target);
    const existing = nearestExisting(parent);
    if (existing !== parent && !this.createFolder) {
      const what = `the folder ${parent} of the output ${this.given} does not exist; create it, or let the sink do so with { createFolder: true }`;
      throw new SluiceError('OUTPUT_FOLDER_MISSING', what, { detail: { path: this.given, folder: parent } });
    }
    if (!statSync(existing).isDirectory()) throw this.#unwritable(`${existing} is not a folder`);
    this.#checkTarget(target);
    if (existing === parent) removeLeftovers(target);
    this.#probe(existing, target);
  }

  #checkTarget(target: string): void {
    const stats = statSync(target, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (this.isFolder) {
      if (!stats.isDirectory()) throw this.#unwritable('it is a file, and the path ends in a slash');
      const foreign = foreignIn(target);
      if (foreign !== null)
        throw this.#unwritable(`the folder holds ${foreign}, which is not part of an earlier output`);
    } else {
      if (stats.isDirectory())
        throw this.#unwritable('it is a folder; end the path in a slash to write parts into it');
      if (!stats.isFile()) throw this.#unwritable('it is neither a file nor a folder');
      try {
        accessSync(target, constants.W_OK);
      } catch (error) {
        throw this.#unwritable('the file is read-only', error);
      }
    }
  }

  /** Only an attempt tells: permissions, read-only file systems and special ones all answer differently. */
  #probe(folder: string, target: string): void {
    const probe = join(folder, `${prefixOf(target)}${process.pid}-probe`);
    try {
      mkdirSync(probe);
      rmdirSync(probe);
    } catch (error) {
      throw this.#unwritable(`nothing can be created in ${folder} (${codeOf(error)})`, error);
    }
  }

  #unwritable(why: string, cause?: unknown): SluiceError {
    return new SluiceError('OUTPUT_UNWRITABLE', `the output ${this.given} cannot be written: ${why}`, {
      detail: { path: this.given },
      ...(cause !== undefined && { cause }),
    });
  }
}

/** Ends the name of an output folder that was moved away to be replaced. */
const FORMER = '-former';

/** Names of the files in a folder of parts, and of the folders that partition them. */
const PART_NAME = /^part-\d{5}\.[a-z]+$/;
const PARTITION_NAME = /^[^=]+=/;

/** Something in a folder, or in those that partition it, which is not part of an output; null: there is nothing. */
export function foreignIn(folder: string): string | null {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const { name } = entry;
    const isPartition = entry.isDirectory() && PARTITION_NAME.test(name);
    if (!isPartition && !(entry.isFile() && PART_NAME.test(name))) return name;
    const inside = isPartition ? foreignIn(join(folder, name)) : null;
    if (inside !== null) return join(name, inside);
  }
  return null;
}

export const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? (error as Error).message;

export function writeFailed(path: string, error: unknown): SluiceError {
  return new SluiceError('OUTPUT_WRITE_FAILED', `writing ${path} failed: ${explain(codeOf(error))}`, {
    detail: { path, code: codeOf(error) },
    cause: error,
  });
}

function explain(code: string): string {
  if (code === 'ENOSPC') return 'the disk is full (ENOSPC)';
  if (code === 'EDQUOT') return 'the disk quota is used up (EDQUOT)';
  return code;
}

const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

const prefixOf = (target: string): string => `.${basename(target)}.sluice-${HOST}-`;

/** Removes what killed runs on this host left of this output. */
function removeLeftovers(target: string): void {
  const prefix = prefixOf(target);
  const folder = dirname(target);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    const path = join(folder, name);
    if (!isAbandoned(path, pid)) continue;
    // Killed between its two renames: the output that it moved away is still the last whole one.
    if (name.endsWith(FORMER) && !existsSync(target)) renameSync(path, target);
    else rmSync(path, { recursive: true, force: true });
  }
}

/** A folder under our own process id is from another process of that id if it is older than we are. */
function isAbandoned(path: string, pid: number): boolean {
  if (!Number.isSafeInteger(pid)) return false;
  if (pid === process.pid) {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && stats.ctimeMs < Date.now() - process.uptime() * 1_000;
  }
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}
