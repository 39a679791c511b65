import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isSluiceError } from '../../../engine/base/errors.js';
import { readConfigFile } from '../../../engine/control/options/config-file.js';

const config = suite('configuration file');
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-config-'));
config.after(() => rmSync(folder, { recursive: true }));

async function read(name: string, text: string): Promise<Readonly<Record<string, unknown>>> {
  writeFileSync(join(folder, name), text);
  return (await readConfigFile(join(folder, name))).values;
}

async function failureOf(name: string, text: string): Promise<string> {
  try {
    await read(name, text);
  } catch (error) {
    if (isSluiceError(error)) return error.message;
    throw error;
  }
  return 'none';
}

config('YAML may be flat, nested and both', async () => {
  const text =
    'parallelism.default: 2\ntaskmanager:\n  memory:\n    segment-size: 64 kb\n    network.fraction: 0.2\nempty:\n';
  assert.equal(await read('a.yaml', text), {
    'parallelism.default': 2,
    'taskmanager.memory.segment-size': '64 kb',
    'taskmanager.memory.network.fraction': 0.2,
    empty: null,
  });
});

config('JSON is flattened in the same way', async () => {
  assert.equal(await read('a.json', '{"a":{"b":{"c":true}},"d.e":[1,2]}'), { 'a.b.c': true, 'd.e': '1;2' });
});

config('a file of Flink 1 that is not quite YAML is read as Flink reads it', async () => {
  const text = '# comment\nenv.java.opts: -Dx: y\nparallelism.default: 4 # four\n';
  assert.equal(await read('flink-conf.yaml', text), {
    'env.java.opts': '-Dx: y',
    'parallelism.default': '4',
  });
});

config('an empty file has no options', async () => {
  assert.equal(await read('b.yaml', ''), {});
});

config('a file that is missing, broken or no map is refused with its name and the reason', async () => {
  assert.match(await failureOf('c.json', '{'), /CONFIG_UNREADABLE: .*c\.json/);
  assert.match(await failureOf('c.yaml', 'a: [1'), /CONFIG_UNREADABLE: .*c\.yaml:1:6: Flow sequence/);
  assert.match(await failureOf('d.yaml', '- 1\n'), /a map of options/);
  assert.match(await failureOf('e.yaml', 'a.b: 1\na:\n  b: 2\n'), /a\.b is given twice/);
  try {
    await readConfigFile(join(folder, 'none.yaml'));
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, 'there is no such file');
  }
});

config.run();
