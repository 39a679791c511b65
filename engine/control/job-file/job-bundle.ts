import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type {
  BuildFailure,
  Loader,
  Message,
  OnResolveArgs,
  OnResolveResult,
  Plugin,
  PluginBuild,
} from 'esbuild';
import { SluiceError } from '../../base/errors.js';
import { shownPath } from '../../base/user-frame.js';
import { assertOneCopy, isOwnSpecifier, runningEntry } from '../package-copy.js';

/**
 * Makes one JavaScript module of a job file and the local files it imports.
 *
 *   bundle/local-in        The user's own files are in the bundle; TypeScript is stripped, JSON is data.
 *   bundle/packages-out    Packages stay where they are, imported by the file that Node would have found from the
 *                          importing file; so the bundle can lie in any folder. Plain CommonJS files stay out too.
 *   bundle/own-copy        The package's own name is the running tree's file.
 *   bundle/meta            `import.meta` has the url, filename, dirname and resolve of the original file.
 *   bundle/source-map      Positions lead back to the original files by absolute URL.
 *
 * Runs in: the main thread.
 */

export interface Bundle {
  readonly code: string;
  /** Contents of every file in it, by absolute path. */
  readonly files: ReadonlyMap<string, string>;
  /** Files outside it that were resolved while it was made. */
  readonly resolved: ReadonlySet<string>;
  /** Folders of the files that import the package itself. */
  readonly ownImporters: ReadonlySet<string>;
  /** False when the set of files depends on what lies in a folder. */
  readonly isRepeatable: boolean;
}

/**
 * @param entry  absolute path of the job file
 * @throws SluiceError JOB_MODULE_SYNTAX  with file, line, column and the line itself
 * @throws SluiceError JOB_MODULE_FAILED  an import leads nowhere
 * @throws SluiceError ENGINE_DUPLICATE   a file sees another copy of the package
 * Cost: starting esbuild, tens of milliseconds.
 */
export async function bundleJob(entry: string): Promise<Bundle> {
  const made = {
    files: new Map<string, string>(),
    resolved: new Set<string>(),
    ownImporters: new Set<string>(),
  };
  const esbuild = ownEsbuild();
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      outfile: `${entry}.bundle.mjs`, // never written: a base for the paths in the source map
      format: 'esm',
      platform: 'node',
      target: `node${process.versions.node}`,
      // Conditions as Node's, without those that bundlers add.
      conditions: process.features.require_module ? ['module-sync'] : [],
      mainFields: ['main'],
      define: { 'import.meta': META_NAME },
      sourcemap: 'external',
      sourcesContent: false,
      ignoreAnnotations: true,
      logLevel: 'silent',
      plugins: [jobPlugin(made)],
    });
    const [map, script] = outputFiles!.map((file) => file.text);
    const isRepeatable = ![...made.files.values()].some((text) => IMPORT_OF_PATTERN.test(text));
    return { code: withSourceMap(withRequire(script!, entry), map!, entry), ...made, isRepeatable };
  } catch (error) {
    throw asJobError(error, entry);
  } finally {
    await esbuild.stop();
  }
}

/** The name that stands for `import.meta` in each file; esbuild renames it where files would collide. */
const META_NAME = '__sluice_meta';
const META_PREFIX = 'sluice-meta:';
const META_SPACE = 'sluice-meta';

/** A dynamic import of a pattern (`./plugins/${name}.js`) takes in whatever matches. */
const IMPORT_OF_PATTERN = /\bimport\s*\(\s*(`[^`]*\$\{|['"][^'"]*['"]\s*\+)/;

/**
 * An instance of esbuild that nobody else in this process has: stopping it ends its service without hurting builds of
 * the application's own.
 */
function ownEsbuild(): typeof import('esbuild') {
  const require = createRequire(import.meta.url);
  const path = require.resolve('esbuild');
  const theirs = require.cache[path];
  delete require.cache[path];
  try {
    return require(path);
  } finally {
    if (theirs === undefined) delete require.cache[path];
    else require.cache[path] = theirs;
  }
}

// biome-ignore format: a table
const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts', '.mts': 'ts', '.cts': 'ts', '.tsx': 'tsx',
  '.js': 'js', '.mjs': 'js', '.cjs': 'js', '.jsx': 'jsx', '.json': 'json',
};

