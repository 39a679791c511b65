/**
 * Runs the tests: `node dist/checked/test/run.js [part of a path | -part to leave out]...`.
 *
 * Two files at a time, each in a process of its own. The last line is `N passed, N failed, N skipped`; the exit code
 * is 0 only if nothing failed and something passed.
 */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileReport, runTestFile, type TestFileLimits } from './kit/test-file.js';

const FILES_AT_ONCE = 2;
const EXIT_MS = 4_000;

/** Kinds of test files, by suffix, with the time a file may take on a busy machine. */
const TIMEOUT_MS: { readonly [suffix: string]: number } = {
  '.test.js': 180_000,
  '.sim.js': 240_000,
  '.stress.js': 240_000,
};

const root = fileURLToPath(new URL('.', import.meta.url));

function limitsOf(path: string): TestFileLimits | undefined {
  const suffix = Object.keys(TIMEOUT_MS).find((each) => path.endsWith(each));
  return suffix === undefined ? undefined : { timeoutMs: TIMEOUT_MS[suffix]!, exitMs: EXIT_MS };
}

function findTestFiles(filters: readonly string[]): string[] {
  const wanted = filters.filter((filter) => !filter.startsWith('-'));
  const unwanted = filters.filter((filter) => filter.startsWith('-')).map((filter) => filter.slice(1));
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => limitsOf(path) !== undefined)
    .filter((path) => wanted.length === 0 || wanted.some((filter) => path.includes(filter)))
    .filter((path) => !unwanted.some((filter) => path.includes(filter)))
    .sort();
}

function print(path: string, report: FileReport): void {
  const name = path.replace(/\.js$/, '');
  const seconds = `${(report.durationMs / 1000).toFixed(1)} s`;
  if (report.failed === 0) {
    const skipped = report.skipped === 0 ? '' : `, ${report.skipped} skipped`;
    process.stdout.write(`ok    ${name}  ${report.passed} passed${skipped}  ${seconds}\n`);
    return;
  }
  process.stdout.write(`FAIL  ${name}  ${seconds}\n`);
  process.stdout.write(`${report.output.replace(/^(?=.)/gm, '      ')}\n`);
  for (const fault of report.faults) process.stdout.write(`      ${name} ${fault}\n`);
}

async function main(): Promise<void> {
  const filters = process.argv.slice(2);
  const files = findTestFiles(filters);
  const sum = { passed: 0, failed: 0, skipped: 0 };
  if (files.length === 0) {
    process.stdout.write(`no test file matches ${filters.join(' ')}\n`);
    sum.failed = 1;
  }
  const queue = [...files];
  const failedFiles: string[] = [];
  const runNext = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const report = await runTestFile(join(root, path), limitsOf(path)!);
      print(path, report);
      sum.passed += report.passed;
      sum.failed += report.failed;
      sum.skipped += report.skipped;
      if (report.failed > 0) failedFiles.push(path.replace(/\.js$/, ''));
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, runNext));
  if (failedFiles.length > 0) process.stdout.write(`\nfailed: ${failedFiles.sort().join(' ')}\n`);
  process.stdout.write(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
  process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}

// Without a listener a signal would end the runner before its exit hooks end the test processes.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await main();
