import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PushBuffer, WAITING_MAX } from '../../engine/runtime/push-buffer.js';
import { randomRuns } from '../kit/random-rows.js';

const buffers = suite('push buffer');
const RUNS = randomRuns(200);

interface Row {
  readonly n: number;
  readonly bytes: number;
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A buffer, what was told to each push, and when it paused and resumed. */
function watched(capacity: number, high: number, low: number, inBytes = false) {
  const turns: string[] = [];
  const sizeOf = (row: object): number => (inBytes ? (row as Row).bytes : 1);
  const buffer: PushBuffer = new PushBuffer({ capacity, high, low }, sizeOf, (event) =>
    turns.push(`${event} at ${buffer.held}, ${buffer.taken}`),
  );
  const told: string[] = [];
  let pushed = 0;
  const push = (bytes = 1): boolean => {
    const n = pushed++;
    const promise = buffer.push({ n, bytes });
    told[n] = promise === null ? 'refused' : 'waits';
    promise?.then(
      () => (told[n] = 'resolved'),
      (error) => (told[n] = String(error)),
    );
    return promise !== null;
  };
  const offer = (bytes = 1): boolean => {
    const n = pushed++;
    const taken = buffer.offer({ n, bytes });
    told[n] = taken ? 'taken' : 'refused';
    return taken;
  };
  const written: number[] = [];
  const write = (count: number): void => {
    const rows = buffer.rows.slice(buffer.begin, buffer.begin + count) as Row[];
    written.push(...rows.map(({ n }) => n));
    buffer.written(rows.length);
  };
  return { buffer, turns, told, push, offer, write, written };
}

const bounds = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(100), fc.nat(100)).map(([capacity, a, b]) => {
  const high = 1 + (a % capacity);
  return { capacity, high, low: b % high };
});

const acts = fc.array(
  fc.record({
    do: fc.constantFrom('push' as const, 'push' as const, 'offer' as const, 'write' as const),
    n: fc.integer({ min: 1, max: 9 }),
  }),
  { maxLength: 200 },
);

buffers('push/bounded, push/in-order: all that is not refused is written in order, and told', async () => {
  await fc.assert(
    fc.asyncProperty(bounds, acts, fc.boolean(), async ({ capacity, high, low }, script, inBytes) => {
      const { buffer, told, push, offer, write, written } = watched(capacity, high, low, inBytes);
      for (const { do: act, n } of script) {
        if (act === 'push') push(n);
        else if (act === 'offer') offer(n);
        else write(n);
        const crossing = inBytes ? 9 : 1;
        assert.ok(buffer.held < capacity + crossing, `${buffer.held} of ${capacity} are held`);
        await turn();
        const isWaiting = told.some((each) => each === 'waits');
        assert.is(isWaiting, buffer.waiting > 0);
        if (isWaiting) assert.ok(buffer.isPaused, 'who waits, waits for the resume');
      }
      buffer.end();
      assert.is(push(), false, 'nothing is taken after the end');
      while (!buffer.isDry) write(3);
      await turn();
      assert.is(buffer.held, 0);
      const taken = told.flatMap((each, n) => (each === 'refused' ? [] : [n]));
      assert.equal(written, taken);
      assert.ok(told.every((each) => ['refused', 'taken', 'resolved'].includes(each)));
    }),
    RUNS,
  );
});

