/** What the threads of the explorer do. Where there are two, thread 0 is upstream, thread 1 downstream. */

import type * as ControlModule from '../../engine/memory/control-arena.js';
import { createControlArena } from '../../engine/memory/control-arena.js';
import { createExchange } from '../../engine/memory/exchange-arena.js';
import { readBuffer, tinySpec, UNTIMED, writeRecord } from './exchange-kit.js';
import { categories, spilling } from './lockstep-categories.js';
import { diamond } from './lockstep-diamond.js';
import type { Part, Scenario } from './lockstep-engine.js';
import { flow } from './lockstep-flow.js';
import { leaving, leavingOneOfTwo, leavingTwoSenders } from './lockstep-release.js';
import { stalledReceiver } from './lockstep-stalled-receiver.js';
import { tracing } from './lockstep-trace.js';
import { twoBarriers } from './lockstep-two-barriers.js';

type Control = ControlModule.ControlArena;

/** One flag and one bell: thread 0 raises the flag, thread 1 sleeps until it is raised. */
function bell(raise: (control: Control) => void, isRaised: (control: Control) => boolean): Scenario {
  return {
    memory: () => [createControlArena({ tasks: 2, cursors: 1, attempt: 1 })],
    threads: [
      ([memory], { ControlArena }) => {
        raise(new ControlArena(memory!, 1));
        return 'raised';
      },
      ([memory], { ControlArena, MAIL }) => {
        const control = new ControlArena(memory!, 1);
        const parker = control.parker(1);
        const condition = { isReady: () => isRaised(control) };
        while (!isRaised(control)) parker.park(MAIL, condition, Number.POSITIVE_INFINITY);
        return 'seen';
      },
    ],
  };
}

/** Thread 0 asks thread 1 to stop, which waits hard for a segment that never comes. */
const stopInHardWait: Scenario = {
  memory: () => [createControlArena({ tasks: 2, cursors: 0, attempt: 1 })],
  threads: [
    ([memory], { ControlArena }) => {
      new ControlArena(memory!, 1).requestStop(1);
      return 'raised';
    },
    ([memory], { ControlArena, ThreadWaiter }) => {
      const control = new ControlArena(memory!, 1);
      try {
        new ThreadWaiter(control, 1, control.parker(1), UNTIMED).awaitCredit({
          exchangeId: 1,
          isSegmentReady: () => false,
        });
      } catch (error) {
        if ((error as { code?: string }).code === 'TASK_CANCELLED') return 'seen';
        throw error;
      }
      return 'woken for nothing';
    },
  ],
};

/** Thread 0 begins at 10, is idle from 20 to 50 and works from then on; thread 1 looks at 100. */
const clock: Scenario = {
  memory: () => [createControlArena({ tasks: 1, cursors: 0, attempt: 1 })],
  threads: [
    ([memory], { ControlArena, IDLE }) => {
      const own = new ControlArena(memory!, 1).clock(0);
      own.begin(10);
      own.wait(IDLE, 20);
      own.work(50);
      return 'kept';
    },
    ([memory], { ControlArena }) => {
      const { state, sinceMs, busyMs, idleMs, elapsedMs } = new ControlArena(memory!, 1)
        .clockReader(0)
        .read(100);
      return `${state} since ${sinceMs}: busy ${busyMs}, idle ${idleMs}, elapsed ${elapsedMs}`;
    },
  ],
};

/** Both threads take splits off one cursor. */
function splitCursor(each: number): Scenario {
  const take: Part = ([memory], { ControlArena }) => {
    const control = new ControlArena(memory!, 1);
    return Array.from({ length: each }, () => control.takeSplit(0)).join();
  };
  return {
    memory: () => [createControlArena({ tasks: 1, cursors: 1, attempt: 1 })],
    threads: [take, take],
  };
}

/**
 * Rings and credits of one channel without bells: `tries` polls against `count` buffers and an end, one exclusive
 * credit. What was got ends with E where the end was seen.
 */
