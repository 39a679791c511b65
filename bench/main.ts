/**
 * `npm run bench` lists the suites; `npm run bench -- <suite> [--only <glob>] [--smoke] [--json]` runs one.
 *
 * Progress goes to stderr, results to stdout. A failure of any program ends the run with exit code 1.
 */
import { parseArgs } from 'node:util';
import { backpressure } from './backpressure.bench.js';
import { exchange } from './exchange.bench.js';
import { flights } from './flights.bench.js';
import type { BenchResult } from './kit/bench-result.js';
import { runSuite } from './kit/run-suite.js';
import type { BenchSuite } from './kit/suite.js';

const SUITES: readonly BenchSuite[] = [flights, exchange, backpressure];

const USAGE = `usage: npm run bench -- <suite> [--only <glob>] [--smoke] [--json]

  --only <glob>  only results whose name matches
  --smoke        smallest size, once: proves that all variants run and agree
  --json         one JSON object on stdout
`;

function list(): string {
  const lines = SUITES.flatMap(({ name, question, nonGoals, comparisons, probes }) => [
    `${name}: ${question}`,
    `  not asked: ${nonGoals}`,
    ...comparisons.map((comparison) => `  ${comparison.name}${asked(comparison.bar)}`),
    ...probes.flatMap(({ figures }) =>
      Object.entries(figures).map(([figure, { unit, bar }]) => `  ${figure}, ${unit}${asked(bar)}`),
    ),
    '',
  ]);
  return `${lines.join('\n')}\n${USAGE}`;
}

const asked = (bar: string | null | undefined): string => (bar ? `  [${bar}]` : '');

function figure(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(1)} k`;
  return value.toPrecision(3);
}

function line({ name, value, unit, baseline, ratio, low, high, bar, runs, dropped }: BenchResult): string {
  const against = baseline === null ? '' : `  baseline ${figure(baseline)}`;
  const spread = ratio === null ? `${figure(low)}..${figure(high)}` : `${low.toFixed(2)}..${high.toFixed(2)}`;
  const times = ratio === null ? '' : `  ratio ${ratio.toFixed(2)}`;
  const counts = `${runs} ${ratio === null ? 'runs' : 'pairs'}, ${dropped} dropped`;
  return `${name}  ${figure(value)} ${unit}${against}${times} (${spread})${asked(bar)}  ${counts}\n`;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [name, ...rest] = positionals;
  if (name === undefined || values.help) {
    process.stdout.write(list());
    return;
  }
  const suite = SUITES.find((each) => each.name === name);
  if (suite === undefined || rest.length > 0) {
    throw new Error(
      `there is no suite ${positionals.join(' ')}; there are ${SUITES.map((each) => each.name).join(', ')}`,
    );
  }
  const size = values.smoke ? 'smoke' : 'full';
  const log = (text: string): boolean => process.stderr.write(`${text}\n`);
  const report = await runSuite(suite, { size, only: values.only, log });
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : report.results.map(line).join(''));
  for (const text of report.notMeasured) process.stderr.write(`${text}\n`);
  if (report.notMeasured.length > 0) process.exitCode = 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