buffers('push/hysteresis: it pauses full to high, resumes empty to low, and not more often', () => {
  fc.assert(
    fc.property(bounds, acts, ({ capacity, high, low }, script) => {
      const { buffer, turns, push, offer, write } = watched(capacity, high, low);
      for (const { do: act, n } of script) {
        if (act === 'push') push();
        else if (act === 'offer') offer();
        else write(n);
        assert.is(buffer.isPaused, turns.at(-1)?.startsWith('pause') ?? false);
      }
      let lastTaken = Number.NEGATIVE_INFINITY;
      turns.forEach((text, i) => {
        const [, event, held, taken] = /(\w+) at (\d+), (\d+)/.exec(text)!;
        assert.is(event, i % 2 === 0 ? 'pause' : 'resume');
        if (event === 'resume') assert.ok(Number(held) <= low, text);
        else {
          assert.is(Number(held), high, text);
          assert.ok(Number(taken) - lastTaken >= high - low, turns.join('; '));
          lastTaken = Number(taken);
        }
      });
      assert.equal([buffer.pauses, buffer.resumes], [Math.ceil(turns.length / 2), turns.length >> 1]);
    }),
    RUNS,
  );
});

buffers(
  'push/hysteresis: a push that fills the buffer waits, and so do all until it is half empty',
  async () => {
    const { told, push, write } = watched(4, 4, 2);
    for (let i = 0; i < 6; i++) push();
    await turn();
    assert.equal(told, ['resolved', 'resolved', 'resolved', 'waits', 'waits', 'waits']);
    write(1);
    await turn();
    assert.equal(told.slice(3), ['waits', 'waits', 'waits'], 'it is not empty enough');
    write(1);
    await turn();
    assert.equal(told.slice(3, 5), ['resolved', 'resolved']);
    assert.is(told[5], 'waits', 'it fills the buffer again');
  },
);

buffers('push/bounded: a producer that waits for nothing is refused before memory grows', () => {
  const { buffer, push } = watched(10, 10, 5);
  const accepted = Array.from({ length: 10_000 }, () => push()).filter(Boolean).length;
  assert.is(accepted, 10 + WAITING_MAX);
  assert.is(buffer.rows.length, 10);
  assert.is(buffer.waiting, 1 + WAITING_MAX, 'the one that filled it waits too');
});

buffers('push/bounded: rows that were written do not stay in memory', () => {
  const { buffer, push, write } = watched(2000, 2000, 1999);
  for (let n = 0; n < 1000; n++) push();
  for (let n = 0; n < 100_000; n++) {
    push();
    write(1);
  }
  assert.ok(buffer.rows.length <= 2100, `${buffer.rows.length} rows lie there, 1000 are held`);
  assert.is(buffer.held, 1000);
});

buffers(
  'a close keeps what is held and refuses who waits for room; a failure drops all and tells all',
  async () => {
    const closed = watched(2, 2, 0);
    for (let i = 0; i < 4; i++) closed.push();
    closed.buffer.close(() => new Error('too late'));
    await turn();
    assert.equal(closed.told, ['resolved', 'resolved', 'Error: too late', 'Error: too late']);
    closed.write(9);
    assert.equal([closed.written, closed.buffer.isDry], [[0, 1], true]);
    const ended = watched(2, 2, 0);
    for (let i = 0; i < 4; i++) ended.push();
    ended.buffer.end();
    ended.buffer.close(() => new Error('too late'));
    ended.write(2);
    ended.write(2);
    await turn();
    assert.equal(ended.told, Array(4).fill('resolved'), 'who waited when it was ended goes in');
    const failed = watched(2, 2, 0);
    for (let i = 0; i < 4; i++) failed.push();
    failed.buffer.fail(new Error('broken'));
    await turn();
    assert.equal(failed.told, ['resolved', 'Error: broken', 'Error: broken', 'Error: broken']);
    assert.is(failed.buffer.isDry, true);
  },
);

buffers(
  'push/in-order: a push that comes while others wait does not go before them, though there is room',
  async () => {
    const { buffer, push, offer, write, written } = watched(3, 3, 0);
    for (let n = 0; n < 4; n++) push();
    write(1);
    assert.is(buffer.held, 2);
    assert.is(offer(), false, 'the fourth waits for the resume');
    push();
    buffer.end();
    while (!buffer.isDry) write(3);
    await turn();
    assert.equal(written, [0, 1, 2, 3, 5]);
  },
);

buffers.run();
