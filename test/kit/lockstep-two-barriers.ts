import { createControlArena } from '../../engine/memory/control-arena.js';
import { createExchange } from '../../engine/memory/exchange-arena.js';
import { readBuffer, tinySpec, UNTIMED, writeRecord } from './exchange-kit.js';
import type { Scenario } from './lockstep-engine.js';

/** A sender posts a second barrier soon after the first; the receiver says what came before each that it was told. */
export function twoBarriers(): Scenario {
  const spec = tinySpec();
  return {
    memory: () => [createControlArena({ tasks: 2, cursors: 0, attempt: 1 }), createExchange(spec, 1)],
    threads: [
      ([controlMemory, memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const exchange = engine.attachExchange(spec, memory!, 1);
        const waiter = new engine.ThreadWaiter(control, 0, control.parker(0), UNTIMED);
        const partition = engine.openPartition(exchange, 0, control, waiter);
        for (const id of [1, 2]) {
          writeRecord(exchange, partition, 0, id, 64);
          partition.emitBarrier(id);
        }
        partition.finish();
        return 'sent';
      },
      ([controlMemory, memory], engine) => {
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
          } else if (found === engine.GATE_BARRIER) got.push(`b${gate.barrierId}`);
          else if (found === engine.GATE_EMPTY)
            parker.park(engine.INPUT, condition, Number.POSITIVE_INFINITY);
        }
        return got.join();
      },
    ],
  };
}
