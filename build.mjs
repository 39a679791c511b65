/**
 * Builds the package: `node build.mjs [--test] [--bench] [--docs]`.
 *
 *   dist/release/   engine and workers with assertions removed: what users run and benches measure
 *   dist/checked/   the same with assertions kept: what tests run
 *   dist/types/     declarations; made by a plain build only, since neither tests nor benches read them
 *   docs/           pages generated from tables, with --docs
 *
 * Sources are transpiled file by file into the same tree, and only those that changed. The engine of the release is
 * joined into its entries and the chunks they share instead, because every thread loads it: see
 * docs/decisions/011-release-entries.md. Either way a class exists once per thread, `import.meta.url` finds the
 * worker entries, and stack traces name functions. Bench programs that measure parts of the engine, in `bench/inside`,
 * are joined with those in the release, which has the parts in no files of their own. Outputs appear by a rename, so
 * builds and the programs they build for may run side by side.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, formatMessages, stop, transform } from 'esbuild';

const script = fileURLToPath(import.meta.url);
const root = dirname(script);
const dist = join(root, 'dist');
const staging = join(dist, `.build-${process.pid}`);
const flags = new Set(process.argv.slice(2));
const wants = (flag) => flags.has(flag);

/** What users, threads and the command line load; everything else in the release is in chunks. */
const ENTRIES = [
  'engine/index.ts',
  'engine/connectors/index.ts',
  'engine/testing/index.ts',
  'engine/cli/main.ts',
  'engine/cli/command-line.ts',
  'engine/cli/demo-job.ts',
  'workers/task.ts',
];

const INSIDE = join(root, 'bench', 'inside');

/** Folders of each tree that are built file by file; tests exist only checked, benches released, or checked for tests. */
const TREES = {
  release: { checked: false, folders: wants('--bench') ? ['bench'] : [] },
  checked: { checked: true, folders: ['engine', 'workers', ...(wants('--test') ? ['test', 'bench'] : [])] },
};

const modifiedMs = (path) => Math.round(statSync(path).mtimeMs);
const scriptMs = modifiedMs(script);

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function sourcesIn(folder) {
  return filesIn(join(root, folder)).filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
}

