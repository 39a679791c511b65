/**
 * The sources of the project as text, for tests that check how it is written. The text is formatted by the project's
 * formatter, which is what lets lines and simple patterns stand in for a parser.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SourceFile {
  /** From the root of the repository: `engine/memory/ring.ts`. */
  readonly path: string;
  readonly lines: readonly string[];
  readonly text: string;
  /** The same lines without comments. */
  readonly code: string;
  /** The same lines, comments only. */
  readonly comments: readonly string[];
  /** Module specifiers of every import and re-export, types included. */
  readonly imports: readonly string[];
}

/** Where the repository lies, seen from dist/checked/test/kit/. */
export const repositoryRoot = fileURLToPath(new URL('../../../../', import.meta.url));

/** All TypeScript sources under the given top-level folders, by path. */
export function readSources(...folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => readdirSync(join(repositoryRoot, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name))
    .map((entry) => relative(repositoryRoot, join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
    .map((path) => sourceFile(path, readFileSync(join(repositoryRoot, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const lines = text.split('\n');
  const split = lines.map(splitComment);
  const code = split.map(([code]) => code).join('\n');
  return { path, lines, text, code, comments: split.map(([, comment]) => comment), imports: importsOf(code) };
}

/** A comment is a line of its own, or begins with `//` or `/*` after a blank. */
function splitComment(line: string): [code: string, comment: string] {
  if (/^\s*(\/\/|\/\*|\*)/.test(line)) return ['', line];
  const at = /\s(\/\/|\/\*)\s/.exec(line)?.index;
  return at === undefined ? [line, ''] : [line.slice(0, at), line.slice(at)];
}

const IMPORTS = [
  /^(?:import|export)\b[^'";]*?\bfrom\s+'([^']+)'/gm,
  /^import\s+'([^']+)'/gm,
  /\bimport\(\s*'([^']+)'/g,
  /\brequire(?:\.resolve)?\(\s*'([^']+)'/g,
];

function importsOf(code: string): string[] {
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1]!));
}

/** `@scope/name` or `name` of a bare specifier; undefined for relative and built-in modules. */
export function packageOf(specifier: string): string | undefined {
  if (/^(\.|node:|#)/.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
