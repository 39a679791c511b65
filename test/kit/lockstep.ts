/**
 * Explores interleavings of two or three real threads that run the engine's own code.
 *
 * Situation: a rule between two threads can break in one order of steps out of millions, which real runs hardly meet.
 * Plain way: run it often, and hope. Here instead: each thread replaces the global `Atomics` and stops before and after
 * every operation; only the thread that has the turn moves. Between two stops a thread touches only what the rules say
 * is its own, so the orders of these pieces are all the orders there are.
 *
 * A schedule is the list of steps at which the turn is taken from a thread that could go on. Schedules are enumerated
 * by replay, each exactly once and short ones first, up to a bound on their length; the turn also changes when a thread blocks or
 * ends. `wait` blocks until notified, without a deadline, so "nobody can move" is a lost wake-up.
 *
 * Source: preemption bounding as in Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing of
 * Multithreaded Programs", PLDI 2007.
 */
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { CTL, DONE, OVER, RESULT_WORDS, STEPS_MAX } from './lockstep-turns.js';
import { type PlantedBug, plant } from './planted-bug.js';

export interface LockstepOptions {
  /** Turns taken from a thread that could go on, per schedule; Infinity explores everything. */
  readonly preemptionsMax: number;
  readonly bug?: PlantedBug;
  /** Stop at the first schedule for which this is false. */
  readonly until?: (outcome: Outcome) => boolean;
  readonly schedulesMax?: number;
}

export interface Outcome {
  /** What each thread returned, or `error: …`, or `stuck`. */
  readonly results: readonly [string, string, ...string[]];
  /** First thread, and the steps at which the turn was taken and by whom: enough to replay. */
  readonly schedule: string;
}

export interface Exploration {
  readonly schedules: number;
  readonly steps: number;
  /** Distinct results, each with the first schedule that led to it. */
  readonly outcomes: readonly Outcome[];
}

/** Runs a scenario of `lockstep-scenarios.ts` under every schedule within the bound. */
export async function lockstep(scenario: string, options: LockstepOptions): Promise<Exploration> {
  const { root, remove } = plant(options.bug, ['base', 'memory', 'exchange', 'runtime']);
  const control = new Int32Array(new SharedArrayBuffer(CTL.BYTES));
  control[CTL.turn] = OVER;
  const { SCENARIOS } = await import('./lockstep-scenarios.js');
  const memory = SCENARIOS[scenario]!.memory();
  const originals = memory.map((each) => new Uint8Array(each).slice());
  const engine = pathToFileURL(root).href.replace(/\/?$/, '/engine/');
  const threads = SCENARIOS[scenario]!.threads.length;
  const workers = Array.from(
    { length: threads },
    (_, me) =>
      new Worker(new URL('./lockstep-worker.js', import.meta.url), {
        workerData: { me, scenario, engine, control: control.buffer, memory },
      }),
  );
  try {
    await Promise.all(workers.map(ready));
    const reset = (): void => {
      for (const [i, bytes] of originals.entries()) new Uint8Array(memory[i]!).set(bytes);
    };
    return explore(control, threads, reset, options);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    remove();
  }
}

function ready(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
}

function explore(
  control: Int32Array,
  threads: number,
  reset: () => void,
  options: LockstepOptions,
): Exploration {
  const { preemptionsMax, until, schedulesMax = 200_000 } = options;
  const outcomes = new Map<string, Outcome>();
  let schedules = 0;
  let steps = 0;
  const open = Array.from({ length: threads }, (_, first) => ({ first, preempt: [] as Preemption[] }));
  for (let next = 0; next < open.length; next++) {
    const { first, preempt } = open[next]!; // short schedules first: what they show is easiest to understand
    if (++schedules > schedulesMax) throw new Error(`more than ${schedulesMax} schedules; lower the bound`);
    reset();
    const results = runOnce(control, threads, first, preempt);
    const count = control[CTL.step]!;
    steps += count;
    const key = results.join(' | ');
    const outcome = {
      results,
      schedule: `thread ${first} first, turn taken at ${preempt.map(textOf).join(', ') || 'no step'}`,
    };
    if (!outcomes.has(key)) outcomes.set(key, outcome);
    if (until !== undefined && !until(outcome)) break;
    if (preempt.length >= preemptionsMax) continue;
    for (let step = (preempt.at(-1)?.step ?? -1) + 1; step < Math.min(count, STEPS_MAX); step++)
      for (let to = 0; to < threads; to++)
        if ((control[CTL.choices + step]! & (1 << to)) !== 0)
          open.push({ first, preempt: [...preempt, { step, to }] });
  }
  return { schedules, steps, outcomes: [...outcomes.values()] };
}

/** The turn is taken at a step and given to a thread. */
interface Preemption {
  readonly step: number;
  readonly to: number;
}

function textOf({ step, to }: Preemption): string {
  return `${step} by ${to}`;
}

function runOnce(
  control: Int32Array,
  threads: number,
  first: number,
  preempt: readonly Preemption[],
): readonly [string, string, ...string[]] {
  control.fill(0, CTL.turn + 1); // the turn stays OVER meanwhile
  control.set(
    preempt.map(({ step, to }) => 4 * step + to),
    CTL.preempt,
  );
  for (let me = threads; me < OVER; me++) control[CTL.status + me] = DONE;
  control[CTL.preemptCount] = preempt.length;
  Atomics.store(control, CTL.turn, first);
  Atomics.notify(control, CTL.turn);
  for (let turn = first; turn !== OVER; turn = Atomics.load(control, CTL.turn))
    if (Atomics.wait(control, CTL.turn, turn, 20_000) === 'timed-out')
      throw new Error(`thread ${turn} neither moves nor ends; is it waiting outside of Atomics?`);
  const others = Array.from({ length: threads - 2 }, (_, i) => resultOf(control, i + 2));
  return [resultOf(control, 0), resultOf(control, 1), ...others];
}

function resultOf(control: Int32Array, me: number): string {
  const at = CTL.result + me * RESULT_WORDS;
  const bytes = Buffer.from(control.buffer, (at + 1) * 4, control[at]!);
  return bytes.toString('utf8');
}