function channelOnly(count: number, tries: number): Scenario {
  const spec = tinySpec({ exclusivePerChannel: 1 });
  return {
    memory: () => [createExchange(spec, 1)],
    threads: [
      ([memory], { attachExchange, NO_SEGMENT }) => {
        const exchange = attachExchange(spec, memory!, 1);
        const end = exchange.senderEnd(0, 0);
        const free = exchange.segmentsOfSender(0).slice(0, 2);
        const sent: number[] = [];
        for (let value = 1; value <= count; value++) {
          end.look();
          for (let back = end.take(); back !== NO_SEGMENT; back = end.take()) free.push(back);
          const segment = free.pop();
          if (segment === undefined) break;
          exchange.ledger.move(segment, 0, 1);
          exchange.view.f64[exchange.segmentStart(segment) >> 3] = value;
          end.publish(segment, value * 8, 0);
          sent.push(value);
        }
        end.end();
        return sent.join();
      },
      ([memory], { attachExchange, BUFFER, END, READING }) => {
        const exchange = attachExchange(spec, memory!, 1);
        const end = exchange.receiverEnd(0, 0);
        const got: string[] = [];
        for (let tried = 0; tried < tries; tried++) {
          const found = end.poll();
          if (found === END) return [...got, 'E'].join();
          if (found !== BUFFER) continue;
          got.push(`${end.bytes / 8}:${exchange.view.f64[exchange.segmentStart(end.segment) >> 3]}`);
          end.look();
          end.lend(end.segment, READING);
        }
        return got.join();
      },
    ],
  };
}

