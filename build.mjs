/**
 * Builds the package: `node build.mjs [--test] [--bench] [--docs]`.
 *
 *   dist/release/   engine and workers with assertions removed: what users run and benches measure
 *   dist/checked/   the same with assertions kept: what tests run
 *   dist/types/     declarations; made by a plain build only, since neither tests nor benches read them
 *   docs/           pages generated from tables, with --docs
 *
 * esbuild transpiles file by file into the same tree, so a class exists once per thread, `import.meta.url`
 * finds the worker entries, and stack traces name real files. Only files that changed are built again. Outputs
 * appear by a rename, so builds and the programs they build for may run side by side.
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
import { formatMessages, stop, transform } from 'esbuild';

const script = fileURLToPath(import.meta.url);
const root = dirname(script);
const dist = join(root, 'dist');
const staging = join(dist, `.build-${process.pid}`);
const flags = new Set(process.argv.slice(2));
const wants = (flag) => flags.has(flag);

/** Folders of each tree; tests exist only checked, and benches as released, or checked where a test runs them. */
const TREES = {
  release: { checked: false, folders: ['engine', 'workers', ...(wants('--bench') ? ['bench'] : [])] },
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
    if (!outputs.has(path.replace(/\.map$/, ''))) rmSync(path, { force: true });
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
    loader: 'ts',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcefile: relative(dirname(output), source),
    sourcemap: 'external',
    sourcesContent: false,
    minifySyntax: !checked,
    define: { CHECKED: String(checked) },
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
    logLevel: 'silent',
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

/** Declarations are made again when any source of the engine came, went or changed. */
function declare() {
  const hash = createHash('sha256').update(String(scriptMs));
  for (const source of sourcesIn('engine').sort()) hash.update(`${source}\0`).update(readFileSync(source));
  const key = hash.digest('hex');
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
  let built = 0;
  for (const [tree, { checked, folders }] of Object.entries(TREES)) {
    for (const folder of folders) {
      const results = await Promise.all(sourcesIn(folder).map((source) => transpile(tree, checked, source)));
      removeOrphans(tree, folder, new Set(results.map(({ output }) => output)));
      for (const result of results) built += result.built;
    }
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
