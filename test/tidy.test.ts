import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRORS } from '../engine/base/error-catalogue.js';
import { packageOf, readSources, repositoryRoot, type SourceFile, sourceFile } from './kit/sources.js';
import { titlesIn } from './kit/test-titles.js';

const tidy = suite('tidy');
const engine = readSources('engine');
const shipped = readSources('engine', 'workers');
const tests = readSources('test');
const everything = readSources('engine', 'workers', 'test', 'bench', 'examples');

/** A folder imports only folders of a lower rank. */
// biome-ignore format: a table
const RANKS: Readonly<Record<string, number>> = {
  base:       0,
  records:    1,  memory:   1,
  connectors: 2,  metrics:  2,  functions: 2,
  plan:       3,  exchange: 3,
  api:        4,  runtime:  4,
  control:    5,
  cli:        6,  testing:  6,  'index.ts': 6,
};

/** Words that only some places may use. */
// biome-ignore format: a table
const RESERVED: readonly (readonly [what: string, word: RegExp, allowedIn: RegExp])[] = [
  ['shared memory',    /\b(Atomics|SharedArrayBuffer)\b/,           /^engine\/(memory|metrics)\//],
  ['threads',          /'(node:worker_threads|piscina|comlink)'/,   /^(engine\/control|workers)\//],
  ['which host it is', /inline-?host/i,                             /^(engine\/(control|cli|testing)|workers)\//],
  ['making a thread',  /\bnew Worker\(/,                            /^never$/],
  ['default exports',  /^export default\b/m,                        /^(workers\/task|engine\/cli\/demo-job)\.ts$/],
  ['text to code',     /\bnew Function\(/,                          /^engine\/records\/compile\.ts$/],
  ['enums',            /^(export )?(const )?(enum|namespace)\b/m,   /^never$/],
  ['private by type',  /^\s+(private|protected|public) (?!constructor)/m, /^never$/],
  ['assertions off',   /@ts-(ignore|nocheck)/,                      /^never$/],
];

const LINES_MAX = 400;
/** The formatter holds code at 110; whole-line comments, which it leaves alone, end here. */
const COLUMNS_MAX = 120;
const VAGUE_NAMES = /^(utils?|helpers?|common|types?|misc|shared)\.ts$/;
const BARRELS = new Set(['engine/index.ts', 'engine/connectors/index.ts', 'engine/testing/index.ts']);

/** Facts about files, each as a list of offenders that must be empty. */
function none(offenders: readonly string[], fact: string): void {
  if (offenders.length === 0) return;
  const error = new Error(`${fact}:\n      ${offenders.join('\n      ')}\n`);
  error.stack = fact; // the list once, not twice
  throw error;
}

const folderOf = (path: string): string => path.split('/')[1]!;

function rankFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) => {
    const from = folderOf(path);
    if (RANKS[from] === undefined) return [`${path}: the folder ${from} has no rank`];
    return imports
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts'))
      .filter((target) => folderOf(target) !== from && !(RANKS[folderOf(target)]! < RANKS[from]!))
      .map((target) => `${path} (rank ${RANKS[from]}) imports ${target} (rank ${RANKS[folderOf(target)]})`);
  });
}

tidy('a folder imports only folders of a lower rank', () => {
  none(rankFaults(engine), 'imports of an equal or higher rank');
});

tidy('the rank check sees an import upwards, sideways, of a type and over several lines', () => {
  const upwards = sourceFile('engine/memory/a.ts', "import { x } from '../control/b.js';\n");
  const sideways = sourceFile('engine/memory/a.ts', "import type { X } from '../records/b.js';\n");
  const wrapped = sourceFile('engine/memory/a.ts', "export {\n  x,\n  y,\n} from '../plan/b.js';\n");
  const fine = sourceFile('engine/control/a.ts', "import { x } from './b.js';\nimport '../memory/c.js';\n");
  assert.is(rankFaults([upwards, sideways, wrapped, fine]).length, 3);
});

for (const [what, word, allowedIn] of RESERVED) {
  tidy(`${what}: ${word.source} is used only where it may be`, () => {
    const offenders = shipped.filter(({ path, code }) => !allowedIn.test(path) && word.test(code));
    none(
      offenders.map(({ path, code }) => `${path}: ${word.exec(code)![0]}`),
      what,
    );
  });
}

tidy('a third-party package is imported by exactly one file', () => {
  const importers = new Map<string, Set<string>>();
  for (const { path, imports } of [...shipped, ...readSources('bench/kit')]) {
    for (const name of imports.map(packageOf)) {
      if (name === undefined || name === 'sluice') continue;
      importers.set(name, (importers.get(name) ?? new Set()).add(path));
    }
  }
  const shared = [...importers].filter(([, paths]) => paths.size > 1);
  none(
    shared.map(([name, paths]) => `${name}: ${[...paths].join(', ')}`),
    'packages imported by several files',
  );
});

tidy(`files have fewer than ${LINES_MAX} lines, and comments at most ${COLUMNS_MAX} columns`, () => {
  const long = everything.filter(({ lines }) => lines.length - 1 >= LINES_MAX);
  none(
    long.map(({ path, lines }) => `${path}: ${lines.length - 1} lines`),
    'long files',
  );
  const wide = shipped.flatMap(({ path, comments }) =>
    comments.flatMap((line, index) =>
      line.trimStart().length > 0 && line.length > COLUMNS_MAX ? [`${path}:${index + 1}`] : [],
    ),
  );
  none(wide, 'wide comments');
});

tidy('file names are nouns in kebab case, and name one concept', () => {
  const vague = everything.filter(({ path }) => VAGUE_NAMES.test(basename(path)));
  const cased = everything.filter(({ path }) => !/^[a-z0-9.-]+$/.test(basename(path)));
  const barrels = engine.filter(({ path }) => basename(path) === 'index.ts' && !BARRELS.has(path));
  none(
    [...vague, ...cased, ...barrels].map(({ path }) => path),
    'file names',
  );
});

tidy('no remark is left for later', () => {
  const marked = everything.filter(
    ({ path, comments }) => !path.includes('tidy') && /\b(TODO|FIXME|XXX|HACK)\b/.test(comments.join('\n')),
  );
  none(
    marked.map(({ path }) => path),
    'remarks for later',
  );
});

tidy('every test file runs each of its suites, and runs all of its tests', () => {
  const faults = tests.flatMap(({ path, code }) => {
    if (!/\.(test|sim|stress)\.ts$/.test(path)) return [];
    const suites = [...code.matchAll(/^(?:export )?const (\w+) = suite(?:<[^(]*>)?\(/gm)].map(
      (match) => match[1]!,
    );
    const notRun = suites.filter((name) => !code.includes(`${name}.run()`)).map((name) => `${path}: ${name}`);
    const narrowed = /\.only\(/.test(code) ? [`${path}: .only`] : [];
    return [...notRun, ...narrowed];
  });
  none(faults, 'suites that are not run');
});

/** `ring/publish` in the head of a file: ` *   ring/publish  A slot is …` */
const RULE = /^ \* {2,4}([a-z]+\/[a-z-]+) {2,}\S/;
const CITATION = /(?<![\w/.-])[a-z]+\/[a-z-]+(?![\w/-]|\.[a-z])/g;

const definitions = shipped.flatMap(({ path, lines }) =>
  lines.flatMap((line) => (RULE.test(line) ? [{ rule: RULE.exec(line)![1]!, path }] : [])),
);
const rules = new Set(definitions.map(({ rule }) => rule));

function citationsIn(text: string): string[] {
  const families = new Set([...rules].map((rule) => rule.split('/')[0]!));
  return (text.match(CITATION) ?? [])
    .filter((word) => families.has(word.split('/')[0]!))
    .filter((word) => !existsSync(join(repositoryRoot, 'engine', `${word}.ts`)));
}

const citedInCode = new Set(
  shipped.flatMap(({ comments }) => citationsIn(comments.filter((line) => !RULE.test(line)).join('\n'))),
);
const citedInTitles = new Set(tests.flatMap(({ code }) => titlesIn(code).flatMap(citationsIn)));

tidy('a rule has one definition', () => {
  const again = definitions.filter(
    ({ rule }, index) => definitions.findIndex((each) => each.rule === rule) < index,
  );
  none(
    again.map(({ rule, path }) => `${rule} in ${path}`),
    'rules defined again',
  );
});

tidy('every rule is cited where it is upheld', () => {
  none(
    [...rules].filter((rule) => !citedInCode.has(rule)),
    'rules without a site',
  );
});

tidy('every rule is cited in the title of a test', () => {
  none(
    [...rules].filter((rule) => !citedInTitles.has(rule)),
    'rules without a test',
  );
});

tidy('every citation names a rule', () => {
  none(
    [...citedInCode, ...citedInTitles].filter((rule) => !rules.has(rule)),
    'citations of no rule',
  );
});

tidy('every atomic access says which rule it upholds', () => {
  const silent = engine.flatMap(({ path, lines, comments }) =>
    lines.flatMap((line, index) => {
      if (!/\bAtomics\.\w+\(/.test(line) || comments[index] === line) return [];
      const near = comments.slice(Math.max(0, index - 3), index + 2).join('\n');
      return citationsIn(near).length > 0 ? [] : [`${path}:${index + 1}`];
    }),
  );
  none(silent, 'atomic accesses without a rule');
});

tidy('every error code is used in the engine', () => {
  const users = shipped.filter(({ path }) => !path.endsWith('/error-catalogue.ts'));
  none(
    Object.keys(ERRORS).filter((code) => !users.some((file) => new RegExp(`\\b${code}\\b`).test(file.code))),
    'error codes that nothing throws',
  );
});

tidy('generated pages are current', async () => {
  const generator = pathToFileURL(join(repositoryRoot, 'docs/generate.mjs')).href;
  const pages = await (await import(generator)).generatedPages();
  for (const { path, text } of pages) {
    const written =
      existsSync(join(repositoryRoot, path)) && readFileSync(join(repositoryRoot, path), 'utf8');
    assert.ok(written === text, `${path} is not current; run node build.mjs --docs`);
  }
});

tidy.run();