interface Made {
  readonly files: Map<string, string>;
  readonly resolved: Set<string>;
  readonly ownImporters: Set<string>;
}

/** Marks our own question to esbuild's resolver, so that it is not asked back. */
const ASKED = Symbol('asked');

function jobPlugin(made: Made): Plugin {
  return {
    name: 'sluice-job',
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => resolveImport(build, made, args));
      build.onLoad({ filter: /.*/, namespace: META_SPACE }, async ({ path }) => ({
        contents: metaModule(path, await resolvedByName(build, made, path)),
        loader: 'js',
      }));
      build.onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) => {
        const loader = LOADERS[extname(path).toLowerCase()];
        if (loader === undefined) return null;
        const text = readFileSync(path, 'utf8');
        made.files.set(path, text);
        if (loader === 'json' || !text.includes('import.meta')) return { contents: text, loader };
        // bundle/meta: the import comes last so that no position moves, and takes effect first because imports do.
        const meta = `import { meta as ${META_NAME} } from ${JSON.stringify(META_PREFIX + path)};`;
        return { contents: `${text}\n${meta}`, loader };
      });
    },
  };
}

async function resolveImport(
  build: PluginBuild,
  made: Made,
  args: OnResolveArgs,
): Promise<OnResolveResult | null> {
  const { kind, path: specifier, resolveDir } = args;
  if (args.pluginData === ASKED || kind === 'entry-point') return null;
  if (specifier.startsWith(META_PREFIX))
    return { path: specifier.slice(META_PREFIX.length), namespace: META_SPACE };
  if (isBuiltin(specifier)) return { path: specifier, external: true };
  if (/^(data|https?):/.test(specifier)) return null;
  const isRequire = kind === 'require-call' || kind === 'require-resolve';
  const outside = (path: string) => ({ path: isRequire ? path : pathToFileURL(path).href, external: true });
  if (isOwnSpecifier(specifier)) {
    // bundle/own-copy
    assertOneCopy(resolveDir);
    made.ownImporters.add(resolveDir);
    const own = runningEntry(specifier);
    return own === null ? { errors: [{ text: `Could not resolve "${specifier}"` }] } : outside(own);
  }
  const asked = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier;
  const found = await build.resolve(asked, { kind, importer: args.importer, resolveDir, pluginData: ASKED });
  if (found.errors.length > 0) {
    // An optional import may fail, when it runs and where it can be caught.
    if (kind === 'dynamic-import' || isRequire) return { path: specifier, external: true };
    return { errors: [{ text: `Could not resolve "${specifier}"` }] };
  }
  if (found.external || found.namespace !== 'file')
    return { path: found.path, external: found.external, namespace: found.namespace };
  if (!isBundled(specifier, found.path)) {
    made.resolved.add(found.path); // bundle/packages-out
    return outside(found.path);
  }
  return { path: found.path };
}

