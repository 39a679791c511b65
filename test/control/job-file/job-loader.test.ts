import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError, type SluiceError } from '../../../engine/base/errors.js';
import { importJob, loadJob } from '../../../engine/control/job-file/job-loader.js';
import { runningRoot } from '../../../engine/control/package-copy.js';

const loader = suite('job loader');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-test-loader-')));
process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
const LOADER = new URL('../../../engine/control/job-file/job-loader.js', import.meta.url).href;
loader.after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes files below the test's folder and gives the path of the first. */
function write(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0]!);
}

async function failureOf(path: string): Promise<SluiceError> {
  try {
    await loadJob(path);
  } catch (error) {
    if (isSluiceError(error)) return error;
    throw error;
  }
  throw new Error('it loaded');
}

const JOB = "import { job } from 'sluice';\nexport default job('a', () => {});\n";
/** What a job file leaves behind for the test to look at. */
const seen = () => (globalThis as Record<string, unknown>)['seen'];

loader(
  'bundle/own-copy: a TypeScript job in a folder that knows no packages is loaded with the running copy',
  async () => {
    const path = write({ 'plain/job.ts': `${JOB}export enum Kind { A = 1 }\n` });
    const loaded = await loadJob(path);
    assert.is(loaded.job.name, 'a');
    assert.is(loaded.jobUrl, pathToFileURL(path).href);
    assert.is((await importJob(loaded.moduleUrl)).name, 'a');
    assert.equal(readdirSync(join(folder, 'plain')), ['job.ts'], 'nothing is written beside it');
  },
);

loader(
  'bundle/meta, bundle/local-in: import.meta, JSON, dynamic and local imports are those of each original file',
  async () => {
    const path = write({
      'meta/job.ts': `#!/usr/bin/env node
import { createRequire } from 'node:module';
import { exists } from './lib/deep.js';
import data from './lib/data.json' with { type: 'json' };
import { old } from './lib/old.cjs';
const require = createRequire(import.meta.url);
const { later } = await import('./lib/later.ts');
Object.assign(globalThis, { seen: [import.meta.url, import.meta.dirname, exists, data, old, later, require('./lib/data.json'),
  import.meta.resolve('./x.js'), import.meta.resolve('yaml')] });
${JOB}`,
      'meta/lib/deep.ts':
        "import fs from 'fs';\nexport const exists: boolean = fs.existsSync(import.meta.filename);\n",
      'meta/lib/later.ts': 'export const later = import.meta.filename;\n',
      'meta/lib/data.json': '{"n":1}',
      'meta/lib/old.cjs': 'exports.old = __filename;\n',
      'meta/node_modules/yaml/package.json': '{"name":"yaml","exports":{"import":"./y.js"}}',
      'meta/node_modules/yaml/y.js': '',
    });
    await loadJob(path);
    const at = (name: string) => join(folder, 'meta', name);
    assert.equal(seen(), [
      pathToFileURL(path).href,
      at('').replace(/[/]$/, ''),
      true,
      { n: 1 },
      at('lib/old.cjs'),
      at('lib/later.ts'),
      { n: 1 },
      pathToFileURL(at('x.js')).href,
      pathToFileURL(at('node_modules/yaml/y.js')).href,
    ]);
  },
);

loader(
  'bundle/packages-out: a package is found from the file that imports it, and stays outside',
  async () => {
    const pkg = (version: string) => ({
      'package.json': '{"name":"dep","type":"module","exports":{"import":"./i.js","require":"./r.cjs"}}',
      'i.js': `export const v = '${version}'; export const me = import.meta.url;`,
    });
    const files: Record<string, string> = {
      'deps/job.ts': `import { v as outer, me } from 'dep';\nimport { inner } from './sub/inner.ts';\nObject.assign(globalThis, { seen: [outer, inner, me] });\n${JOB}`,
      'deps/sub/inner.ts': "export { v as inner } from 'dep';",
    };
    for (const [name, text] of Object.entries(pkg('1'))) files[`deps/node_modules/dep/${name}`] = text;
    for (const [name, text] of Object.entries(pkg('2'))) files[`deps/sub/node_modules/dep/${name}`] = text;
    await loadJob(write(files));
    assert.equal(seen(), ['1', '2', pathToFileURL(join(folder, 'deps/node_modules/dep/i.js')).href]);
  },
);

