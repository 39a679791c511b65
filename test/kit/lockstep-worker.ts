/** One of the threads of the explorer: replaces the global `Atomics`, then plays its part whenever it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Engine, loadEngine, type Part } from './lockstep-engine.js';
import { SCENARIOS } from './lockstep-scenarios.js';
import { BLOCKED, CAN_MOVE, CTL, DONE, OVER, RESULT_WORDS, STEPS_MAX } from './lockstep-turns.js';

const { me, scenario, engine, control, memory } = workerData as {
  me: number;
  scenario: string;
  engine: string;
  control: SharedArrayBuffer;
  memory: SharedArrayBuffer[];
};
/** The other threads, the next one first. */
const others = [(me + 1) % OVER, (me + 2) % OVER];
const ctl = new Int32Array(control);
const real = {
  load: Atomics.load,
  store: Atomics.store,
  add: Atomics.add,
  or: Atomics.or,
  exchange: Atomics.exchange,
  compareExchange: Atomics.compareExchange,
  wait: Atomics.wait,
  notify: Atomics.notify,
};
const STUCK = 'stuck';
const SPINS = 2000;

class Aborted extends Error {}

/** The turn is one word; everything else in `ctl` is touched only by the thread that has it. */
function giveTurn(to: number): void {
  real.store(ctl, CTL.turn, to);
  real.notify(ctl, CTL.turn);
}

function awaitTurn(): void {
  for (let spin = 0; spin < SPINS; spin++) if (real.load(ctl, CTL.turn) === me) return;
  for (let turn = real.load(ctl, CTL.turn); turn !== me; turn = real.load(ctl, CTL.turn))
    real.wait(ctl, CTL.turn, turn);
}

function hasStatus(thread: number, status: number): boolean {
  return ctl[CTL.status + thread] === status;
}

/** The next thread that can go on, or throw once nobody can; OVER: all others are done. */
function nextTurn(): number {
  const next = others.find((other) => hasStatus(other, CAN_MOVE));
  return next ?? others.find((other) => hasStatus(other, BLOCKED)) ?? OVER;
}

/** Gives the turn away and comes back when it is ours again. */
function yieldTurn(to: number): void {
  giveTurn(to);
  awaitTurn();
  if (ctl[CTL.isAborted] === 1) throw new Aborted(STUCK);
}

function stop(): void {
  if (ctl[CTL.isAborted] === 1) throw new Aborted(STUCK);
  const step = ctl[CTL.step]!++;
  if (step >= STEPS_MAX) {
    ctl[CTL.isAborted] = 1;
    throw new Aborted('endless');
  }
  for (const other of others) if (hasStatus(other, CAN_MOVE)) ctl[CTL.choices + step]! |= 1 << other;
  const next = ctl[CTL.nextPreempt]!;
  const preemption = ctl[CTL.preempt + next]!;
  if (next === ctl[CTL.preemptCount] || preemption >> 2 !== step) return;
  ctl[CTL.nextPreempt] = next + 1;
  yieldTurn(preemption & 3);
}

function between<T>(act: () => T): T {
  stop();
  const result = act();
  stop();
  return result;
}

/** Sleeps until notified; a deadline is never reached. */
function waitUntilNotified(words: Int32Array, index: number, value: number): 'ok' | 'not-equal' {
  stop();
  if (words[index] !== value) {
    stop();
    return 'not-equal';
  }
  ctl[CTL.status + me] = BLOCKED;
  ctl[CTL.blockedOn + me] = words.byteOffset + index * 4;
  if (!others.some((other) => hasStatus(other, CAN_MOVE))) ctl[CTL.isAborted] = 1; // nobody can move
  const next = nextTurn();
  if (next === OVER) throw new Aborted(STUCK);
  yieldTurn(next);
  stop();
  return 'ok';
}

function notifyAll(words: Int32Array, index: number): number {
  return between(() => {
    const at = words.byteOffset + index * 4;
    const woken = others.filter((other) => hasStatus(other, BLOCKED) && ctl[CTL.blockedOn + other] === at);
    for (const other of woken) ctl[CTL.status + other] = CAN_MOVE;
    return woken.length;
  });
}

Object.assign(Atomics, {
  load: (words: Int32Array, index: number) => between(() => real.load(words, index)),
  store: (words: Int32Array, index: number, value: number) => between(() => real.store(words, index, value)),
  add: (words: Int32Array, index: number, value: number) => between(() => real.add(words, index, value)),
  or: (words: Int32Array, index: number, value: number) => between(() => real.or(words, index, value)),
  exchange: (words: Int32Array, index: number, value: number) =>
    between(() => real.exchange(words, index, value)),
  compareExchange: (words: Int32Array, index: number, expected: number, value: number) =>
    between(() => real.compareExchange(words, index, expected, value)),
  wait: waitUntilNotified,
  notify: notifyAll,
});

function play(part: Part, modules: Engine): string {
  try {
    return part(memory, modules);
  } catch (error) {
    if (!(error instanceof Aborted)) ctl[CTL.isAborted] = 1;
    return error instanceof Aborted ? error.message : `error: ${(error as Error).message}`;
  }
}

function say(result: string): void {
  const bytes = Buffer.from(result).subarray(0, 8000);
  const at = CTL.result + me * RESULT_WORDS;
  ctl[at] = bytes.length;
  new Uint8Array(control, (at + 1) * 4).set(bytes);
}

const { threads } = SCENARIOS[scenario]!;
const modules = await loadEngine(engine);
parentPort!.postMessage('ready');
for (;;) {
  awaitTurn();
  say(play(threads[me]!, modules));
  ctl[CTL.status + me] = DONE;
  const next = nextTurn();
  if (next !== OVER && hasStatus(next, BLOCKED)) ctl[CTL.isAborted] = 1; // nobody is left to wake it
  giveTurn(next);
}
