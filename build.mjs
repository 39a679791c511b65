/**
 * Builds the package: `node build.mjs [--test] [--bench] [--docs]`.
 *
 *   dist/release/   engine and workers with assertions removed: what users run and benches measure
 *   dist/checked/   the same with assertions kept: what tests run
 *   dist/types/     declarations
 *
 * esbuild transpiles file by file into the same tree, so a class exists once per thread, `import.meta.url`
 * finds the worker entries, and stack traces name real files. Only files that changed are built again.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const flags = new Set(process.argv.slice(2));

/** Folders of each tree; tests exist only checked and benches only as released. */
const TREES = {
  release: { checked: false, folders: ['engine', 'workers', ...(flags.has('--bench') ? ['bench'] : [])] },
  checked: { checked: true, folders: ['engine', 'workers', ...(flags.has('--test') ? ['test'] : [])] },
};

function sources(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)));
}

const outputOf = (tree, source) => join(root, 'dist', tree, source.replace(/\.ts$/, '.js'));

/** A source whose output is older than itself, or than this script, is stale. */
function isStale(tree, source) {
  const output = outputOf(tree, source);
  if (!existsSync(output)) return true;
  const builtMs = statSync(output).mtimeMs;
  return (
    statSync(join(root, source)).mtimeMs > builtMs ||
    statSync(fileURLToPath(import.meta.url)).mtimeMs > builtMs
  );
}

/** Removes outputs whose source is gone, so that a deleted test cannot keep passing. */
function removeOrphans(tree, folder, kept) {
  const path = join(root, 'dist', tree, folder);
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const output = join(entry.parentPath ?? entry.path, entry.name);
    if (!kept.has(output.replace(/\.map$/, ''))) rmSync(output);
  }
}

let built = 0;
for (const [tree, { checked, folders }] of Object.entries(TREES)) {
  for (const folder of folders) {
    const all = sources(folder);
    removeOrphans(tree, folder, new Set(all.map((source) => outputOf(tree, source))));
    const stale = all.filter((source) => isStale(tree, source));
    if (stale.length === 0) continue;
    await build({
      absWorkingDir: root,
      entryPoints: stale,
      outdir: join('dist', tree),
      outbase: '.',
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: true,
      sourcesContent: false,
      minifySyntax: !checked,
      define: { CHECKED: String(checked) },
      logLevel: 'error',
    });
    built += stale.length;
  }
}

const stamp = join(root, 'dist', 'types', '.stamp');
const newestSource = Math.max(...sources('engine').map((source) => statSync(join(root, source)).mtimeMs));
if (!existsSync(stamp) || statSync(stamp).mtimeMs < newestSource) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = join('dist', 'types');
  rmSync(join(root, types), { recursive: true, force: true });
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, new Date(), new Date(newestSource + 1));
}

if (flags.has('--docs')) await import(new URL('dist/checked/engine/docs.js', import.meta.url).href);
if (process.stdout.isTTY || built > 0) process.stderr.write(`built ${built} files\n`);
