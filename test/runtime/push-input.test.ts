import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastWriter } from '../../engine/exchange/broadcast-writer.js';
import { PushBuffer } from '../../engine/runtime/push-buffer.js';
import { liveInputOverdraft, PushInput } from '../../engine/runtime/push-input.js';
import { STEP } from '../../engine/runtime/task-input.js';
import { writeToAll } from '../kit/exchange-kit.js';
import { many } from '../kit/exchange-pair.js';
import { NotingCore } from '../kit/noting-core.js';
import { randomRuns } from '../kit/random-rows.js';

const inputs = suite('push input');
const RUNS = randomRuns(300);

const script = fc.record({
  receivers: fc.integer({ min: 1, max: 6 }),
  rowSegments: fc.integer({ min: 1, max: 3 }),
  isBroadcast: fc.boolean(),
  acts: fc.array(
    fc.record({
      do: fc.constantFrom(
        'row' as const,
        'row' as const,
        'watermark' as const,
        'idle' as const,
        'flush' as const,
        'read' as const,
      ),
      to: fc.nat(5),
      words: fc.integer({ min: 3, max: 24 }),
    }),
    { maxLength: 300 },
  ),
});

const SEGMENT_WORDS = 8;

/** A sender whose overdraft is as large as that of a live input, or smaller; a hard wait throws. */
function liveInput(receivers: number, rowSegments: number, isBroadcast: boolean, less = 0) {
  const copies = isBroadcast ? receivers : 1;
  const overdraftPerPartition = liveInputOverdraft(receivers, rowSegments, copies) - less;
  const elementBytesMax = rowSegments * SEGMENT_WORDS * 8;
  const all = many({ receivers, overdraftPerPartition, elementBytesMax, buffersPerSubpartitionMax: 1000 });
  const partition = all.partitions[0]!;
  const broadcast = new BroadcastWriter(partition, all.exchange.view.i32);
  const write = (receiver: number, value: number, bytes: number): void => {
    if (isBroadcast) writeToAll(all.exchange, broadcast, value, bytes);
    else all.write(0, receiver, value, bytes);
  };
  return { all, partition, write, overdraftPerPartition, elementBytesMax };
}

inputs(
  'push/never-waits: a row begun while the partition is available, and the end, never wait for a segment',
  () => {
    fc.assert(
      fc.property(script, ({ receivers, rowSegments, isBroadcast, acts }) => {
        const { all, partition, write } = liveInput(receivers, rowSegments, isBroadcast);
        const isAvailable = (): boolean => partition.available || partition.refresh();
        let value = 0;
        for (const { do: act, to, words } of acts) {
          const receiver = to % receivers;
          const bytes = Math.min(words, rowSegments * SEGMENT_WORDS) * 8;
          if (act === 'row' && isAvailable()) write(receiver, ++value, bytes);
          else if (act === 'watermark') partition.emitWatermark(++value);
          else if (act === 'idle') partition.emitIdle(words % 2 === 0);
          else if (act === 'flush') partition.flush();
          else if (act === 'read') all.read(receiver, 1);
        }
        partition.emitWatermark(Number.POSITIVE_INFINITY);
        for (let k = 0; !isAvailable(); k++) all.read(k % receivers, 1);
        partition.finish();
      }),
      RUNS,
    );
  },
);

/** Full segments to all receivers in turn, none of which reads, as long as the partition is available. */
function filled(receivers: number, rowSegments: number, isBroadcast: boolean, less = 0) {
  const made = liveInput(receivers, rowSegments, isBroadcast, less);
  const { all, partition, write, overdraftPerPartition, elementBytesMax } = made;
  for (let k = 0; partition.freeSegments > overdraftPerPartition + 1; k++)
    all.write(0, k % receivers, k, SEGMENT_WORDS * 8);
  assert.ok(partition.refresh());
  partition.emitWatermark(1);
  return { row: () => write(0, 1, elementBytesMax), end: () => partition.finish() };
}

inputs('push/never-waits: with one segment less a row, or the end, would wait in the worst case', () => {
  for (let receivers = 1; receivers <= 6; receivers++) {
    for (let rowSegments = 1; rowSegments <= 4; rowSegments++) {
      for (const isBroadcast of [false, true]) {
        filled(receivers, rowSegments, isBroadcast).row();
        filled(receivers, rowSegments, isBroadcast).end();
        const act = isBroadcast || 1 + rowSegments >= receivers ? 'row' : 'end';
        const { [act]: tooMuch } = filled(receivers, rowSegments, isBroadcast, 1);
        assert.throws(tooMuch, /nobody expected a hard wait/);
      }
    }
  }
});

/** An input over a buffer of three rows, whose chain notes what it is given and may be blocked after a row. */
function inputOf() {
  const core = new NotingCore();
  const buffer = new PushBuffer({ capacity: 3, high: 3, low: 0 }, () => 1);
  const state = { rowsMax: Number.POSITIVE_INFINITY };
  const process = (batch: unknown, begin: number, end: number): number => {
    const last = Math.min(end, begin + state.rowsMax);
    const rows = (batch as { rows: { n: number }[] }).rows.slice(begin, last);
    core.notes.push(`rows ${rows.map(({ n }) => n)}`);
    return last;
  };
  const input = new PushInput(core, process, buffer);
  return { core, buffer, state, input };
}

inputs(
  'rows that are there are handed over as far as the outputs have room; then it waits, and is ready for more',
  () => {
    const { core, buffer, state, input } = inputOf();
    assert.equal([input.step(9), input.isReady()], [STEP.WAIT_INPUT, false]);
    for (const n of [1, 2, 3]) buffer.offer({ n });
    assert.is(input.isReady(), true);
    state.rowsMax = 1;
    assert.equal([input.step(9), input.isReady(), buffer.held], [STEP.PROGRESS, true, 2]);
    state.rowsMax = 9;
    assert.equal(
      [input.step(1), input.step(9), input.step(9)],
      [STEP.PROGRESS, STEP.PROGRESS, STEP.WAIT_INPUT],
    );
    assert.equal(core.notes, ['rows 1', 'rows 2', 'rows 3']);
  },
);

inputs('an input that ends writes what it holds, then the end of time', () => {
  const { core, buffer, input } = inputOf();
  buffer.offer({ n: 1 });
  buffer.end();
  assert.equal([input.step(9), input.isReady(), input.step(9)], [STEP.PROGRESS, true, STEP.DONE]);
  assert.equal(core.notes, ['rows 1', 'watermark Infinity']);
});

inputs('an input that is closed is ready at once, takes no more and writes what it holds', async () => {
  const { core, buffer, input } = inputOf();
  let wakes = 0;
  buffer.wake = () => void wakes++;
  const pushes = [1, 2, 3, 4].map((n) => buffer.push({ n })!);
  wakes = 0;
  buffer.close(() => new Error('ended'));
  assert.equal([input.isReady(), wakes], [true, 1]);
  assert.equal([input.step(9), buffer.offer({ n: 5 }), input.step(9)], [STEP.PROGRESS, false, STEP.DONE]);
  const told = await Promise.allSettled(pushes);
  assert.equal(
    told.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
  );
  assert.equal(core.notes, ['rows 1,2,3', 'watermark Infinity']);
});

inputs.run();
