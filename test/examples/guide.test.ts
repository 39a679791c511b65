import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Sink } from '../../engine/connectors/connector.js';
import { loadJob } from '../../engine/control/job-file/job-loader.js';
import { runInline } from '../../engine/testing/run-inline.js';
import { repositoryRoot } from '../kit/sources.js';

/** What the guide shows runs, and prints what the guide says. */
const guide = suite('examples of the guide');
const PAGES = join(repositoryRoot, 'docs/guide');
/** Inside of the package, which the jobs import by its name. */
const folder = fileURLToPath(new URL(`../../../guide-${process.pid}`, import.meta.url));
mkdirSync(folder, { recursive: true });
guide.after(() => rmSync(folder, { recursive: true, force: true }));

/** Jobs by file name, with the lines that they print, if the page tells. */
const EXAMPLE = /```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g;

/** Takes the place of standard output, which is the test runner's. */
const lines: string[] = [];
const printed: Sink<any> = {
  ...{ urn: 'test:print', label: 'print', options: null, path: null },
  check: async () => {},
  createWriter: () => ({
    write: (row) => void lines.push(JSON.stringify(row)),
    flush: () => {},
    prepareCommit: () => null,
    close: () => {},
  }),
  createCommitter: () => ({ commit: async () => {}, abort: async () => {} }),
};
Object.assign(globalThis, { printed });

for (const page of readdirSync(PAGES)) {
  const examples = [...readFileSync(join(PAGES, page), 'utf8').matchAll(EXAMPLE)];
  guide(`${page} has an example, and each runs to its end`, async () => {
    assert.ok(examples.length > 0);
    for (const [, name, text, expected] of examples) {
      const file = join(folder, name!);
      writeFileSync(file, text!.replaceAll('.print()', '.to(globalThis.printed)'));
      lines.length = 0;
      await runInline((await loadJob(file)).job);
      assert.ok(lines.length > 0, `${name} prints something`);
      if (expected !== undefined)
        assert.equal(lines.toSorted(), expected.trimEnd().split('\n').toSorted(), name);
    }
  });
}

guide.run();