loader('a job that did not change is loaded without making a bundle; one that did is made anew', async () => {
  const path = write({
    'warm/job.ts': `import { n } from './n.ts';\nObject.assign(globalThis, { seen: n });\n${JOB}`,
    'warm/n.ts': 'export const n = 1;',
  });
  const first = (await loadJob(path)).moduleUrl;
  assert.is((await loadJob(path)).moduleUrl, first);
  const script = `import { loadJob } from ${JSON.stringify(LOADER)}; import { createRequire } from 'node:module';
    const { moduleUrl } = await loadJob(${JSON.stringify(path)});
    console.log(moduleUrl, Object.keys(createRequire(import.meta.url).cache ?? {}).some((name) => name.includes('esbuild')), process.getActiveResourcesInfo().includes('ProcessWrap'));`;
  const again = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.is(again.trim(), `${first} false false`);
  write({ 'warm/n.ts': 'export const n = 2;' });
  assert.is.not((await loadJob(path)).moduleUrl, first);
  assert.is(seen(), 2);
});

loader(
  'job-cache/inputs: a nearer tsconfig.json or another version of a package makes a kept bundle void',
  async () => {
    const path = write({
      'void/app/job.ts': `import 'dep2';\n${JOB}`,
      'void/node_modules/dep2/package.json': '{"name":"dep2","version":"1.0.0","main":"./a.js"}',
      'void/node_modules/dep2/a.js': 'globalThis.seen = "a";',
      'void/node_modules/dep2/b.js': 'globalThis.seen = "b";',
    });
    await loadJob(path);
    assert.is(seen(), 'a');
    write({ 'void/node_modules/dep2/package.json': '{"name":"dep2","version":"2.0.0","main":"./b.js"}' });
    await loadJob(path);
    assert.is(seen(), 'b');
    const before = (await loadJob(path)).moduleUrl;
    write({
      'void/app/job.ts': `import 'dep2';\nclass A { static x = 1; constructor(private y: number) { void this.y; } }\nvoid A;\n${JOB}`,
    });
    const plain = (await loadJob(path)).moduleUrl;
    write({ 'void/tsconfig.json': '{"compilerOptions":{"useDefineForClassFields":false}}' });
    assert.is.not((await loadJob(path)).moduleUrl, plain);
    assert.is.not(plain, before);
  },
);

loader('a damaged kept bundle is made anew', async () => {
  const path = write({ 'damaged/job.ts': JOB });
  const { moduleUrl } = await loadJob(path);
  writeFileSync(fileURLToPath(moduleUrl), 'export default 1;');
  const script = `import { loadJob } from ${JSON.stringify(LOADER)}; console.log((await loadJob(${JSON.stringify(path)})).job.name);`;
  assert.is(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim(),
    'a',
  );
});

loader(
  'job-cache/private: where nothing can be kept, or others could write, a job is loaded all the same',
  async () => {
    const path = write({ 'nocache/job.ts': `Object.assign(globalThis, { seen: import.meta.url });\n${JOB}` });
    const kept = process.env['XDG_CACHE_HOME'];
    process.env['XDG_CACHE_HOME'] = join(folder, 'shared');
    mkdirSync(join(folder, 'shared', 'sluice'), { recursive: true });
    chmodSync(join(folder, 'shared', 'sluice'), 0o777);
    const { moduleUrl } = await loadJob(path);
    process.env['XDG_CACHE_HOME'] = kept;
    assert.match(moduleUrl, /^data:/);
    assert.is(seen(), pathToFileURL(path).href);
    assert.equal(readdirSync(join(folder, 'shared', 'sluice')), []);
  },
);

