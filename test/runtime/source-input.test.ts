import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ManualClock } from '../../engine/base/clock.js';
import type { Batch } from '../../engine/connectors/connector.js';
import { LatencyMarkers, SourceMarkers } from '../../engine/runtime/latency-markers.js';
import { SourceInput } from '../../engine/runtime/source-input.js';
import { STEP } from '../../engine/runtime/task-input.js';
import { TokenBucket } from '../../engine/runtime/token-bucket.js';
import { ofSource } from '../kit/latency-kit.js';
import { NotingCore } from '../kit/noting-core.js';

const sources = suite('source input');

interface Script {
  readonly splits?: number;
  readonly open?: () => void | Promise<void>;
  /** What the reader answers, in order; then null. */
  readonly batches?: readonly Batch[];
  /** Or this instead. */
  readonly poll?: () => Promise<Batch>;
  /** Notes latency markers. */
  readonly markerEveryMs?: number;
}

/** An input whose reader plays a script, and whose chain notes the rows it was given. */
function inputOf({ splits = 1, open = () => {}, batches = [], poll, markerEveryMs }: Script) {
  const core = new NotingCore();
  const left = [...batches];
  const supply = { isDrained: false, taken: 0, rate: Number.POSITIVE_INFINITY };
  const clock = new ManualClock();
  const pace = new TokenBucket(clock, () => supply.rate, markerEveryMs === undefined ? 100 : 60_000);
  const line = { note: (dueMs: number, nowMs: number) => core.notes.push(`marker ${dueMs} at ${nowMs}`) };
  const passing = new LatencyMarkers(ofSource(line), [], clock);
  const reader = { open, poll: poll ?? (() => left.shift() ?? null), close: () => {} };
  const process = (_: unknown, begin: number, end: number): number => {
    core.notes.push(`rows ${begin}..${end}`);
    return end;
  };
  const input = new SourceInput(
    core,
    process,
    reader,
    {
      splits: Array.from({ length: splits }, (_, k) => ({ id: String(k), state: k })),
      take: () => supply.taken++,
      isDrained: () => supply.isDrained,
      pace,
      markers: markerEveryMs === undefined ? null : new SourceMarkers(passing, 0, pace, markerEveryMs),
    },
    { fields: null },
  );
  return { clock, core, input, supply };
}

const rows = (length: number): Batch => ({ kind: 'rows', length, rows: new Array(length).fill({}) });

sources(
  'latency/scheduled: rows are handed over up to a marker, which follows the row that was due at its slot',
  () => {
    const { clock, core, input, supply } = inputOf({ batches: [rows(100)], markerEveryMs: 10 });
    supply.rate = 1_000;
    for (let k = 0; k < 2; k++) input.step(64); // opens the split; the first row begins the schedule
    clock.advance(25.5);
    for (let k = 0; k < 5; k++) input.step(64);
    assert.equal(core.notes, [
      ...[
        'rows 0..1',
        'marker 0 at 0',
        'rows 1..11',
        'marker 10 at 25.5',
        'rows 11..21',
        'marker 20 at 25.5',
      ],
      'rows 21..26',
    ]);
  },
);

sources('a batch is handed over in pieces of the budget, and the end comes after the last split', () => {
  const { core, input } = inputOf({ splits: 2, batches: [rows(5)] });
  const steps = Array.from({ length: 8 }, () => input.step(2));
  assert.equal(steps, [...new Array(7).fill(STEP.PROGRESS), STEP.DONE]);
  assert.equal(core.notes, ['rows 0..2', 'rows 2..4', 'rows 4..5', 'watermark Infinity']);
});

sources('after a wait for time, rows are handed over in the step that finds them', () => {
  const { core, input } = inputOf({ batches: [{ kind: 'wait', untilMs: 70 }, rows(1)] });
  assert.equal([input.step(9), input.step(9), input.waitUntilMs], [STEP.PROGRESS, STEP.WAIT_TIME, 70]);
  assert.equal([input.step(9), input.waitUntilMs], [STEP.PROGRESS, 0]);
  assert.equal(core.notes, ['rows 0..1']);
});

sources('a wait that a promise brings is passed on before the reader is asked again', async () => {
  let polls = 0;
  const { input } = inputOf({
    poll: async () => {
      polls++;
      return { kind: 'wait', untilMs: 70 };
    },
  });
  assert.equal([input.step(9), input.step(9)], [STEP.PROGRESS, STEP.WAIT_PROMISE]);
  await input.waitFor;
  assert.equal([input.step(9), input.waitUntilMs, polls], [STEP.WAIT_TIME, 70, 1]);
  assert.equal([input.step(9), polls], [STEP.WAIT_PROMISE, 2]);
});

sources(
  'rate/bucket: a paced source waits for time with rows at hand, and reads on when they are due',
  () => {
    const { clock, core, input, supply } = inputOf({ batches: [rows(9)] });
    supply.rate = 20; // a burst is two
    assert.equal([input.step(9), input.step(9)], [STEP.PROGRESS, STEP.PROGRESS]);
    assert.equal([input.step(9), input.waitUntilMs], [STEP.WAIT_TIME, 50]);
    clock.advance(1000);
    assert.equal([input.step(9), input.step(9), input.isReady()], [STEP.PROGRESS, STEP.WAIT_TIME, false]);
    assert.equal(core.notes, ['rows 0..1', 'rows 1..3']);
    supply.rate = 1000;
    assert.is(input.isReady(), true, 'rate/at-once');
    assert.is(input.step(9), STEP.WAIT_TIME);
    assert.is(input.waitUntilMs, 1001);
  },
);

sources('control/signals: a source asked to drain is ready at once, and ends where it is', () => {
  const { core, input, supply } = inputOf({ batches: [{ kind: 'wait', untilMs: 1e6 }, rows(1)] });
  assert.equal([input.step(9), input.step(9), input.isReady()], [STEP.PROGRESS, STEP.WAIT_TIME, false]);
  supply.isDrained = true;
  assert.is(input.isReady(), true);
  assert.is(input.step(9), STEP.DONE);
  assert.equal(core.notes, ['watermark Infinity']);
  assert.is(input.waitUntilMs, 0, 'what it waited for holds nobody back any more');
});

sources('control/signals: a source drains too while its reader has not answered', () => {
  const { core, input, supply } = inputOf({ open: () => new Promise(() => {}) });
  assert.equal(
    [input.step(9), input.step(9), input.isReady()],
    [STEP.WAIT_PROMISE, STEP.WAIT_PROMISE, false],
  );
  supply.isDrained = true;
  assert.is(input.step(9), STEP.DONE);
  assert.equal(core.notes, ['watermark Infinity']);
});

sources.run();
