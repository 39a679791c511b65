import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../../engine/base/errors.js';
import type { OptionLayer } from '../../../engine/base/option-catalogue.js';
import { allOptionKeys, effectiveOptions } from '../../../engine/control/options/options.js';

const options = suite('options');
const MACHINE = { cores: 4, memoryBytes: 8 * 1024 ** 3, memoryOrigin: 'memory of the machine' };

const of = (...layers: readonly OptionLayer[]) => effectiveOptions(layers, MACHINE);
const layer = (origin: string, values: Record<string, unknown>): OptionLayer => ({ origin, values });

function codeAndText(run: () => unknown): readonly [string, string] {
  try {
    run();
  } catch (error) {
    if (isSluiceError(error)) return [error.code, error.message];
    throw error;
  }
  return ['none', ''];
}

options('without any layer every option has its default', () => {
  assert.equal(of().options, {
    parallelism: 4,
    maxParallelism: null,
    chaining: true,
    autoWatermarkIntervalMs: 200,
    bufferTimeoutMs: 100,
    networkFraction: 0.1,
    networkBytesMin: 64 * 1024 ** 2,
    networkBytesMax: Number.POSITIVE_INFINITY,
    segmentBytes: 32 * 1024,
    exclusivePerChannel: 2,
    floatingPerGate: 8,
    buffersPerSubpartitionMax: 10,
    adaptivePartitioner: true,
    overdraftPerPartition: 20,
    recordBytesMax: 1024 ** 2,
    categoryValuesMax: 16_384,
    categoryBytesMax: 1024 ** 2,
    debloat: null,
    memoryBytes: MACHINE.memoryBytes,
    taskHeapBytes: null,
    watchdogAction: 'warn',
    watchdogIntervalMs: 1000,
    stuckAfterMs: 60_000,
    latencyIntervalMs: 0,
    catchUpMs: 100,
    attach: true,
    flameGraphs: true,
    flameGraphFreshMs: 60_000,
    http: {
      port: 8081,
      address: '127.0.0.1',
      allowOrigin: null,
      refreshIntervalMs: 3_000,
      canCancel: true,
    },
  });
});

options('an option is taken from the first layer that has it, and its origin says so', () => {
  const { options: found, entries } = of(
    layer('-D', { 'parallelism.default': '3' }),
    layer('sluice.yaml', { 'parallelism.default': 2, 'taskmanager.memory.segment-size': '64 kb' }),
    layer('job()', { 'taskmanager.memory.segment-size': '16 kb', 'pipeline.max-parallelism': 256 }),
  );
  assert.equal([found.parallelism, found.segmentBytes, found.maxParallelism], [3, 65536, 256]);
  const origins = entries
    .filter(({ origin }) => !origin.startsWith('default'))
    .map(({ key, value, origin }) => `${key} ${value} ${origin}`);
  assert.equal(origins, [
    'parallelism.default 3 -D',
    'pipeline.max-parallelism 256 job()',
    'taskmanager.memory.segment-size 64 kb sluice.yaml',
  ]);
});

options('every option is in the list of effective options, with a value and an origin', () => {
  const { entries } = of();
  assert.equal(
    entries.map(({ key }) => key),
    allOptionKeys(),
  );
  for (const { value, origin, meaning } of entries)
    assert.ok(value !== '' && origin !== '' && meaning.endsWith('.'));
});

options('older names of Flink set the current option, whose own name wins within a layer', () => {
  const found = of(
    layer('f', {
      'taskmanager.network.memory.fraction': '0.2',
      'pipeline.operator-chaining': 'false',
      'taskmanager.memory.network.min': '1 mb',
      'taskmanager.network.memory.min': '2 mb',
      'taskmanager.memory.flink.size': '1g',
      'taskmanager.memory.process.size': '2g',
    }),
  );
  assert.is(found.options.networkFraction, 0.2);
  assert.is(found.options.chaining, false);
  assert.is(found.options.networkBytesMin, 1024 ** 2);
  assert.is(found.options.memoryBytes, 2 * 1024 ** 3);
  assert.is(
    found.entries.find(({ key }) => key === 'sluice.memory')!.origin,
    'f as taskmanager.memory.process.size',
  );
});

options("Flink 1's buffer timeout of -1 turns the timeout off, and any other is its interval", () => {
  assert.is(of(layer('f', { 'execution.buffer-timeout': -1 })).options.bufferTimeoutMs, null);
  assert.is(of(layer('f', { 'execution.buffer-timeout': '-1 ms' })).options.bufferTimeoutMs, null);
  assert.is(of(layer('f', { 'execution.buffer-timeout': '5 s' })).options.bufferTimeoutMs, 5000);
  assert.is(of(layer('f', { 'execution.buffer-timeout.enabled': 'false' })).options.bufferTimeoutMs, null);
});

options('options of Flink without a meaning here are named once and do no harm', () => {
  const { notices } = of(
    layer('flink-conf.yaml', {
      'taskmanager.numberOfTaskSlots': 2,
      'jobmanager.rpc.address': 'localhost',
      'rest.bind-port': '8081-8090',
      'state.backend.type': 'rocksdb',
    }),
  );
  assert.equal(notices, [
    'flink-conf.yaml: options of Flink without a meaning here are ignored: ' +
      'jobmanager.rpc.address, rest.bind-port, state.backend.type, taskmanager.numberOfTaskSlots',
  ]);
});

