import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CREDIT, DOORBELL, Doorbell, INPUT, MAIL, Parker } from '../../engine/memory/parker.js';

const parkers = suite('parker');
const never = { isReady: () => false };
/** A condition during whose look something happens. */
const during = (act: () => void, holds: boolean) => ({
  isReady: () => {
    act();
    return holds;
  },
});

function bell() {
  const words = new Int32Array(new SharedArrayBuffer(DOORBELL.BYTES));
  return { words, doorbell: new Doorbell(words, 0), parker: new Parker(words, 0) };
}
const seqOf = (words: Int32Array): number => words[DOORBELL.seq]!;
const interestOf = (words: Int32Array): number => words[DOORBELL.interest]!;

/** Rings from another thread after a while. */
function ringLater(words: Int32Array, bits: number, afterMs: number): Worker {
  const source = `
    const { words, seq, interest, bits, afterMs } = require('node:worker_threads').workerData;
    const until = Date.now() + 5000;
    while (Atomics.load(words, interest) === 0 && Date.now() < until);
    setTimeout(() => {
      if (Atomics.load(words, interest) & bits) { Atomics.add(words, seq, 1); Atomics.notify(words, seq); }
    }, afterMs);`;
  const { seq, interest } = DOORBELL;
  return new Worker(source, { eval: true, workerData: { words, seq, interest, bits, afterMs } });
}

parkers('wait/park: who is not parked is not woken, and who wants other bits neither', () => {
  const { words, doorbell, parker } = bell();
  doorbell.ring(INPUT | CREDIT | MAIL);
  assert.is(seqOf(words), 0);
  parker.park(
    INPUT,
    during(() => doorbell.ring(CREDIT), true),
    1000,
  );
  assert.is(seqOf(words), 0);
  assert.is(interestOf(words), 0);
});

parkers('wait/park: a ring between the look and the sleep cuts the sleep short', () => {
  const { words, doorbell, parker } = bell();
  const startedMs = performance.now();
  parker.park(
    INPUT,
    during(() => doorbell.ring(INPUT), false),
    20_000,
  );
  assert.ok(performance.now() - startedMs < 10_000);
  assert.is(seqOf(words), 1);
});

parkers('wait/park: a condition that holds already needs no sleep', () => {
  const { parker } = bell();
  parker.park(INPUT, { isReady: () => true }, 20_000);
  assert.is(parker.parks, 0);
});

parkers('a park ends when its time is over', () => {
  const { words, parker } = bell();
  parker.park(INPUT, never, 5);
  assert.is(parker.parks, 1);
  assert.is(interestOf(words), 0);
});

parkers('wait/park: a ring from another thread ends the sleep', async () => {
  const { words, parker } = bell();
  const ringer = ringLater(words, CREDIT, 20);
  parker.park(CREDIT | MAIL, never, 20_000);
  assert.is(seqOf(words), 1);
  await ringer.terminate();
});

parkers(
  'wait/async: a ring, a deadline and a call in the thread each end the wait, again and again',
  async () => {
    const { words, doorbell, parker } = bell();
    await parker.parkAsync(INPUT, never, 5);
    await parker.parkAsync(INPUT, never, 5);
    const woken = parker.parkAsync(INPUT, never, 20_000);
    doorbell.ring(INPUT);
    await woken;
    const called = parker.parkAsync(INPUT, never, 20_000);
    parker.wakeHere();
    await called;
    const rungWhileRaising = during(() => doorbell.ring(INPUT), false);
    await parker.parkAsync(INPUT, rungWhileRaising, 20_000);
    const ringer = ringLater(words, MAIL, 20);
    await parker.parkAsync(MAIL, never, 20_000);
    await ringer.terminate();
    assert.is(interestOf(words), 0);
  },
);

parkers(
  'wait/async: a wait left over from a deadline does not swallow the wake of a blocking park',
  async () => {
    const { words, parker } = bell();
    await parker.parkAsync(INPUT, never, 5);
    const ringer = ringLater(words, INPUT, 20);
    parker.park(INPUT, never, 20_000);
    assert.is(seqOf(words), 1);
    await ringer.terminate();
  },
);

parkers('wait/async: of all waits that ran into their deadline, one is outstanding', async () => {
  const { words, parker } = bell();
  for (let i = 0; i < 3; i++) await parker.parkAsync(INPUT, never, 1);
  assert.is(Atomics.notify(words, DOORBELL.seq), 1);
});

parkers('wait/async: a ring goes to all who wait, since one of them may be stale', async () => {
  const { words, doorbell, parker } = bell();
  await parker.parkAsync(INPUT, never, 1); // leaves a wait behind
  const woken = new Parker(words, 0).parkAsync(INPUT, never, 20_000);
  doorbell.ring(INPUT);
  assert.is(Atomics.notify(words, DOORBELL.seq), 0, 'nobody is left');
  await woken;
});

parkers('wait/async: who waits for ever does not wake by itself', async () => {
  const { words, doorbell, parker } = bell();
  const woken = parker.parkAsync(INPUT, never, Number.POSITIVE_INFINITY);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(interestOf(words), INPUT);
  doorbell.ring(INPUT);
  await woken;
});

parkers('wait/park: a condition that holds already needs no sleep of the event loop either', async () => {
  const { parker } = bell();
  await parker.parkAsync(INPUT, { isReady: () => true }, 20_000);
  assert.is(parker.parks, 0);
});

parkers.run();
