import { readFileSync } from 'node:fs';
import { type SourceMap, type SourceMapPayload, SourceMap as SourceMapReader } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A place in a file that a person wrote. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Script {
  readonly path: string;
  readonly map: SourceMap | null;
  readonly lines: readonly string[];
  /** The engine's modules within it: from which line on, and the path of the source. */
  readonly modules: readonly (readonly [line: number, path: string])[];
}

/**
 * Where code that runs was written: leads from scripts as V8 names them back to the files of the user, by the source
 * maps in or beside them. Scripts are read once.
 *
 * Runs in: the main thread.
 */
export class SourcePlaces {
  readonly #scripts = new Map<string, Script | null>();

  /**
   * @param url     of a script, as V8 has it
   * @param line    0 and up, as V8 counts
   * @param column  0 and up
   * @returns       null for what is in no file
   */
  placeOf(url: string, line: number, column: number): Place | null {
    const script = this.#script(url);
    if (script === null) return null;
    const entry = script.map?.findEntry(line, column);
    if (entry !== undefined && 'originalSource' in entry) {
      const file = pathOf(new URL(entry.originalSource, url).href);
      if (file !== null) return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
    }
    return { file: script.path, line: line + 1, column: column + 1 };
  }

  /** The place of the first thing on a line of a script. */
  lineOf(url: string, line: number): Place | null {
    const script = this.#script(url);
    // Before the first thing of a line a map knows only the line above.
    for (let column = 0; column < LEADING_COLUMNS_MAX && script?.map; column++) {
      const entry = script.map.findEntry(line, column);
      if ('generatedLine' in entry && entry.generatedLine === line) return this.placeOf(url, line, column);
    }
    return this.placeOf(url, line, 0);
  }

  /**
   * The module of the engine that a line of its own files is of, such as `exchange/input-gate`.
   *
   * @param line  0 and up
   */
  engineModule(url: string, line: number): string | null {
    const script = this.#script(url);
    const path = script?.path.replaceAll('\\', '/') ?? '';
    if (!path.startsWith(OWN_FOLDER)) return null;
    const joined = script?.modules.findLast(([from]) => from <= line)?.[1];
    const own = joined ?? path.slice(OWN_FOLDER.length);
    return own.replace(/^engine\//, '').replace(/\.\w+$/, '');
  }

  /** @param line  1 and up */
  textOf(url: string, line: number): string {
    return this.#script(url)?.lines[line - 1] ?? '';
  }

  #script(url: string): Script | null {
    let script = this.#scripts.get(url);
    if (script === undefined) {
      script = readScript(url);
      this.#scripts.set(url, script);
    }
    return script;
  }
}

const LEADING_COLUMNS_MAX = 40;

/** The tree that runs: the engine and its workers. */
const OWN_FOLDER = ((here: string) => here.slice(0, here.lastIndexOf('/engine/') + 1))(
  fileURLToPath(import.meta.url).replaceAll('\\', '/'),
);

function readScript(url: string): Script | null {
  const path = pathOf(url);
  if (path === null) return null;
  try {
    const text = readFileSync(path, 'utf8');
    const lines = text.split('\n');
    return { path, map: mapOf(text, url), lines, modules: modulesOf(lines) };
  } catch {
    return { path, map: null, lines: [], modules: [] }; // a file is gone or damaged; the place in the script is still true
  }
}

function pathOf(url: string): string | null {
  if (url.startsWith('/') || /^[a-z]:[\\/]/i.test(url)) return url; // CommonJS
  if (!url.startsWith('file:')) return null;
  return fileURLToPath(url.replace(/[?#].*$/, ''));
}

/** The map that the last such comment of a script holds or names. */
function mapOf(text: string, url: string): SourceMap | null {
  const at = text.lastIndexOf('//# sourceMappingURL=');
  if (at === -1) return null;
  const named = /^\/\/# sourceMappingURL=(\S+)/.exec(text.slice(at))![1]!;
  const inline = /^data:application\/json[^,]*;base64,(.*)$/.exec(named)?.[1];
  const json =
    inline === undefined
      ? readFileSync(fileURLToPath(new URL(named, url)), 'utf8')
      : Buffer.from(inline, 'base64').toString();
  return new SourceMapReader(JSON.parse(json) as SourceMapPayload);
}

/** In joined files a comment stands above each module: `// engine/exchange/input-gate.ts`. */
function modulesOf(lines: readonly string[]): Script['modules'] {
  return lines.flatMap((line, i) => {
    const path = /^\/\/ (engine\/[\w/-]+\.ts)$/.exec(line)?.[1];
    return path === undefined ? [] : [[i, path] as const];
  });
}
