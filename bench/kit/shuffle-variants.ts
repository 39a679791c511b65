/** The keyed shuffle as variants: through the public API, and as the programs in `bench/baselines`. */
import { fileURLToPath } from 'node:url';
import type { Size, Variant } from './suite.js';

export interface ShuffleSize {
  readonly records: Readonly<Record<Size, number>>;
  readonly keys: number;
  /** Sources and counters: `2x2`. */
  readonly threads?: string;
  /** Rounds of hashing per record. */
  readonly work?: number;
}

const compiled = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
/** Jobs are run from their source, as a user runs them. */
export const jobSource = (name: string): string =>
  fileURLToPath(new URL(`../../../../bench/jobs/${name}.ts`, import.meta.url));

/** @param program  in `bench/baselines`, without `shuffle-` */
export function shuffleProgram(
  program: string,
  { records, keys, threads = '2x2', work = 0 }: ShuffleSize,
): Variant {
  const path = compiled(`baselines/shuffle-${program}.js`);
  return {
    name: program,
    command: (size) => ({
      argv: [path, `${records[size]}`, `${keys}`, `${work}`, threads],
      timed: { kind: 'reported' },
    }),
  };
}

/** @param settings  options of the engine, `key=value` */
export function shuffleJob(
  job: 'shuffle-declared' | 'shuffle-undeclared' | 'shuffle-many-keys',
  { records, keys, threads = '2x2', work = 0 }: ShuffleSize,
  settings: readonly string[] = [],
): Variant {
  return {
    name: job,
    command: (size) => ({
      argv: [
        compiled('kit/run-shuffle.js'),
        jobSource(job),
        ...[records[size], keys, threads, `work:${work}`].map(String),
        ...settings,
      ],
      timed: { kind: 'reported' },
    }),
  };
}
