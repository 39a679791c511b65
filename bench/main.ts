/**
 * `npm run bench` lists the suites; `npm run bench -- <suite> [--only <glob>] [--smoke] [--json] [--svg <file>]` runs one.
 *
 * Progress goes to stderr, results to stdout. A failure of any program ends the run with exit code 1.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { backpressure } from './backpressure.bench.js';
import { chain } from './chain.bench.js';
import { codecs } from './codec.bench.js';
import { exchange } from './exchange.bench.js';
import { flights } from './flights.bench.js';
import { resultChart } from './kit/chart.js';
import { runSuite } from './kit/run-suite.js';
import { type BenchSuite, comparisonsOf } from './kit/suite.js';
import { resultTable } from './kit/table.js';
import { ring } from './ring.bench.js';
import { scaling } from './scaling.bench.js';
import { state } from './state.bench.js';

const SUITES: readonly BenchSuite[] = [flights, exchange, ring, codecs, chain, state, scaling, backpressure];

const USAGE = `usage: npm run bench -- <suite> [--only <glob>] [--smoke] [--json] [--svg <file>]

  --only <glob>  only results whose name matches
  --smoke        smallest size, once: proves that all variants run and agree
  --json         one JSON object on stdout
  --svg <file>   a chart as well
`;

function list(): string {
  const lines = SUITES.flatMap((suite) => [
    `${suite.name}: ${suite.question}`,
    `  not asked: ${suite.nonGoals}`,
    ...comparisonsOf(suite).flatMap(({ name, bar, amounts = {} }) => [
      `  ${name}${asked(bar)}`,
      ...Object.entries(amounts).map(([amount, { unit, bar: of }]) => `  ${amount}, ${unit}${asked(of)}`),
    ]),
    ...suite.probes.flatMap(({ figures }) =>
      Object.entries(figures).map(([figure, { unit, bar }]) => `  ${figure}, ${unit}${asked(bar)}`),
    ),
    '',
  ]);
  return `${lines.join('\n')}\n${USAGE}`;
}

const asked = (bar: string | undefined): string => (bar === undefined ? '' : `  [${bar}]`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      svg: { type: 'string' },
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
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : resultTable(report.results));
  if (values.svg !== undefined) writeFileSync(values.svg, resultChart(suite, report));
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
