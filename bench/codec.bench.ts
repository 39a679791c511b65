/**
 * Question: what does it cost to make a Nexmark bid bytes and an object again, and does a filter that looks at a number
 * pay for the strings beside it? Does a view pay for a function that reads two fields of twenty, if nobody can tell so?
 * Non-goals: the size of the bytes, threads, other schemas.
 *
 * Each codec is a process of its own, as all variants here are: what the compiler learned of one codec does not slow
 * another. All decode all fields of 4,096 bids that are drawn with a fixed seed, again and again; what they decoded must
 * come to what the bids themselves come to.
 */
import { fileURLToPath } from 'node:url';
import { digestOf } from './baselines/nexmark-bids.js';
import { jobSource } from './kit/shuffle-variants.js';
import type { BenchSuite, Size, Variant } from './kit/suite.js';

const RECORDS: Readonly<Record<Size, number>> = { full: 4_194_304, smoke: 16_384 };
/** Of those that take so much longer. */
const FEWER: Readonly<Record<Size, number>> = { full: 1_048_576, smoke: 16_384 };

function codec(name: string, path: string, records: Readonly<Record<Size, number>>): Variant {
  const program = fileURLToPath(new URL(path, import.meta.url));
  return {
    name,
    command: (size) => ({ argv: [program, `${records[size]}`], timed: { kind: 'reported' } }),
  };
}

const library = (name: string): Variant => codec(name, `./baselines/codec-${name}.js`, FEWER);
const engine = codec('generated code', './inside/codec-engine.js', RECORDS);

const WIDE: Readonly<Record<Size, number>> = { full: 1_000_000, smoke: 20_000 };

/** Two tasks that make wide rows, and two that read two fields of them; the sum over threads is what matters. */
function wideRows(name: string, view: 0 | 1): Variant {
  const program = fileURLToPath(new URL('./kit/run-job.js', import.meta.url));
  return {
    name,
    command: (size) => ({
      argv: [program, jobSource('wide-rows'), '2', '4', `records=${WIDE[size]}`, `view=${view}`],
      timed: { kind: 'reported' },
    }),
  };
}

export const codecs: BenchSuite = {
  name: 'codec',
  question: 'a Nexmark bid to bytes and back, all fields, against JSON and the libraries for it',
  nonGoals: 'the size of the bytes, threads, other schemas',
  seed: 0x5eed,
  comparisons: [
    {
      ...{ name: 'bid-vs-json', bar: '>= 5', expected: digestOf },
      ...{ subject: engine, baselines: [library('json')] },
    },
    {
      ...{ name: 'bid-vs-best-library', bar: '>= 2', expected: digestOf },
      subject: engine,
      baselines: ['msgpackr', 'v8-serialize', 'protobufjs', 'flatbuffers', 'arrow'].map(library),
    },
    {
      name: 'view-2-of-20-vs-object',
      ...{ subject: wideRows('view', 1), baselines: [wideRows('object', 0)] },
    },
  ],
  probes: [
    {
      figures: {
        'bid-filter-strings-dropped': { unit: 'strings decoded per bid dropped', bar: '= 0' },
        'bid-filter-strings-passed': { unit: 'strings decoded per bid passed', bar: '= 3' },
      },
      argv: (size) => [fileURLToPath(new URL('./inside/decoded-strings.js', import.meta.url)), size],
    },
  ],
};