options('what Flink says of its web server holds for ours', () => {
  const { http } = of(
    layer('flink-conf.yaml', {
      'web.port': '9999',
      'rest.bind-address': '0.0.0.0',
      'web.access-control-allow-origin': 'https://example.org',
      'web.refresh-interval': '5 s',
      'web.cancel.enable': 'false',
    }),
  ).options;
  assert.equal(http, {
    port: 9999,
    address: '0.0.0.0',
    allowOrigin: 'https://example.org',
    refreshIntervalMs: 5_000,
    canCancel: false,
  });
  const faults = [
    ['rest.port', 65_536],
    ['rest.bind-address', ''],
    ['rest.bind-address', 7],
  ] as const;
  for (const [key, value] of faults)
    assert.is(codeAndText(() => of(layer('-D', { [key]: value })))[0], 'OPTION_INVALID', key);
  assert.is(codeAndText(() => of(layer('-D', { 'rest.prot': 1 })))[0], 'OPTION_UNKNOWN');
});

options('an unknown option is refused with the nearest name, also in a family of Flink', () => {
  const [code, text] = codeAndText(() => of(layer('-D', { 'taskmanager.memory.segment-sise': '32 kb' })));
  assert.is(code, 'OPTION_UNKNOWN');
  assert.match(
    text,
    "-D: there is no option 'taskmanager.memory.segment-sise'; did you mean 'taskmanager.memory.segment-size'?",
  );
  const [, part] = codeAndText(() => of(layer('start()', { parallelism: 4 })));
  assert.match(part, "there is no option 'parallelism'; did you mean 'parallelism.default'?");
});

// biome-ignore format: a table
const REFUSED: readonly (readonly [key: string, value: unknown, code: string])[] = [
  ['parallelism.default', 0, 'PARALLELISM_INVALID'],
  ['parallelism.default', '-1', 'PARALLELISM_INVALID'],
  ['parallelism.default', '1.5', 'PARALLELISM_INVALID'],
  ['parallelism.default', 'many', 'PARALLELISM_INVALID'],
  ['parallelism.default', 40000, 'PARALLELISM_INVALID'],
  ['pipeline.operator-chaining.enabled', 'yes', 'OPTION_INVALID'],
  ['taskmanager.memory.network.fraction', 1.5, 'OPTION_INVALID'],
  ['taskmanager.memory.network.fraction', '', 'OPTION_INVALID'],
  ['taskmanager.memory.segment-size', '100', 'OPTION_INVALID'],
  ['taskmanager.memory.segment-size', 'infinite', 'OPTION_INVALID'],
  ['taskmanager.memory.segment-size', '257 b', 'OPTION_INVALID'],
  ['taskmanager.memory.segment-size', '32 kilo', 'OPTION_INVALID'],
  ['execution.buffer-timeout.interval', '-5 ms', 'OPTION_INVALID'],
  ['taskmanager.network.memory.buffers-per-channel', -1, 'OPTION_INVALID'],
  ['taskmanager.network.memory.floating-buffers-per-gate', 0.5, 'OPTION_INVALID'],
];
for (const [key, value, expected] of REFUSED) {
  options(`${key} = ${JSON.stringify(value)} is refused, naming the option and what is accepted`, () => {
    const [code, text] = codeAndText(() => of(layer('-D', { [key]: value })));
    assert.is(code, expected);
    assert.match(text, key);
    assert.match(text, / is (a|true)/);
  });
}

options('debloating is off by default, and has the defaults of Flink', () => {
  const on = { 'taskmanager.network.memory.buffer-debloat.enabled': true };
  assert.equal(of(layer('-D', on)).options.debloat, {
    targetMs: 1000,
    periodMs: 200,
    samples: 20,
    threshold: 0.25,
    bufferBytesMin: 256,
  });
});

options('a channel has exclusive credits or shares floating ones', () => {
  const none = {
    'taskmanager.network.memory.buffers-per-channel': 0,
    'taskmanager.network.memory.floating-buffers-per-gate': 0,
  };
  const [code, text] = codeAndText(() => of(layer('-D', none)));
  assert.is(code, 'OPTION_INVALID');
  assert.match(text, 'no channel would ever have a credit');
  assert.is(
    of(layer('-D', { ...none, 'taskmanager.network.memory.floating-buffers-per-gate': 1 })).options
      .exclusivePerChannel,
    0,
  );
});

options('all faults are reported at once', () => {
  try {
    of(
      layer('-D', { nonsense: 1, 'parallelism.default': 0 }),
      layer('file', { 'pipeline.max-parallelism': 'x' }),
    );
    assert.unreachable();
  } catch (error) {
    assert.ok(isSluiceError(error));
    assert.equal(
      error.errors.map(({ code }) => code),
      ['OPTION_UNKNOWN', 'PARALLELISM_INVALID', 'PARALLELISM_INVALID'],
    );
  }
});

options('values that contradict each other are refused', () => {
  const memory = layer('-D', {
    'taskmanager.memory.network.min': '2 mb',
    'taskmanager.memory.network.max': '1 mb',
  });
  assert.is(codeAndText(() => of(memory))[0], 'OPTION_INVALID');
  const parallelism = layer('-D', { 'parallelism.default': 9, 'pipeline.max-parallelism': 8 });
  assert.is(codeAndText(() => of(parallelism))[0], 'PARALLELISM_INVALID');
});

options('a maximum parallelism below the cores lowers the default parallelism', () => {
  assert.is(of(layer('-D', { 'pipeline.max-parallelism': 3 })).options.parallelism, 3);
});

options.run();