/** One thread is two senders that never wait, the other reads both; without exclusive credits, and one floating. */
function twoSenders(each: number): Scenario {
  const spec = tinySpec({ senders: 2, exclusivePerChannel: 0, floatingPerGate: 1 });
  const upstream: Part = ([controlMemory, memory], engine) => {
    const control = new engine.ControlArena(controlMemory!, 1);
    const exchange = engine.attachExchange(spec, memory!, 1);
    const waiter = new engine.ThreadWaiter(control, 0, control.parker(0), UNTIMED);
    const partitions = [0, 1].map((sender) => engine.openPartition(exchange, sender, control, waiter));
    for (let value = 1; value <= each; value++)
      for (const partition of partitions) {
        writeRecord(exchange, partition, 0, value, 64);
        partition.flush();
      }
    for (const partition of partitions) partition.finish();
    return 'sent';
  };
  const downstream: Part = ([controlMemory, memory], engine) => {
    const control = new engine.ControlArena(controlMemory!, 1);
    const exchange = engine.attachExchange(spec, memory!, 1);
    const parker = control.parker(2);
    const gate = engine.openGate(exchange, 0, control);
    const condition = { isReady: () => gate.isInputReady() };
    const got: string[][] = [[], []];
    for (let found = gate.poll(); found !== engine.GATE_ENDED; found = gate.poll()) {
      if (found === engine.GATE_BUFFER) {
        got[gate.channel]!.push(...readBuffer(exchange, gate));
        gate.recycle();
      } else if (found === engine.GATE_EMPTY) parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
    }
    return got.map((values) => values.join()).join(';');
  };
  return {
    memory: () => [createControlArena({ tasks: 3, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [upstream, downstream],
  };
}

/** One thread is two senders that post a barrier, early and late; the other says what came before it and after. */
function barrier(): Scenario {
  const spec = tinySpec({ senders: 2, exclusivePerChannel: 0, floatingPerGate: 1 });
  const upstream: Part = ([controlMemory, memory], engine) => {
    const control = new engine.ControlArena(controlMemory!, 1);
    const exchange = engine.attachExchange(spec, memory!, 1);
    const waiter = new engine.ThreadWaiter(control, 0, control.parker(0), UNTIMED);
    const [early, late] = [0, 1].map((sender) => engine.openPartition(exchange, sender, control, waiter));
    writeRecord(exchange, early!, 0, 1, 64);
    early!.emitBarrier(1);
    writeRecord(exchange, early!, 0, 2, 64);
    early!.flush();
    writeRecord(exchange, late!, 0, 1, 64);
    late!.emitBarrier(1);
    writeRecord(exchange, late!, 0, 2, 64);
    for (const partition of [early!, late!]) partition.finish();
    return 'sent';
  };
  const downstream: Part = ([controlMemory, memory], engine) => {
    const control = new engine.ControlArena(controlMemory!, 1);
    const exchange = engine.attachExchange(spec, memory!, 1);
    const parker = control.parker(2);
    const gate = engine.openGate(exchange, 0, control);
    const condition = { isReady: () => gate.isInputReady() };
    const parts: string[][] = [[]];
    for (let found = gate.poll(); found !== engine.GATE_ENDED; found = gate.poll()) {
      if (found === engine.GATE_BUFFER) {
        parts.at(-1)!.push(...readBuffer(exchange, gate).map((value) => `${gate.channel}:${value}`));
        gate.recycle();
      } else if (found === engine.GATE_BARRIER) parts.push([`b${gate.barrierId}`]);
      else if (found === engine.GATE_EMPTY) parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
    }
    return parts.map((part) => part.sort().join()).join(';');
  };
  return {
    memory: () => [createControlArena({ tasks: 3, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [upstream, downstream],
  };
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  clock,
  diamond: diamond(),
  bell: bell(
    (control) => control.requestStop(1),
    (control) => control.isStopRequested(1),
  ),
  'drain bell': bell(
    (control) => control.requestDrain(1),
    (control) => control.isDrainRequested(1),
  ),
  'rate bell': bell(
    (control) => control.setRate(0, 5, [1]),
    (control) => control.rate(0) === 5,
  ),
  'stop in a hard wait': stopInHardWait,
  splits: splitCursor(2),
  channel: channelOnly(2, 2),
  'channel-3': channelOnly(3, 3),
  'channel end': channelOnly(1, 2),
  'hard wait': flow({ records: 4, segments: 2, isPolite: false }),
  'soft wait': flow({ records: 3, segments: 10, isPolite: true, changes: { buffersPerSubpartitionMax: 1 } }),
  flush: flow({ records: 3, segments: 10, isPolite: true, isFlushed: true }),
  'flush, each rung': flow({
    ...{ records: 2, segments: 10, isPolite: true, isFlushed: true },
    changes: { buffersPerSubpartitionMax: 1 },
  }),
  end: flow({ records: 1, segments: 10, isPolite: true }),
  'one floating': flow({ records: 5, segments: 3, isPolite: false, changes: { floatingPerGate: 1 } }),
  'no exclusive': flow({
    records: 4,
    segments: 2,
    isPolite: false,
    changes: { exclusivePerChannel: 0, floatingPerGate: 1 },
  }),
  'no exclusive, flushed': flow({
    ...{ records: 3, segments: 10, isPolite: true, isFlushed: true },
    changes: { exclusivePerChannel: 0, floatingPerGate: 2 },
  }),
  'no exclusive, soft wait': flow({
    records: 3,
    segments: 10,
    isPolite: true,
    changes: { exclusivePerChannel: 0, floatingPerGate: 1, buffersPerSubpartitionMax: 1 },
  }),
  'two senders': twoSenders(2),
  barrier: barrier(),
  'two barriers': twoBarriers(),
  pieces: flow({
    records: 2,
    segments: 2,
    isPolite: true,
    bytes: 144,
    changes: { exclusivePerChannel: 0, floatingPerGate: 1, elementBytesMax: 192 },
  }),
  'three credits': flow({
    records: 6,
    segments: 2,
    isPolite: false,
    changes: { exclusivePerChannel: 3, buffersPerSubpartitionMax: 1 },
  }),
  'stalled receiver': stalledReceiver(6, 3),
  'left in a hard wait': leaving({ records: 4, segments: 2, isPolite: false }, 0),
  'left while it lends': leaving({ records: 4, segments: 2, isPolite: false }, 1),
  'left in a soft wait': leaving(
    { records: 4, segments: 10, isPolite: true, changes: { buffersPerSubpartitionMax: 1 } },
    0,
  ),
  'left in a flush': leaving({ records: 3, segments: 10, isPolite: true, isFlushed: true }, 1),
  'left at the end': leaving({ records: 3, segments: 10, isPolite: false, barrierAfter: 2 }, 0),
  'left in an element': leaving(
    {
      ...{ records: 2, segments: 2, isPolite: false, bytes: 144 },
      changes: { exclusivePerChannel: 2, elementBytesMax: 192 },
    },
    1,
  ),
  'one of two left': leavingOneOfTwo(4, 2),
  'left without credits': leaving(
    {
      ...{ records: 2, segments: 2, isPolite: false, bytes: 144 },
      changes: { exclusivePerChannel: 0, floatingPerGate: 1, elementBytesMax: 192 },
    },
    1,
  ),
  'left by two senders': leavingTwoSenders(2, 4),
  'one text': categories({ values: 4, bytes: 64 }, ['AB'], ['AB']),
  'two texts in one slot': categories({ values: 8, bytes: 64 }, ['AB', 'AC'], ['AC', 'AB']),
  'one text by three': categories({ values: 4, bytes: 64 }, ['AB'], ['AB'], ['AB']),
  'texts of three in one slot': categories({ values: 8, bytes: 64 }, ['AB'], ['AC'], ['AB']),
  'entries for one': categories({ values: 1, bytes: 64 }, ['AB'], ['AC']),
  'bytes for one': categories({ values: 8, bytes: 3 }, ['AB'], ['AC']),
  'entries for one of three': categories({ values: 1, bytes: 64 }, ['AB'], ['AC'], ['AD']),
  'two reasons': spilling(),
  trace: tracing(4, 3),
};
