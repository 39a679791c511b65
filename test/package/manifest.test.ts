import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageOf, readSources, repositoryRoot } from '../kit/sources.js';

const manifest = suite('manifest');

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const { bin, exports, files, dependencies, devDependencies } = JSON.parse(
  readFileSync(join(repositoryRoot, 'package.json'), 'utf8'),
) as Manifest;

const targets = Object.values(exports).flatMap((target) =>
  typeof target === 'string' ? [target] : Object.values(target),
);

manifest('every export and command is a file of the build', () => {
  // Declarations are made by a plain build, not by the one for tests; here their sources are looked for.
  const paths = [...targets, ...Object.values(bin)].map((path) =>
    path.replace(/^(\.\/)?dist\/types\/(.*)\.d\.ts$/, 'engine/$2.ts'),
  );
  const missing = paths.filter((path) => !existsSync(join(repositoryRoot, path)));
  assert.equal(missing, []);
});

manifest('every export and command is among the files that are published', () => {
  const published = (path: string): boolean =>
    path === './package.json' || files.some((entry) => path.replace(/^\.\//, '').startsWith(`${entry}/`));
  assert.equal(
    [...targets, ...Object.values(bin)].filter((path) => !published(path)),
    [],
  );
});

manifest('the command can be executed', () => {
  const path = join(repositoryRoot, bin['sluice']!);
  assert.match(readFileSync(path, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  accessSync(path, constants.X_OK);
});

manifest('what is shipped imports exactly the packages it declares', () => {
  const imported = readSources('engine', 'workers')
    .flatMap(({ imports }) => imports.map(packageOf))
    .filter((name) => name !== undefined && name !== 'sluice');
  assert.equal([...new Set(imported)].sort(), Object.keys(dependencies).sort());
});

manifest('packages are pinned to one version', () => {
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
  );
  assert.equal(loose, []);
});

manifest.run();
