import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BroadcastWriter } from '../../engine/exchange/broadcast-writer.js';
import { SIGNAL_BYTES } from '../../engine/exchange/element.js';
import { openGate } from '../../engine/exchange/input-gate.js';
import { openPartition } from '../../engine/exchange/open-partition.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import { ControlArena, createControlArena } from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange } from '../../engine/memory/exchange-arena.js';
import { type ExchangeSpec, partitionSegments, ringSlots } from '../../engine/memory/exchange-sizes.js';
import {
  drain,
  steppingWaiter,
  tinySpec,
  writeInTurn,
  writeRecord,
  writeToAll,
} from '../kit/exchange-kit.js';

const properties = suite('exchange properties');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
const RUNS = { seed, numRuns: Number(process.env['RUNS'] ?? 150), includeErrorInReport: true };

type Step =
  | { readonly do: 'write'; readonly who: number; readonly to: number; readonly words: number }
  | {
      readonly do: 'watermark' | 'idle' | 'flush' | 'refresh' | 'read' | 'debloat';
      readonly who: number;
      readonly n: number;
    };

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        who: fc.nat(3),
        to: fc.nat(3),
        words: fc.oneof(
          { weight: 6, arbitrary: fc.integer({ min: 3, max: 8 }) },
          fc.integer({ min: 9, max: 32 }),
        ),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'watermark' as const,
          'idle' as const,
          'flush' as const,
          'refresh' as const,
          'debloat' as const,
        ),
        who: fc.nat(3),
        n: fc.nat(3),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('read' as const),
        who: fc.nat(3),
        n: fc.integer({ min: 1, max: 6 }),
      }),
    },
  ),
  { maxLength: 400, size: 'max' },
);

/** How records are spread: `chosen` by the script, by an adaptive `turn`, or to `all`. */
type Spread = 'chosen' | 'turn' | 'all';
const spreads = fc.constantFrom<Spread>('chosen', 'turn', 'all');

const shapes = fc
  .record({
    pattern: fc.constantFrom('all-to-all' as const, 'pointwise' as const),
    senders: fc.integer({ min: 1, max: 4 }),
    receivers: fc.integer({ min: 1, max: 4 }),
    exclusivePerChannel: fc.integer({ min: 0, max: 6 }),
    floatingPerGate: fc.integer({ min: 0, max: 8 }),
    buffersPerSubpartitionMax: fc.integer({ min: 1, max: 10 }),
    overdraftPerPartition: fc.nat(3),
  })
  .filter(({ exclusivePerChannel, floatingPerGate }) => exclusivePerChannel + floatingPerGate > 0);

/** Buffers shrink to what a few units of the clock read, and grow again. */
const DEBLOAT = { targetMs: 5, periodMs: 1, samples: 2, threshold: 0, bufferBytesMin: 8 };

/** Times that a partition without room had some again: without any, scripts would be too short to say much. */
let timesRoomCame = 0;