/** bundle/local-in: TypeScript and JSON must be; JavaScript is when it is the user's own and a module. */
function isBundled(specifier: string, path: string): boolean {
  const loader = LOADERS[extname(path).toLowerCase()];
  if (loader === undefined) return false;
  if (loader !== 'js') return true;
  const isLocal =
    /^(\.{0,2}\/|\.\.?$|file:|#|[a-z]:[\\/])/i.test(specifier) && !/[\\/]node_modules[\\/]/.test(path);
  return isLocal && !isPlainCommonJs(path);
}

function isPlainCommonJs(path: string): boolean {
  if (path.endsWith('.cjs')) return true;
  if (path.endsWith('.mjs')) return false;
  const text = readFileSync(path, 'utf8');
  return (
    /\bmodule\.exports\b|\bexports\.\w+\s*=|\brequire\(/.test(text) && !/^\s*(import\b|export\b)/m.test(text)
  );
}

/**
 * What `import.meta.resolve('name')` gives for the packages a file names, found as an import of it would be: Node's own
 * function for that knows only the file it is called in, and `require.resolve` looks at other entries of a package.
 */
async function resolvedByName(build: PluginBuild, made: Made, path: string): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  for (const [, , name] of made.files.get(path)!.matchAll(META_RESOLVE_OF_NAME)) {
    if (isBuiltin(name!)) continue;
    const own = isOwnSpecifier(name!) ? runningEntry(name!) : null;
    const question = { kind: 'import-statement', resolveDir: dirname(path), pluginData: ASKED } as const;
    const found = own ?? (await build.resolve(name!, question)).path;
    if (found === '') continue;
    if (own === null) made.resolved.add(found);
    urls[name!] = pathToFileURL(found).href;
  }
  return urls;
}

const META_RESOLVE_OF_NAME = /\bimport\.meta\.resolve\(\s*(['"`])([@\w][^'"`$:]*)\1/g;

function metaModule(path: string, resolvedUrls: Record<string, string>): string {
  const url = pathToFileURL(path).href;
  const text = JSON.stringify;
  return `import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
const known = new Map(Object.entries(${text(resolvedUrls)}));
const resolve = (specifier) => {
  if (known.has(specifier)) return known.get(specifier);
  if (/^(\\.{0,2}\\/|[a-z][a-z0-9+.-]*:)/i.test(specifier)) return new URL(specifier, ${text(url)}).href;
  const found = createRequire(${text(url)}).resolve(specifier);
  return found.startsWith('/') ? pathToFileURL(found).href : found;
};
export const meta = { dirname: ${text(dirname(path))}, filename: ${text(path)}, resolve, url: ${text(url)} };
`;
}

/** CommonJS in TypeScript files calls `require`, which a module does not have; esbuild's helper looks for it. */
function withRequire(script: string, entry: string): string {
  const helper = script.indexOf('var __require = ');
  if (helper === -1) return script;
  const own =
    `import { createRequire as __sluice_createRequire } from "node:module"; ` +
    `const require = __sluice_createRequire(${JSON.stringify(pathToFileURL(entry).href)}); `;
  return script.slice(0, helper) + own + script.slice(helper);
}

/** bundle/source-map: the sources by absolute URL, the map inside the file. */
function withSourceMap(script: string, mapText: string, entry: string): string {
  const map = JSON.parse(mapText) as { sources: string[] };
  map.sources = map.sources.map((source) =>
    source.startsWith(`${META_SPACE}:`) ? source : pathToFileURL(resolve(dirname(entry), source)).href,
  );
  const inline = Buffer.from(JSON.stringify(map)).toString('base64');
  return `${script}//# sourceMappingURL=data:application/json;base64,${inline}\n`;
}

function asJobError(error: unknown, entry: string): unknown {
  const messages = (error as Partial<BuildFailure>).errors;
  if (!Array.isArray(messages) || messages.length === 0) return error;
  // What the plugin threw (another copy of the package) comes back as it was.
  const thrown = messages
    .map((message: Message) => message.detail)
    .find((detail) => detail instanceof SluiceError);
  if (thrown !== undefined) return thrown;
  const first = messages[0] as Message;
  const place = placeOf(first, entry);
  const unresolved = /^Could not resolve "(.*)"/.exec(first.text)?.[1];
  const more = messages.length > 1 ? `\n(and ${messages.length - 1} more)` : '';
  const excerpt = excerptOf(first);
  if (unresolved !== undefined) {
    const isPackage = !/^[./]|^file:|^#/.test(unresolved);
    const what = isPackage
      ? `imports the package '${unresolved}', which cannot be found from there; install it`
      : `imports '${unresolved}', and there is no such file`;
    return new SluiceError('JOB_MODULE_FAILED', `${place} ${what}${excerpt}`, {
      detail: { import: unresolved },
    });
  }
  const isSyntax = !/^No matching export|^No loader is configured/.test(first.text);
  return new SluiceError(
    isSyntax ? 'JOB_MODULE_SYNTAX' : 'JOB_MODULE_FAILED',
    `${place}: ${first.text}${excerpt}${more}`,
    {
      detail: first.location === null ? {} : { line: first.location.line, column: first.location.column + 1 },
    },
  );
}

function placeOf({ location }: Message, entry: string): string {
  if (location === null) return shownPath(entry);
  return `${location.file}:${location.line}:${location.column + 1}`;
}

function excerptOf({ location }: Message): string {
  if (location === null || location.lineText.length > EXCERPT_COLUMNS_MAX) return '';
  const gutter = `  ${location.line} | `;
  return `\n${gutter}${location.lineText}\n${' '.repeat(gutter.length + location.column)}^`;
}

/** Longer lines were not written by a person. */
const EXCERPT_COLUMNS_MAX = 200;
