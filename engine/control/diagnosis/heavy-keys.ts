import type { KeySample } from '../../runtime/key-sampler.js';
import { percent } from './scene.js';

/** What a sample of the keys says of a subtask that gets more records than the others. */
export interface HeavyKeys {
  /** To stand behind the reason; empty where no key stands out. */
  readonly alone: string;
  readonly evidence: readonly string[];
  /** Null: what is advised anyway. */
  readonly advice: string | null;
}

/** From fewer rows nothing is said. */
const ROWS_MIN = 30;
/** Of the rows of its subtask; a key that has less does not stand out. */
const SHARE_MIN = 0.1;

/**
 * Names the keys that stand out, with their shares of all records.
 *
 * @param sample  of the rows of the subtask
 * @param part    of all records that the subtask gets, 0..1
 * @returns       null: nothing can be said yet
 */
export function heavyKeys(sample: KeySample | null, part: number): HeavyKeys | null {
  if (sample === null || sample.rows < ROWS_MIN) return null;
  const { rows, keys } = sample;
  const looked = `of ${rows.toLocaleString('en-US')} of its rows`;
  const heavy = keys.filter(({ share }) => share - errorOf(share, rows) >= SHARE_MIN);
  const [first] = heavy;
  if (first === undefined) {
    const most = percent(keys[0]?.share ?? 0);
    return {
      alone: '',
      evidence: [`${looked}, no key has more than ${most}: it has many keys, or a few that are alike`],
      advice: 'use a key with more values, or another parallelism, so that they spread evenly',
    };
  }
  const error = percent(errorOf(first.share, rows) * part);
  const shares = heavy.map(({ key, share }) => `${key} ${percent(share)}`).join(', ');
  return {
    alone: `; key ${first.key} alone ${percent(first.share * part)}, give or take ${error}`,
    evidence: [`${looked}, by key: ${shares}`],
    advice: null,
  };
}

/** By how much a share may be wrong: 19 of 20 samples of so many rows are nearer to the truth. */
export function errorOf(share: number, rows: number): number {
  return 2 * Math.sqrt(Math.max(share * (1 - share), 1 / rows) / rows);
}