/** Runs the steps over production classes in this thread; then ends everything and looks at the whole. */
function play(spec: ExchangeSpec, script: readonly Step[], spread: Spread, isPolite: boolean): void {
  const control = new ControlArena(
    createControlArena({ tasks: spec.senders + spec.receivers, cursors: 0, attempt: 1 }),
    1,
  );
  const exchange = attachExchange(spec, createExchange(spec, 1), 1);
  const gates = spec.receiverTasks.map((_, receiver) => openGate(exchange, receiver, control, DEBLOAT));
  const got: string[][][] = gates.map(() => []);
  const sent: string[][][] = gates.map((gate) => Array.from({ length: gate.channelCount }, () => []));
  const note = (sender: number, k: number, value: number): void => {
    const receiver = exchange.topology.receiverBehind(sender, k);
    sent[receiver]![sender - exchange.topology.senderBefore(receiver, 0)]!.push(String(value));
  };
  const readAll = (max: number): void => gates.forEach((gate, r) => void drain(exchange, gate, got[r]!, max));
  const waiter = steppingWaiter(() => readAll(1));
  const partitions = spec.senderTasks.map((_, sender) => openPartition(exchange, sender, control, waiter));
  const broadcasts = partitions.map((partition) => new BroadcastWriter(partition, exchange.view.i32));
  let clock = 0;
  for (const step of script) {
    const sender = step.who % spec.senders;
    const partition = partitions[sender]!;
    const isReady = partition.isCreditReady();
    if (!partition.available && (step.do === 'refresh' || (step.do === 'write' && isPolite))) {
      const cameAvailable = partition.refresh();
      assert.ok(isReady || !cameAvailable, 'the condition of a parked task misses no credit');
      if (!cameAvailable) continue;
      timesRoomCame++;
    }
    if (step.do === 'write') {
      const bytes = step.words * 8;
      const count = partition.subpartitions.length;
      if (spread === 'all') {
        writeToAll(exchange, broadcasts[sender]!, ++clock, bytes);
        for (let k = 0; k < count; k++) note(sender, k, clock);
      } else if (spread === 'turn') {
        const { waits } = waiter;
        const k = writeInTurn(exchange, partition, ++clock, bytes);
        note(sender, k, clock);
        // A watermark and its record may need a buffer each, and while a record waits hard others are read.
        if (bytes + 2 * SIGNAL_BYTES <= spec.segmentBytes && waiter.waits === waits)
          checkCap(partition, k, spec.buffersPerSubpartitionMax);
      } else {
        const k = step.to % count;
        writeRecord(exchange, partition, k, ++clock, bytes);
        note(sender, k, clock);
      }
    } else if (step.do === 'watermark') partition.emitWatermark(++clock);
    else if (step.do === 'idle') partition.emitIdle(step.n % 2 === 1);
    else if (step.do === 'flush') {
      // A segment that comes back on one channel may be what a watermark of another waits for.
      for (let n = 0; n === 0 || (n <= partition.subpartitions.length && partition.isCreditReady()); n++)
        partition.flush();
      assert.is(
        partition.isCreditReady(),
        false,
        'after flushes nothing more can be done without a new credit',
      );
    } else if (step.do === 'debloat') gates[step.who % spec.receivers]!.debloat(clock, ++clock);
    else if (step.do === 'read')
      drain(exchange, gates[step.who % spec.receivers]!, got[step.who % spec.receivers]!, step.n);
    partition.assertConserved();
  }
  for (const partition of partitions) partition.finish();
  readAll(Infinity);
  got.forEach((channels, receiver) => {
    channels.forEach((elements, channel) => {
      const records = elements.filter((element) => /^\d/.test(element));
      assert.equal(records, sent[receiver]![channel], `channel ${channel} of ${receiver}`);
      assert.is(elements.at(-1), 'END');
      const marks = elements
        .filter((element) => element.startsWith('w'))
        .map((mark) => Number(mark.slice(1)));
      assert.equal(
        marks,
        [...marks].sort((a, b) => a - b),
      );
      checkMarksStandInOrder(elements);
    });
    assert.is(channels.length, gates[receiver]!.channelCount);
  });
  exchange.assertConserved();
}

/** Nothing goes to a receiver at its cap while another is below, as of the partition's last look. */
function checkCap({ subpartitions }: ResultPartition, k: number, cap: number): void {
  const isAtCap = subpartitions.map(({ channel }) => channel.backlog >= cap);
  assert.ok(!isAtCap[k] || !isAtCap.includes(false), `subpartition ${k} is at its cap, and not all are`);
}

/** Records and watermarks carry the same clock, so every element of a channel is later than the one before. */
function checkMarksStandInOrder(elements: readonly string[]): void {
  let last = 0;
  for (const element of elements) {
    if (!/^w?\d/.test(element)) continue;
    const at = Number(element.replace('w', ''));
    assert.ok(at > last, `${element} stands after ${last}`);
    last = at;
  }
}

properties(
  'exchange/swap-by-index, gate/lend, record/span, credit/count, partition/turn, exchange/broadcast-copies: any order ' +
    'of writes, flushes and reads gives exact data and keeps every segment',
  () => {
    fc.assert(
      fc.property(shapes, steps, spreads, fc.boolean(), (shape, script, spread, isPolite) => {
        play(
          tinySpec({ ...shape, elementBytesMax: 256, isAdaptive: spread === 'turn' }),
          script,
          spread,
          isPolite,
        );
      }),
      RUNS,
    );
    assert.ok(timesRoomCame >= RUNS.numRuns, `${timesRoomCame} times in ${RUNS.numRuns} scripts`);
  },
);

properties(
  'ring/slots, ring/wrap: rings of exactly P + E + F slots are enough, past the sign change too',
  () => {
    const exact = {
      senders: 1,
      receivers: 2,
      exclusivePerChannel: 2,
      floatingPerGate: 2,
      overdraftPerPartition: 0,
    };
    const spec = tinySpec({ ...exact, buffersPerSubpartitionMax: 100, elementBytesMax: 256 });
    const [segments, lendable] = [partitionSegments(2, 0), 4];
    assert.is(ringSlots(segments, 2, 2), segments + lendable);
    fc.assert(
      fc.property(steps, (script) => {
        play(spec, script, 'chosen', false);
      }),
      RUNS,
    );
  },
);

properties.run();
