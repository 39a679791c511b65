import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../engine/base/errors.js';
import { readCommand } from '../../engine/cli/command.js';

const command = suite('command');
const read = (line: string) => readCommand(line === '' ? [] : line.split(' '));

command('run takes a job, parameters, options and how to report', () => {
  const found = read(
    'run job.ts --param a=1 --param b=x=y --parallelism 2 --memory 2g --no-chaining -D k=v -Dm=n --config f.yaml --json -q',
  );
  assert.equal(JSON.parse(JSON.stringify(found)), {
    kind: 'run',
    job: 'job.ts',
    params: { a: '1', b: 'x=y' },
    layers: [
      { origin: '--parallelism', values: { 'parallelism.default': '2' } },
      { origin: '--memory', values: { 'sluice.memory': '2g' } },
      { origin: '--no-chaining', values: { 'pipeline.operator-chaining.enabled': false } },
      { origin: '-D', values: { k: 'v', m: 'n' } },
    ],
    configFile: 'f.yaml',
    json: true,
    quiet: true,
    serve: null,
    profile: null,
    trace: null,
  });
});

command('--serve has a port of its own or none, wherever the job stands', () => {
  const served = (line: string) => {
    const found = read(line);
    assert.ok(found.kind === 'run');
    return [found.job, found.serve];
  };
  assert.equal(served('run job.ts --serve'), ['job.ts', {}]);
  assert.equal(served('run --serve job.ts'), ['job.ts', {}]);
  assert.equal(served('run --serve 9000 job.ts --json'), ['job.ts', { port: 9000 }]);
  assert.equal(served('run job.ts --serve=0'), ['job.ts', { port: 0 }]);
});

command('ls takes no job, stop takes the id of one', () => {
  assert.equal(read('ls'), { kind: 'ls', json: false });
  assert.equal(read('ls --json'), { kind: 'ls', json: true });
  assert.equal(read('stop 3fa2'), { kind: 'stop', id: '3fa2', isCancel: false });
  assert.equal(read('stop --cancel 3fa2'), { kind: 'stop', id: '3fa2', isCancel: true });
});

command(
  'doctor takes a job file, or the id of a job that runs, and then nothing that is for starting one',
  () => {
    assert.equal(read('doctor 3fa2'), { kind: 'doctor-run', id: '3fa2', seconds: 1, json: false });
    assert.equal(read('doctor --json FACE --seconds 2'), {
      ...{ kind: 'doctor-run', id: 'FACE', seconds: 2, json: true },
    });
    for (const line of ['doctor face.ts', 'doctor ./face', 'doctor job.ts --param a=face']) {
      const found = read(line);
      assert.equal([found.kind, found.kind === 'doctor' && found.seconds], ['doctor', 5]);
    }
    assert.equal(read('doctor 3fa2 --help'), { kind: 'help', topic: 'doctor' });
    for (const [line, text] of [
      ['doctor 3fa2 --param a=1', "--param is for a job file, and '3fa2' runs already"],
      ['doctor 3fa2 4fa2', "'4fa2' is one too many"],
      ['doctor 3fa2 --seconds 61', 'a running job is looked at for 60 seconds at most'],
    ] as const)
      assert.throws(
        () => read(line),
        (error: Error) => error.message.endsWith(`sluice doctor: ${text}`),
      );
  },
);

command('top takes the id of a job or none, demo takes nothing', () => {
  assert.equal(read('top'), { kind: 'top', id: null });
  assert.equal(read('top 3fa2'), { kind: 'top', id: '3fa2' });
  assert.equal(read('top --help'), { kind: 'help', topic: 'top' });
  assert.equal(read('demo'), { kind: 'demo' });
  for (const [line, what] of [
    ['top a b', "sluice top: 'b' is one too many"],
    ['demo job.ts', "sluice demo: 'job.ts' is one too many"],
    ['demo --json', "sluice demo: there is no flag '--json'"],
  ] as const) {
    assert.throws(
      () => read(line),
      (error: Error) =>
        isSluiceError(error) && error.code === 'COMMAND_INVALID' && error.message.includes(what),
    );
  }
});

command('run is profiled into a page or a profile for Chrome, by the ending of the name', () => {
  const profileOf = (line: string) => {
    const found = read(`run job.ts ${line}`);
    return found.kind === 'run' ? found.profile : assert.unreachable();
  };
  assert.equal(profileOf('--profile a/out.html'), { file: 'a/out.html', form: 'html', seconds: 5 });
  assert.equal(profileOf('--profile out.cpuprofile --profile-seconds 0.5'), {
    ...{ file: 'out.cpuprofile', form: 'cpuprofile', seconds: 0.5 },
  });
});

for (const seconds of ['0', '601', 'x', ''])
  command(`run is not profiled for '${seconds}' seconds`, () => {
    const line = ['run', 'job.ts', '--profile', 'out.html', `--profile-seconds=${seconds}`];
    assert.throws(
      () => readCommand(line),
      /COMMAND_INVALID: .*--profile-seconds is a number from 0\.05 to 600/,
    );
  });

command('flags may come before the job and values after an equals sign', () => {
  const found = read('plan --mermaid --param=a= --parallelism=-1 job.ts');
  assert.ok(found.kind === 'plan');
  assert.equal(
    [found.form, found.job, found.params['a'], found.layers[0]!.values],
    ['mermaid', 'job.ts', '', { 'parallelism.default': '-1' }],
  );
});

