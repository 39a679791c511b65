import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { SluiceError } from '../../base/errors.js';
import type { OptionLayer } from '../../base/option-catalogue.js';

/**
 * Reads a configuration file: JSON, or YAML as Flink writes it, flat (`a.b.c: v`), nested, or mixed.
 *
 * @throws SluiceError CONFIG_UNREADABLE  missing, or not JSON or YAML; with the line where known
 */
export async function readConfigFile(path: string): Promise<OptionLayer> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(path, reasonOf(error), error);
  }
  const tree = extname(path).toLowerCase() === '.json' ? parseJson(path, text) : await parseYaml(path, text);
  if (tree === null || tree === undefined) return { origin: path, values: {} };
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    throw unreadable(path, 'it is a map of options to values at its top level');
  }
  const values: Record<string, unknown> = {};
  flatten(path, tree as Record<string, unknown>, '', values);
  return { origin: path, values };
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(path, (error as Error).message, error);
  }
}

async function parseYaml(path: string, text: string): Promise<unknown> {
  const { LineCounter, parse, YAMLParseError } = await import('yaml');
  const lineCounter = new LineCounter();
  try {
    // Not pretty: the place goes to the front, as in other messages, and an excerpt says it a second time.
    return parse(text, { prettyErrors: false, logLevel: 'error', lineCounter });
  } catch (error) {
    const lines = basename(path) === FLINK_1_NAME ? legacyLines(text) : null;
    if (lines !== null) return lines;
    if (!(error instanceof YAMLParseError)) throw unreadable(path, (error as Error).message, error);
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw unreadable(path, error.message, error, `:${line}:${col}`);
  }
}

const FLINK_1_NAME = 'flink-conf.yaml';

/** Flink 1's own format looks like YAML but takes everything after the first ": " as it is. Null: it is not that. */
function legacyLines(text: string): Record<string, string> | null {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const content = line.replace(/(^|\s)#.*$/, '').trim();
    if (content === '') continue;
    const match = /^([\w.-]+):\s+(\S.*)$/.exec(content);
    if (match === null || line.startsWith(' ')) return null;
    values[match[1]!] = match[2]!;
  }
  return values;
}

function flatten(
  path: string,
  tree: Record<string, unknown>,
  prefix: string,
  into: Record<string, unknown>,
): void {
  for (const [name, value] of Object.entries(tree)) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      flatten(path, value as Record<string, unknown>, key, into);
      continue;
    }
    if (Object.hasOwn(into, key)) throw unreadable(path, `the option ${key} is given twice`);
    into[key] = Array.isArray(value) ? value.join(';') : value;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return message;
}

/** @param at  line and column where known, as they follow a path */
function unreadable(path: string, reason: string, cause?: unknown, at = ''): SluiceError {
  return new SluiceError('CONFIG_UNREADABLE', `${path}${at}: ${reason}`, { detail: { path }, cause });
}
