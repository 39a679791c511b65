import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { backpressure } from '../../bench/backpressure.bench.js';
import { chain } from '../../bench/chain.bench.js';
import { codecs } from '../../bench/codec.bench.js';
import { exchange } from '../../bench/exchange.bench.js';
import { flights } from '../../bench/flights.bench.js';
import { resultChart } from '../../bench/kit/chart.js';
import type { SuiteReport } from '../../bench/kit/run-suite.js';
import { pulse } from '../../bench/pulse.bench.js';
import { ring } from '../../bench/ring.bench.js';
import { scaling } from '../../bench/scaling.bench.js';
import { state } from '../../bench/state.bench.js';

/** Results of record, and what is told of them. */
const records = suite('results of record');
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const SUITES = [flights, exchange, ring, codecs, chain, state, scaling, backpressure, pulse];
const FOLDER = `${ROOT}bench/results`;
const NAMES = readdirSync(FOLDER).flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? []);
const reportOf = (name: string): SuiteReport =>
  JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as SuiteReport;

/** As the page writes numbers. */
const shown = (value: number): string => {
  if (Math.abs(value) < 10) return value.toFixed(2);
  return Math.abs(value) < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');
};

records('each is of a suite, was measured whole, and tells the commit', () => {
  assert.ok(NAMES.length > 3);
  for (const name of NAMES) {
    const { suite: of, results, commit, notMeasured } = reportOf(name);
    assert.is(of, name);
    assert.ok(
      SUITES.some((each) => each.name === name),
      name,
    );
    assert.ok(results.length > 0 && notMeasured.length === 0, name);
    assert.match(commit ?? '', /^[0-9a-f]{7,}$/);
  }
});

records('every chart of the page is drawn from its record', () => {
  for (const name of NAMES) {
    const path = `${ROOT}docs/benchmarks/${name}.svg`;
    assert.ok(existsSync(path), path);
    const drawn = resultChart(SUITES.find((each) => each.name === name)!, reportOf(name));
    assert.ok(
      readFileSync(path, 'utf8') === drawn,
      `npm run bench -- ${name} --from bench/results/${name}.json --svg ${path}`,
    );
  }
});

records('every figure of the page and of the README stands in a record', () => {
  const results = new Map(
    NAMES.flatMap((name) => reportOf(name).results.map((result) => [result.name, result] as const)),
  );
  let rows = 0;
  for (const file of ['docs/benchmarks.md', 'README.md'])
    for (const [line, name, median, low, high] of readFileSync(`${ROOT}${file}`, 'utf8').matchAll(
      /^\| `([\w/-]+)` \| ([\d.,]+)(?: \w+)? \|? ?\(?(-?[\d.,]+)–([\d.,]+)\)? \|.*$/gm,
    )) {
      const result = results.get(name!);
      assert.ok(result, line);
      assert.equal(
        [median, low, high],
        [result.ratio ?? result.value, result.low, result.high].map(shown),
        line,
      );
      rows++;
    }
  assert.ok(rows > 40, `${rows}`);
});

records.run();
