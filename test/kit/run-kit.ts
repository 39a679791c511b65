/** What tests of running jobs wait for and look at. */
import { fileURLToPath } from 'node:url';
import { isSluiceError, type SluiceError } from '../../engine/base/errors.js';
import type relay from '../jobs/relay.js';

export type Relay = typeof relay;
export type Event = { user: string; n: number; at: number; note: string | null };

export const jobPath = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/jobs/${name}.ts`, import.meta.url));

/** Seven users in turn, a second apart. */
export const eventOf = (n: number): Event => ({
  user: `user-${n % 7}`,
  n,
  at: n * 1_000,
  note: n % 3 === 0 ? null : `note ${n}`,
});

export async function failureOf(promise: Promise<unknown>): Promise<SluiceError> {
  try {
    await promise;
  } catch (error) {
    if (isSluiceError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

export const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks again until it holds; the runner ends a test file that takes too long. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await later(5);
}

/** Waits until a number has stayed the same for a while, and gives it. */
export async function settled(value: () => number): Promise<number> {
  for (let last = value(), equal = 0; ; equal = value() === last ? equal + 1 : 0, last = value()) {
    if (equal >= 40) return last;
    await later(5);
  }
}

export async function rowsOf<R>(rows: AsyncIterable<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Threads and ports; timers and pipes are the test runner's own. */
export const resources = (): string =>
  process
    .getActiveResourcesInfo()
    .filter((name) => !/^(Timeout|Immediate|PipeWrap|TTYWrap)$/.test(name))
    .sort()
    .join();