command('bench takes a job, how long to measure, what to compare with and where to report', () => {
  const found = read(
    'bench job.ts --param a=1 --seconds 0.5 --html p.html --compare a.json --against f.ts --discard-sinks --json',
  );
  const own = {
    seconds: 0.5,
    json: true,
    html: 'p.html',
    compare: 'a.json',
    against: 'f.ts',
    discardsSinks: true,
  };
  const job = { job: 'job.ts', params: { a: '1' }, layers: [], configFile: null };
  assert.equal(JSON.parse(JSON.stringify(found)), { kind: 'bench', ...job, ...own });
  const none = { seconds: 2, json: false, html: null, compare: null, against: null, discardsSinks: false };
  assert.equal(JSON.parse(JSON.stringify(read('bench job.ts'))), {
    ...{ kind: 'bench', ...job, params: {} },
    ...none,
  });
});

for (const seconds of ['0', '-1', 'x', '1e9', 'NaN', ''])
  command(`bench is not measured for '${seconds}' seconds`, () => {
    assert.throws(
      () => readCommand(['bench', 'job.ts', `--seconds=${seconds}`]),
      /sluice bench: --seconds is a number from 0\.05 to 3600, not '/,
    );
  });

// biome-ignore format: a table
const KINDS: readonly (readonly [line: string, kind: string])[] = [
  ['', 'help'], ['--help', 'help'], ['-h', 'help'], ['help plan', 'help'], ['run --help', 'help'], ['ls --help', 'help'], ['stop --help', 'help'],
  ['--version', 'version'], ['run job.ts --help', 'job-help'], ['plan job.ts', 'plan'],
];
for (const [line, kind] of KINDS) {
  command(`'sluice ${line}' is ${kind}`, () => assert.is(read(line).kind, kind));
}

// biome-ignore format: a table
const REFUSED: readonly (readonly [line: string, code: string, text: string])[] = [
  ['rum job.ts',                         'COMMAND_INVALID', "there is no command 'rum'; did you mean 'run'?"],
  ['run job.ts --serve=here',            'COMMAND_INVALID', "--serve takes a port, not 'here'"],
  ['run job.ts --serve --serve 1',       'COMMAND_INVALID', '--serve is given more than once'],
  ['ls job.ts',                          'COMMAND_INVALID', "'job.ts' is one too many"],
  ['stop',                               'COMMAND_INVALID', 'the id of a job is missing'],
  ['stop a b',                           'COMMAND_INVALID', "'b' is one too many"],
  ['xyzzy',                              'COMMAND_INVALID', "there is no command 'xyzzy'; there is run, plan"],
  ['job.ts',                             'COMMAND_INVALID', "did you mean 'sluice run job.ts'?"],
  ['--verion',                           'COMMAND_INVALID', "did you mean '--version'?"],
  ['run',                                'COMMAND_INVALID', 'a job file is missing'],
  ['run a.ts b.ts',                      'COMMAND_INVALID', "'b.ts' follows the job file"],
  ['run a.ts --paralelism 2',            'COMMAND_INVALID', "did you mean '--parallelism'?"],
  ['run a.ts --mermaid',                 'COMMAND_INVALID', "there is no flag '--mermaid'"],
  ['run a.ts --parallelism',             'COMMAND_INVALID', '--parallelism needs a value'],
  ['run a.ts --parallelism --json',      'COMMAND_INVALID', '--parallelism needs a value'],
  ['run a.ts --json=yes',                'COMMAND_INVALID', '--json takes no value'],
  ['run a.ts --memory 1g --memory 2g',   'COMMAND_INVALID', '--memory is given more than once'],
  ['run a.ts --profile out.svg',         'COMMAND_INVALID', "--profile writes a page, out.html, or a profile for Chrome, out.cpuprofile; not 'out.svg'"],
  ['run a.ts --profile-seconds 2',       'COMMAND_INVALID', 'add --profile out.html'],
  ['run a.ts --profile a.html --profile b.html', 'COMMAND_INVALID', '--profile is given more than once'],
  ['run a.ts --param x',                 'COMMAND_INVALID', "--param takes name=value, not 'x'"],
  ['run a.ts -D =1',                     'COMMAND_INVALID', "-D takes name=value, not '=1'"],
  ['run a.ts -D a=1 -D a=2',             'COMMAND_INVALID', '-D a is given twice'],
  ['run a.ts --param x=1 --param x=2',   'PARAM_DUPLICATE', "parameter 'x' is given twice: '1' and '2'"],
  ['plan a.ts --json --mermaid',         'COMMAND_INVALID', '--mermaid and --json exclude each other'],
];
for (const [line, code, text] of REFUSED) {
  command(`'sluice ${line}' is ${code}: ${text}`, () => {
    try {
      read(line);
    } catch (error) {
      assert.ok(isSluiceError(error));
      assert.is(error.code, code);
      assert.match(error.message, text);
      return;
    }
    assert.unreachable('it was accepted');
  });
}

command('parameters may have the names of built-in members', () => {
  const found = read('run a.ts --param constructor=1 --param __proto__=2');
  assert.ok(found.kind === 'run');
  assert.equal(Object.entries(found.params), [
    ['constructor', '1'],
    ['__proto__', '2'],
  ]);
});

command.run();
