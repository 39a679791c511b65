import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runningRoot } from '../../engine/control/package-copy.js';

const cli = suite('command line');
const MAIN = fileURLToPath(new URL('../../engine/cli/main.js', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-test-cli-')));
cli.after(() => rmSync(folder, { recursive: true }));

function sluice(args: readonly string[], nodeArgs: readonly string[] = [], stdoutFile: string | null = null) {
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, '.cache'), NO_COLOR: '1' };
  const output = stdoutFile === null ? 'pipe' : openSync(stdoutFile, 'w');
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeArgs, MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env,
    stdio: ['pipe', output, 'pipe'],
  });
  if (output !== 'pipe') closeSync(output);
  return { status, stdout, stderr };
}

function write(name: string, text: string): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
  return name;
}

const JOB = `import { job, t } from 'sluice';
export default job('mine', { params: { input: t.string, top: t.int32.default(3) }, options: { 'parallelism.default': 5 } }, () => {});
`;

cli('--version prints the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(runningRoot(), 'package.json'), 'utf8'));
  assert.match(
    sluice(['--version']).stdout,
    new RegExp(`^${version.replaceAll('.', '\\.')}( \\(checked\\))?\n$`),
  );
});

cli('--help names commands, flags and exit codes and fits 100 columns', () => {
  const { stdout, status } = sluice(['--help']);
  assert.is(status, 0);
  for (const word of ['sluice run', 'sluice plan', '--param', '-D key=value', '130', 'NO_COLOR'])
    assert.match(stdout, word);
  assert.equal(
    stdout.split('\n').filter((line) => line.length > 100),
    [],
  );
});

cli('the help of a job lists its parameters', () => {
  const { stdout, status } = sluice(['run', write('job.ts', JOB), '--help']);
  assert.is(status, 0);
  assert.match(stdout, /--param input=<string> +required\n/);
  assert.match(stdout, /--param top=<int32> +default: 3\n/);
  assert.match(stdout, /parallelism\.default +5\n/);
});

cli('plan --options shows each value and where it is from, by precedence', () => {
  write('sluice.yaml', 'taskmanager:\n  memory.segment-size: 64 kb\n');
  const { stdout } = sluice([
    'plan',
    write('job.ts', JOB),
    '--options',
    '--config',
    'sluice.yaml',
    '-D',
    'pipeline.auto-watermark-interval=1 s',
  ]);
  assert.match(stdout, /^parallelism\.default +5 +job\(\)$/m);
  assert.match(stdout, /^taskmanager\.memory\.segment-size +64 kb +sluice\.yaml$/m);
  assert.match(stdout, /^pipeline\.auto-watermark-interval +1000 ms +-D$/m);
  assert.match(stdout, /^taskmanager\.memory\.network\.fraction +0\.1 +default$/m);
});

// biome-ignore format: a table
const FAULTS: readonly (readonly [args: readonly string[], stderr: RegExp])[] = [
  [['rnu'],                                            /^COMMAND_INVALID: .*'run'/],
  [['run', 'none.ts'],                                 /^JOB_MODULE_MISSING: there is no file .*none\.ts/],
  [['run', 'job.ts', '-D', 'nonsense=1'],              /^OPTION_UNKNOWN: -D: there is no option 'nonsense'/],
  [['run', 'job.ts', '--parallelism', '1.5'],          /^PARALLELISM_INVALID: --parallelism is a whole number/],
  [['run', 'job.ts', '--config', 'none.yaml'],         /^CONFIG_UNREADABLE: none\.yaml: there is no such file/],
  [['run', 'job.ts', '--param', 'a=1', '--param', 'a=2'], /^PARAM_DUPLICATE/],
  [['run', 'broken.ts'],                               /^JOB_MODULE_SYNTAX: broken\.ts:1:18/],
  [['plan', 'throws.ts'],                              /^JOB_MODULE_FAILED: throws\.ts threw.*\n {2}at throws\.ts:2:7\n {2}2 \| throw new Error\('no'\);/],
];
for (const [args, stderr] of FAULTS) {
  cli(`'sluice ${args.join(' ')}' exits with 2 and one coded error on stderr`, () => {
    write('job.ts', JOB);
    write('broken.ts', 'export const a = ;\n');
    write('throws.ts', "\nthrow new Error('no');\n");
    const found = sluice(args);
    assert.equal([found.status, found.stdout], [2, '']);
    assert.match(found.stderr, stderr);
  });
}

cli(
  'where code may not be generated, a job is refused with one error, and its codecs can still be printed',
  () => {
    write(
      'coded.ts',
      `import { job, t } from 'sluice';
import { generate } from 'sluice/connectors';
const N = t.record({ n: t.list(t.int32) });
export default job('coded', (flow) => {
  flow.from(generate({ make: (n) => ({ n: [n] }), count: 10, schema: N })).rebalance().print();
});
`,
    );
    const forbidden = ['--disallow-code-generation-from-strings'];
    const run = sluice(['run', 'coded.ts'], forbidden);
    assert.is(run.status, 2, run.stderr);
    assert.is(run.stdout, '');
    assert.is(run.stderr.match(/[A-Z]+_[A-Z_]+: /g)?.join(), 'CODEGEN_FORBIDDEN: ', run.stderr);
    const plan = sluice(['plan', 'coded.ts', '--codecs'], forbidden);
    assert.is(plan.status, 0, plan.stderr);
    assert.match(plan.stdout, 'd.setInt32(at, v.length, true)');
  },
);

