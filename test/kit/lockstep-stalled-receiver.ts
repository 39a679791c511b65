import { createControlArena } from '../../engine/memory/control-arena.js';
import { createExchange } from '../../engine/memory/exchange-arena.js';
import { readBuffer, tinySpec, UNTIMED, writeInTurn } from './exchange-kit.js';
import type { Scenario } from './lockstep-engine.js';

/**
 * One sender in an adaptive turn between two receivers in one thread; the first reads nothing before the second has
 * got most. A sender that is not woken by the second's credits alone sleeps for ever.
 */
export function stalledReceiver(records: number, stalledUntil: number): Scenario {
  const spec = tinySpec({
    ...{ receivers: 2, receiverTasks: [1, 1], exclusivePerChannel: 1, buffersPerSubpartitionMax: 1 },
    isAdaptive: true,
  });
  return {
    memory: () => [createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [
      ([controlMemory, memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const exchange = engine.attachExchange(spec, memory!, 1);
        const parker = control.parker(0);
        const waiter = new engine.ThreadWaiter(control, 0, parker, UNTIMED);
        const partition = engine.openPartition(exchange, 0, control, waiter);
        const condition = { isReady: () => partition.isCreditReady() };
        for (let value = 1; value <= records; value++) {
          while (!partition.available && !partition.refresh()) {
            partition.ringOwed();
            parker.park(engine.CREDIT, condition, Number.POSITIVE_INFINITY);
          }
          writeInTurn(exchange, partition, value, 64);
        }
        partition.finish();
        return 'sent';
      },
      ([controlMemory, memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const exchange = engine.attachExchange(spec, memory!, 1);
        const parker = control.parker(1);
        const [stalled, other] = [0, 1].map((receiver) => engine.openGate(exchange, receiver, control));
        const got: string[] = [];
        let open = [other!];
        let hasStalled = true;
        const condition = { isReady: () => open.some((gate) => gate.isInputReady()) };
        while (open.length > 0) {
          let isIdle = true;
          for (const gate of open) {
            const found = gate.poll();
            if (found !== engine.GATE_EMPTY) isIdle = false;
            if (found === engine.GATE_CHANNEL_ENDED) open = open.filter((each) => each !== gate);
            if (found !== engine.GATE_BUFFER) continue;
            got.push(...readBuffer(exchange, gate));
            gate.recycle();
          }
          if (hasStalled && got.length >= stalledUntil) {
            hasStalled = false;
            open.push(stalled!);
          } else if (isIdle) {
            for (const gate of open) gate.ringOwed();
            parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
          }
        }
        return got.sort((a, b) => Number(a) - Number(b)).join();
      },
    ],
  };
}
