/**
 * `npm run bench` lists the suites; `npm run bench -- <suite> [--only <glob>] [--smoke] [--json] [--svg <file>]` runs one,
 * `npm run bench -- <suite> --from <file> [--json] [--svg <file>]` shows again what a run with `--json` printed.
 *
 * Progress goes to stderr, results to stdout. A failure of any program ends the run with exit code 1.
 */
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { backpressure } from './backpressure.bench.js';
import { chain } from './chain.bench.js';
import { codecs } from './codec.bench.js';
import { exchange } from './exchange.bench.js';
import { flights } from './flights.bench.js';
import { resultChart } from './kit/chart.js';
import { runSuite, type SuiteReport } from './kit/run-suite.js';
import { type BenchSuite, comparisonsOf } from './kit/suite.js';
import { resultTable } from './kit/table.js';
import { nexmark } from './nexmark.bench.js';
import { pulse } from './pulse.bench.js';
import { ring } from './ring.bench.js';
import { scaling } from './scaling.bench.js';
import { state } from './state.bench.js';
import { tuning } from './tuning.bench.js';
import { windows } from './windows.bench.js';

const SUITES: readonly BenchSuite[] = [
  flights,
  exchange,
  ring,
  codecs,
  chain,
  state,
  scaling,
  backpressure,
  pulse,
  tuning,
  nexmark,
  windows,
];

const USAGE = `usage: npm run bench -- <suite> [--only <glob>] [--smoke] [--json] [--svg <file>]
       npm run bench -- <suite> --from <file> [--json] [--svg <file>]

  --only <glob>  only results whose name matches
  --smoke        smallest size, once: proves that all variants run and agree
  --json         one JSON object on stdout
  --svg <file>   a chart as well
  --from <file>  nothing is run: shows what an earlier run printed with --json
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

function readReport(path: string, suite: string): SuiteReport {
  const report = JSON.parse(readFileSync(path, 'utf8')) as SuiteReport;
  if (report.suite !== suite) throw new Error(`${path} is of the suite ${report.suite}, not ${suite}`);
  return report;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      svg: { type: 'string' },
      from: { type: 'string' },
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
  if (values.from !== undefined && (values.smoke || values.only !== undefined))
    throw new Error('--from shows a run that was: --smoke and --only are of one that is to be');
  if (values.svg !== undefined) accessSync(dirname(values.svg), constants.W_OK); // not only when all has run
  const size = values.smoke ? 'smoke' : 'full';
  const log = (text: string): boolean => process.stderr.write(`${text}\n`);
  if (values.smoke) log('smallest size, once: everything runs and agrees; its figures say nothing');
  const report =
    values.from === undefined
      ? await runSuite(suite, { size, only: values.only, log })
      : readReport(values.from, suite.name);
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