cli('run --profile writes a page, or a profile for each task, and says on stderr what is hot', () => {
  write(
    'profiled.ts',
    `import { job, t } from 'sluice';
import { discard, generate } from 'sluice/connectors';
const N = t.record({ n: t.float64 });
export default job('profiled', (flow) => {
  flow.from(generate({ make: (n) => ({ n: Math.sqrt(n) }), count: 3_000_000, schema: N })).rebalance().to(discard());
});
`,
  );
  const page = sluice(['run', 'profiled.ts', '--parallelism', '1', '--profile', 'out.html']);
  assert.is(page.status, 0, page.stderr);
  assert.match(
    readFileSync(join(folder, 'out.html'), 'utf8'),
    /<h2>generate \(0\)<\/h2>[\s\S]*<div class="flame"/,
  );
  assert.match(page.stderr, /\ngenerate \(0\) +busy [\d.]+ %\n[\s\S]*\nprofile: out\.html\n$/);
  const cpu = sluice(['run', 'profiled.ts', '--parallelism', '1', '--profile', 'out.cpuprofile']);
  assert.match(cpu.stderr, 'profile: out.cpuprofile\nprofile: out.1.cpuprofile\n');
  for (const name of ['out.cpuprofile', 'out.1.cpuprofile'])
    assert.ok(JSON.parse(readFileSync(join(folder, name), 'utf8')).nodes.length > 1);
  const nowhere = sluice(['run', 'profiled.ts', '--profile', 'none/out.html']);
  assert.is(nowhere.status, 2);
  assert.match(nowhere.stderr, /^OUTPUT_UNWRITABLE: the profile cannot be written to none\/out\.html/);
});

cli('with --json an error is one JSON object on stdout too', () => {
  const { status, stdout } = sluice(['run', 'none.ts', '--json']);
  const { state, error } = JSON.parse(stdout);
  assert.equal([status, state, error.code], [2, 'FAILED', 'JOB_MODULE_MISSING']);
  assert.is(JSON.parse(sluice(['run', '--json']).stdout).error.code, 'COMMAND_INVALID');
  const plan = JSON.parse(sluice(['plan', 'none.ts', '--json']).stdout);
  assert.equal([plan.state, plan.error.code], ['FAILED', 'JOB_MODULE_MISSING']);
});

const PRINTING = `import { job } from 'sluice';
import { collection } from 'sluice/connectors';
export default job('p', (flow) => { flow.from(collection([{ a: 1 }])).print(); });
`;

const canFill = existsSync('/dev/full');
const full = canFill ? cli : cli.skip;
for (const args of [['--help'], ['plan', 'p.ts', '--json'], ['run', 'none.ts', '--json']]) {
  full(`'sluice ${args.join(' ')}' into a full disk says so in one line and does not exit with 0`, () => {
    write('p.ts', PRINTING);
    const { status, stderr } = sluice(args, [], '/dev/full');
    assert.is(status, args.includes('none.ts') ? 2 : 1);
    assert.match(stderr, /^OUTPUT_WRITE_FAILED: writing standard output failed: ENOSPC.*\n$/m);
    assert.not.match(stderr, / {4}at |node:/);
  });
}

full('rows and the summary of a run into a full disk make it fail with 1', () => {
  write('p.ts', PRINTING);
  const rows = sluice(['run', 'p.ts', '--parallelism', '1'], [], '/dev/full');
  assert.is(rows.status, 1);
  assert.match(rows.stderr, /OUTPUT_WRITE_FAILED: .*standard output.*ENOSPC/);
  write(
    'd.ts',
    PRINTING.replace('.print()', '.to(discard())').replace('{ collection', '{ collection, discard'),
  );
  const summary = sluice(['run', 'd.ts', '--parallelism', '1', '--json'], [], '/dev/full');
  assert.is(summary.status, 1);
  assert.match(summary.stderr, /^OUTPUT_WRITE_FAILED: writing standard output failed: ENOSPC.*\n$/);
});

cli('a reader that went away is no failure', () => {
  const { status, stderr } = spawnSync('sh', ['-c', '"$0" "$1" --help | true', process.execPath, MAIN], {
    encoding: 'utf8',
  });
  assert.equal([status, stderr], [0, '']);
});

cli('a configuration file that is no YAML is named once, with line and column', () => {
  write('bad.yaml', 'parallelism.default: 2\nnetwork: [1\n');
  const { stderr } = sluice(['run', write('job.ts', JOB), '--config', 'bad.yaml']);
  assert.match(stderr, /^CONFIG_UNREADABLE: bad\.yaml:\d+:\d+: [^\n]*\n$/);
});

cli("a job's own copy of the package runs it", () => {
  write('own/node_modules/sluice/package.json', '{"name":"sluice","type":"module","bin":{"sluice":"m.js"}}');
  write(
    'own/node_modules/sluice/m.js',
    "console.log('other', process.argv.slice(2).join(' ')); process.exitCode = 5;",
  );
  const { status, stdout } = sluice(['run', write('own/job.ts', JOB), '--json']);
  assert.equal([status, stdout], [5, 'other run own/job.ts --json\n']);
});

cli('a Node.js that is too old is refused before anything else is loaded', () => {
  const old =
    "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.18.3'}})";
  const { status, stderr } = sluice(['run', 'none.ts'], ['--import', old]);
  assert.is(status, 2);
  assert.match(stderr, /^NODE_TOO_OLD: this is Node\.js 20\.18\.3, and at least 20\.19 is needed\n/);
});

cli.run();