/** Writes a file that nobody ever sees half done. */
function publish(path, text, timeMs) {
  const draft = join(staging, `${createHash('sha256').update(path).digest('hex')}`);
  mkdirSync(staging, { recursive: true });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(draft, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  if (timeMs !== undefined) utimesSync(draft, new Date(timeMs), new Date(timeMs));
  renameSync(draft, path);
}

/** Removes outputs whose source is gone, so that a deleted test cannot keep passing. */
function removeOrphans(tree, folder, outputs) {
  for (const path of filesIn(join(dist, tree, folder))) {
    if (!outputs.has(path.replace(/\.map$/, '')) && !path.endsWith('.cjs')) rmSync(path, { force: true });
  }
}

/**
 * An output carries the time of its source as it was read, so that an edit during a build is not missed and a
 * checkout of an older file is noticed.
 */
async function transpile(tree, checked, source) {
  const path = relative(root, source);
  const output = join(dist, tree, path.replace(/\.ts$/, '.js'));
  const timeMs = Math.max(modifiedMs(source), scriptMs);
  if (existsSync(output) && modifiedMs(output) === timeMs) return { output, built: 0 };
  const { code, map } = await transform(readFileSync(source, 'utf8'), {
    ...settingsOf(checked),
    loader: 'ts',
    sourcefile: relative(dirname(output), source),
    sourcemap: 'external',
  }).catch(async (error) => {
    if (error.errors === undefined) throw error;
    // An unreadable source must not leave an older output that still runs.
    rmSync(output, { force: true });
    const located = error.errors.map((each) => ({ ...each, location: { ...each.location, file: path } }));
    process.stderr.write((await formatMessages(located, { kind: 'error', color: false })).join(''));
    process.exitCode = 1;
    return {};
  });
  if (code === undefined) return { output, built: 0 };
  const name = output.slice(dirname(output).length + 1);
  publish(`${output}.map`, map);
  publish(output, `${code}//# sourceMappingURL=${name}.map\n`, timeMs);
  return { output, built: 1 };
}

/** Settings of a transpiled and of a joined file alike. */
const settingsOf = (checked) => ({
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcesContent: false,
  minifySyntax: !checked,
  define: { CHECKED: String(checked) },
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
  logLevel: 'silent',
});

/** Changes when any source of these folders, or this script, came, went or changed. */
function keyOf(folders) {
  const hash = createHash('sha256').update(String(scriptMs));
  for (const folder of folders) {
    for (const source of sourcesIn(folder).sort()) hash.update(`${source}\0`).update(readFileSync(source));
  }
  return hash.digest('hex');
}

/** The engine of the release: entries at the places of their sources, and chunks one folder below `engine`. */
async function joinRelease() {
  const tree = join(dist, 'release');
  const stamp = join(tree, '.stamp');
  const key = keyOf(['engine', 'workers']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return 0;
  const result = await build({
    ...settingsOf(false),
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: tree,
    outbase: '.',
    bundle: true,
    splitting: true,
    packages: 'external',
    chunkNames: 'engine/chunks/[name]-[hash]',
    write: false,
  }).catch(async (error) => {
    process.stderr.write((await formatMessages(error.errors, { kind: 'error', color: false })).join(''));
    process.exitCode = 1;
    return { outputFiles: [] };
  });
  for (const { path, text } of result.outputFiles) publish(path, text);
  const kept = new Set(result.outputFiles.map(({ path }) => path));
  if (kept.size > 0) publish(stamp, key);
  for (const folder of ['engine', 'workers']) removeOrphans('release', folder, kept);
  return kept.size;
}

/** Programs that measure parts of the engine: each becomes one file with what it imports. @returns their outputs */
async function joinInside() {
  const { outputFiles } = await build({
    ...settingsOf(false),
    absWorkingDir: root,
    entryPoints: filesIn(INSIDE),
    outdir: join(dist, 'release'),
    outbase: '.',
    bundle: true,
    packages: 'external',
    write: false,
  });
  for (const { path, text } of outputFiles) publish(path, text);
  return outputFiles.map(({ path }) => path);
}

/** Declarations are made again when any source of the engine came, went or changed. */
function declare() {
  const key = keyOf(['engine']);
  const types = join(dist, 'types');
  const stamp = join(types, '.stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
  const drafts = join(staging, 'types');
  mkdirSync(drafts, { recursive: true });
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const argv = [compiler, '-p', 'tsconfig.types.json', '--outDir', drafts];
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  writeFileSync(join(drafts, '.stamp'), key);
  replaceFolder(types, drafts, join(staging, 'types-before'));
}

/** Where two builds do this at once either result is right, so the loser gives way. */
function replaceFolder(path, draft, former) {
  try {
    if (existsSync(path)) renameSync(path, former);
    renameSync(draft, path);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY') throw error;
  }
}

/** A build that was killed leaves its staging folder; its name tells whether it still runs. */
function removeStaging() {
  for (const name of existsSync(dist) ? readdirSync(dist) : []) {
    const pid = Number(/^\.build-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && (pid === process.pid || !isAlive(pid)))
      rmSync(join(dist, name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function main() {
  let built = await joinRelease();
  for (const [tree, { checked, folders }] of Object.entries(TREES)) {
    for (const folder of folders) {
      const joined = checked ? [] : await joinInside();
      const sources = sourcesIn(folder).filter((source) => checked || !source.startsWith(INSIDE));
      const results = await Promise.all(sources.map((source) => transpile(tree, checked, source)));
      removeOrphans(tree, folder, new Set([...joined, ...results.map(({ output }) => output)]));
      for (const result of results) built += result.built;
    }
  }
  for (const tree of Object.keys(TREES)) {
    publish(
      join(dist, tree, 'workers', 'start.cjs'),
      readFileSync(join(root, 'workers', 'start.cjs'), 'utf8'),
    );
  }
  await stop();
  if (flags.size === 0 && !process.exitCode) declare();
  if (wants('--docs')) {
    const { generatedPages } = await import('./docs/generate.mjs');
    for (const { path, text } of await generatedPages()) publish(join(root, path), text);
  }
  if (built > 0) process.stderr.write(`built ${built} files\n`);
}

try {
  await main();
} finally {
  removeStaging();
}
