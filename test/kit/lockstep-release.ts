import { CHANNEL, POSITION_START } from '../../engine/memory/channel.js';
import { createControlArena } from '../../engine/memory/control-arena.js';
import { createExchange, type Exchange } from '../../engine/memory/exchange-arena.js';
import { readBuffer, tinySpec, UNTIMED, writeRecord, writeToAll } from './exchange-kit.js';
import type { Part, Scenario } from './lockstep-engine.js';
import { type Flow, sending, withSegments } from './lockstep-flow.js';

/**
 * A receiver that leaves after so many buffers or pieces, wherever its sender is then, and goes on to the end. It says
 * what it got while it was there, and how many buffers were published and how many discarded.
 */
export function leaving(sender: Flow, leavesAfter: number): Scenario {
  const spec = tinySpec({ exclusivePerChannel: 1, ...sender.changes });
  const downstream: Part = ([controlMemory, memory], engine) => {
    const control = new engine.ControlArena(controlMemory!, 1);
    const exchange = engine.attachExchange(spec, memory!, 1);
    const parker = control.parker(1);
    const gate = engine.openGate(exchange, 0, control);
    const condition = { isReady: () => gate.isInputReady() };
    const got: string[] = [];
    let hasLeft = false;
    for (;;) {
      if (!hasLeft && gate.buffersIn >= leavesAfter) {
        gate.release();
        hasLeft = true;
      }
      const found = gate.poll();
      if (found === engine.GATE_ENDED) break;
      if (found === engine.GATE_BUFFER) {
        if (hasLeft) throw new Error('a gate that was left gives out a buffer');
        got.push(...readBuffer(exchange, gate));
        gate.recycle();
      } else if (found === engine.GATE_BARRIER) {
        if (hasLeft) throw new Error('a gate that was left tells a barrier');
      } else if (found === engine.GATE_EMPTY) {
        gate.ringOwed();
        parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
      }
    }
    gate.ringOwed();
    exchange.assertConserved();
    return `${got.join()};${figuresOf(exchange, 0)}`;
  };
  return {
    memory: () => [createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [sending(sender, spec), downstream],
  };
}

/**
 * Every record goes to two receivers in one thread. The first reads nothing, and leaves once the second has so many
 * buffers, which gets them all.
 */
export function leavingOneOfTwo(records: number, leavesAfter: number): Scenario {
  const spec = tinySpec({ receivers: 2, receiverTasks: [1, 1], exclusivePerChannel: 1 });
  return {
    memory: () => [createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [
      ([controlMemory, memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const exchange = withSegments(engine.attachExchange(spec, memory!, 1), 3);
        const waiter = new engine.ThreadWaiter(control, 0, control.parker(0), UNTIMED);
        const partition = engine.openPartition(exchange, 0, control, waiter);
        const broadcast = new engine.BroadcastWriter(partition, exchange.view.i32);
        for (let value = 1; value <= records; value++) writeToAll(exchange, broadcast, value, 64);
        partition.finish();
        return 'sent';
      },
      ([controlMemory, memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const exchange = engine.attachExchange(spec, memory!, 1);
        const parker = control.parker(1);
        const [left, other] = [0, 1].map((receiver) => engine.openGate(exchange, receiver, control));
        let open = [other!];
        let hasLeft = false;
        const got: string[] = [];
        const condition = { isReady: () => open.some((gate) => gate.isInputReady()) };
        while (open.length > 0) {
          let isIdle = true;
          for (const gate of open) {
            const found = gate.poll();
            if (found !== engine.GATE_EMPTY) isIdle = false;
            if (found === engine.GATE_CHANNEL_ENDED) open = open.filter((each) => each !== gate);
            if (found !== engine.GATE_BUFFER) continue;
            if (gate === left) throw new Error('a gate that was left gives out a buffer');
            got.push(...readBuffer(exchange, gate));
            gate.recycle();
          }
          if (!hasLeft && other!.buffersIn >= leavesAfter) {
            left!.release();
            hasLeft = true;
            open.push(left!);
          } else if (isIdle) {
            for (const gate of open) gate.ringOwed();
            parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
          }
        }
        exchange.assertConserved();
        return `${got.join()};${figuresOf(exchange, 0)}`;
      },
    ],
  };
}

/**
 * A task with two outputs to one gate, which has a single segment for both and leaves them after so many looks, wherever
 * it is then: at the barrier of one, while the other waits for the segment, or past an end. It says what it got of each
 * channel, and how many buffers were published and discarded there.
 */
export function leavingTwoSenders(records: number, leavesAfter: number): Scenario {
  const spec = tinySpec({
    ...{ senders: 2, senderTasks: [0, 0], receiverTasks: [1] },
    ...{ exclusivePerChannel: 0, floatingPerGate: 1 },
  });
  return {
    memory: () => [createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [
      ([controlMemory, memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const exchange = withSegments(engine.attachExchange(spec, memory!, 1), 2);
        const waiter = new engine.ThreadWaiter(control, 0, control.parker(0), UNTIMED);
        const partitions = [0, 1].map((sender) => engine.openPartition(exchange, sender, control, waiter));
        waiter.owes = partitions;
        for (let value = 1; value <= records; value++)
          for (const partition of partitions) {
            writeRecord(exchange, partition, 0, value, 64);
            if (value === 1) partition.emitBarrier(1);
          }
        for (const partition of partitions) partition.finish();
        return 'sent';
      },
      ([controlMemory, memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const exchange = engine.attachExchange(spec, memory!, 1);
        const parker = control.parker(1);
        const gate = engine.openGate(exchange, 0, control);
        const condition = { isReady: () => gate.isInputReady() };
        const got: string[][] = [[], []];
        for (let looks = 0, found = -1; found !== engine.GATE_ENDED; looks++) {
          if (looks === leavesAfter) gate.release();
          found = gate.poll();
          const isTold = found === engine.GATE_BUFFER || found === engine.GATE_BARRIER;
          if (isTold && looks >= leavesAfter) throw new Error(`a gate that was left tells ${found}`);
          if (found === engine.GATE_BUFFER) {
            got[gate.channel]!.push(...readBuffer(exchange, gate));
            gate.recycle();
          } else if (found === engine.GATE_EMPTY && looks >= leavesAfter) {
            gate.ringOwed();
            parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
          }
        }
        exchange.assertConserved();
        return got.map((values, channel) => `${values.join()};${figuresOf(exchange, channel)}`).join(' ');
      },
    ],
  };
}

/** Buffers published and discarded, after the end. */
function figuresOf(exchange: Exchange, channel: number): string {
  const { words, base } = exchange.channelMemory(channel);
  return `${(words[base + CHANNEL.tail]! - POSITION_START) | 0}+${words[base + CHANNEL.discarded]}`;
}