loader('job-cache/whole: loads at the same time give one whole bundle', async () => {
  const path = write({ 'race/job.ts': JOB });
  const urls = await Promise.all([1, 2, 3].map(async () => (await loadJob(path)).moduleUrl));
  assert.is(new Set(urls).size, 1);
  assert.equal(
    readdirSync(join(folder, 'cache/sluice')).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

loader("bundle/source-map: stacks show the user's lines", async () => {
  const path = write({
    'stack/job.ts': `interface Gone { a: 1 }\n\nexport const at = (g?: Gone) => new Error('x', { cause: g });\nObject.assign(globalThis, { seen: at() });\n${JOB}`,
  });
  await loadJob(path);
  assert.match((seen() as Error).stack!, `${path}:3:33`);
});

// biome-ignore format: a table
const FAULTS: readonly (readonly [name: string, text: string, code: string, message: RegExp])[] = [
  ['syntax', 'export const a = ;\n', 'JOB_MODULE_SYNTAX', /job\.ts:1:18: .*\n {2}1 \| export const a = ;\n {23}\^/s],
  ['throws', "import 'node:fs';\n\nfunction fail(): never { throw new TypeError('no'); }\nfail();\n", 'JOB_MODULE_FAILED', /threw while it was imported \(.*job\.ts:3:32\): TypeError: no/],
  ['throws-text', "throw 'just text';\n", 'JOB_MODULE_FAILED', /threw while it was imported: just text/],
  ['package', "import x from 'no-such-package';\nvoid x;\nexport default x;\n", 'JOB_MODULE_FAILED', /job\.ts:1:15 imports the package 'no-such-package'/],
  ['local', "import x from './gone.js';\nexport default x;\n", 'JOB_MODULE_FAILED', /job\.ts:1:15 imports '\.\/gone\.js', and there is no such file/],
  ['subpath', "import x from 'sluice/nothing';\nexport default x;\n", 'JOB_MODULE_FAILED', /'sluice\/nothing'/],
  ['name', "import { nothing } from 'node:fs';\nexport default nothing;\n", 'JOB_MODULE_FAILED', /does not provide an export named 'nothing'/],
  ['exits', 'if (1 + 1 === 2) {\n  process.exit(3);\n}\n', 'JOB_MODULE_EXITED', /called process\.exit\(3\) while it was imported \(.*job\.ts:2:11\)/],
  ['exits-named', "import { exit } from 'node:process';\ntry { exit(0); } catch {}\nexport default 1;\n", 'JOB_MODULE_EXITED', /process\.exit\(0\)/],
  ['no-default', 'export const x = 1;\n', 'JOB_DEFAULT_MISSING', /has no default export$/],
  ['not-a-job', 'export default { name: "x" };\n', 'JOB_DEFAULT_MISSING', /a default export that is an object, not a job/],
  ['named', "import { job } from 'sluice';\nexport const mine = job('a', () => {});\n", 'JOB_DEFAULT_MISSING', /its export 'mine' is a job/],
];
for (const [name, text, code, message] of FAULTS) {
  loader(`${code} is the error of a job file with the fault '${name}'`, async () => {
    const exit = process.exit;
    const error = await failureOf(write({ [`faults/${name}/job.ts`]: text }));
    assert.is(error.code, code);
    assert.match(error.message, message);
    assert.is(process.exit, exit, 'process.exit is what it was');
  });
}

loader(
  'JOB_MODULE_MISSING is the error of a path that is no file, JOB_MODULE_SYNTAX of one that is no program',
  async () => {
    assert.is((await failureOf(join(folder, 'none.ts'))).code, 'JOB_MODULE_MISSING');
    assert.is((await failureOf(folder)).code, 'JOB_MODULE_MISSING');
    assert.is((await failureOf(write({ 'notes.txt': 'x' }))).code, 'JOB_MODULE_SYNTAX');
  },
);

loader('a top-level await that nothing settles is an error, not a silent end', () => {
  const path = write({ 'stalls/job.ts': `await new Promise(() => {});\n${JOB}` });
  const script = `import { loadJob } from ${JSON.stringify(LOADER)};
    loadJob(${JSON.stringify(path)}).catch((error) => console.log(error.message));`;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.match(stdout, /^JOB_MODULE_FAILED: .* waits at its top level/);
  assert.is(status, 0);
});

loader("somebody else's process.exit goes through while a job is imported", () => {
  const path = write({
    'slow/job.ts': `await new Promise((resolve) => setTimeout(resolve, 20_000));\n${JOB}`,
  });
  const script = `import { loadJob } from ${JSON.stringify(LOADER)};
    process.on('SIGUSR2', () => process.exit(7));
    setTimeout(() => process.kill(process.pid, 'SIGUSR2'), 1500);
    await loadJob(${JSON.stringify(path)});`;
  assert.is(
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 15_000 }).status,
    7,
  );
});

loader(
  'copy/one-copy: a job that sees another copy of the package is ENGINE_DUPLICATE, and one that sees a link to this copy is not',
  async () => {
    const other = write({ 'two/job.ts': JOB, 'two/node_modules/sluice/package.json': '{"name":"sluice"}' });
    const error = await failureOf(other);
    assert.is(error.code, 'ENGINE_DUPLICATE');
    assert.match(error.message, join(folder, 'two/node_modules/sluice'));
    const linked = write({ 'linked/job.ts': JOB });
    mkdirSync(join(folder, 'linked/node_modules'));
    symlinkSync(runningRoot(), join(folder, 'linked/node_modules/sluice'));
    assert.is((await loadJob(linked)).job.name, 'a');
  },
);

loader('installing another copy makes a kept bundle void', async () => {
  const path = write({
    'later/job.ts': `import { sub } from './sub/s.ts';\nvoid sub;\n${JOB}`,
    'later/sub/s.ts': "import { t } from 'sluice';\nexport const sub = t;\n",
  });
  await loadJob(path);
  write({ 'later/sub/node_modules/sluice/package.json': '{"name":"sluice"}' });
  assert.is((await failureOf(path)).code, 'ENGINE_DUPLICATE');
});

loader('no process is left behind by making a bundle', async () => {
  await loadJob(write({ 'quiet/job.ts': JOB }));
  assert.not(process.getActiveResourcesInfo().includes('ProcessWrap'));
  if (existsSync(`/proc/${process.pid}/task/${process.pid}/children`)) {
    const { readFileSync } = await import('node:fs');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.is(readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim(), '');
  }
});

loader.run();
