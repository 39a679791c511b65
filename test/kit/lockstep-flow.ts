/** One sender and one receiver of the explorer, at both ends of a whole exchange. */
import { createControlArena } from '../../engine/memory/control-arena.js';
import { createExchange, type Exchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import { readBuffer, tinySpec, UNTIMED, writeRecord } from './exchange-kit.js';
import type { Part, Scenario } from './lockstep-engine.js';

/** An exchange whose senders have few segments, so that short scenarios come to hard waits. */
export function withSegments(exchange: Exchange, count: number): Exchange {
  return {
    spec: exchange.spec,
    view: exchange.view,
    ledger: exchange.ledger,
    topology: exchange.topology,
    segmentsOfSender: (sender: number) => exchange.segmentsOfSender(sender).slice(0, count),
    segmentStart: (segment: number) => exchange.segmentStart(segment),
    scratchOfSender: (sender: number) => exchange.scratchOfSender(sender),
    senderEnd: (sender: number, k: number) => exchange.senderEnd(sender, k),
    taskBehind: (sender: number, k: number) => exchange.taskBehind(sender, k),
  } as unknown as Exchange;
}

export interface Flow {
  readonly records: number;
  /** Segments of the sender; with few of them a record waits hard. */
  readonly segments: number;
  /** Looks at `available` before each record, as a task does; else goes on and waits hard. */
  readonly isPolite: boolean;
  /** Flushes after each record, and sleeps until the flush is done. */
  readonly isFlushed?: boolean;
  /** Of each record; one that fills a segment if not given. */
  readonly bytes?: number;
  readonly changes?: Partial<ExchangeSpec>;
  /** Posts a barrier after that record; none if not given. */
  readonly barrierAfter?: number;
}

/** The sender's part: writes and sleeps, as a task does. */
export function sending(
  { records, segments, isPolite, isFlushed = false, bytes = 64, barrierAfter }: Flow,
  spec: ExchangeSpec,
): Part {
  return ([controlMemory, memory], engine) => {
    const control = new engine.ControlArena(controlMemory!, 1);
    const exchange = withSegments(engine.attachExchange(spec, memory!, 1), segments);
    const parker = control.parker(0);
    const partition = engine.openPartition(
      exchange,
      0,
      control,
      new engine.ThreadWaiter(control, 0, parker, UNTIMED),
    );
    const condition = { isReady: () => partition.isCreditReady() };
    for (let value = 1; value <= records; value++) {
      while (isPolite && !partition.available && !partition.refresh()) {
        partition.ringOwed();
        parker.park(engine.CREDIT, condition, Number.POSITIVE_INFINITY);
      }
      writeRecord(exchange, partition, 0, value, isFlushed ? 24 : bytes);
      if (value === barrierAfter) partition.emitBarrier(1);
      while (isFlushed && !partition.flush()) parker.park(engine.CREDIT, condition, Number.POSITIVE_INFINITY);
    }
    partition.finish();
    return 'sent';
  };
}

/** The whole exchange: partition, gate, bells and sleeps, one buffer a record; both ends sleep when they cannot go on. */
export function flow(sender: Flow): Scenario {
  const spec = tinySpec({ exclusivePerChannel: 1, ...sender.changes });
  const downstream: Part = ([controlMemory, memory], engine) => {
    const control = new engine.ControlArena(controlMemory!, 1);
    const exchange = engine.attachExchange(spec, memory!, 1);
    const parker = control.parker(1);
    const gate = engine.openGate(exchange, 0, control);
    const condition = { isReady: () => gate.isInputReady() };
    const got: string[] = [];
    for (let found = gate.poll(); found !== engine.GATE_ENDED; found = gate.poll()) {
      if (found === engine.GATE_BUFFER) {
        got.push(...readBuffer(exchange, gate));
        gate.recycle();
      } else if (found === engine.GATE_EMPTY) {
        gate.ringOwed();
        parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
      }
    }
    gate.ringOwed();
    return got.join();
  };
  return {
    memory: () => [createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [sending(sender, spec), downstream],
  };
}
