/** One sender with two exchanges to one receiver, of which one carries less: the smallest diamond there is. */
import { createControlArena } from '../../engine/memory/control-arena.js';
import { createExchange } from '../../engine/memory/exchange-arena.js';
import { STEP } from '../../engine/runtime/task-input.js';
import { readBuffer, tinySpec, UNTIMED, writeRecord } from './exchange-kit.js';
import type { Scenario } from './lockstep-engine.js';

const RECORDS = 3;

export function diamond(): Scenario {
  const specs = [0, 1].map((id) => tinySpec({ id, exclusivePerChannel: 1, buffersPerSubpartitionMax: 1 }));
  return {
    memory: () => [
      createControlArena({ tasks: 2, cursors: 0, attempt: 1 }),
      ...specs.map((spec) => createExchange(spec, 1)),
    ],
    threads: [
      ([controlMemory, ...memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const parker = control.parker(0);
        const waiter = new engine.ThreadWaiter(control, 0, parker, UNTIMED);
        const exchanges = specs.map((spec, i) => engine.attachExchange(spec, memory[i]!, 1));
        const partitions = exchanges.map((exchange) => engine.openPartition(exchange, 0, control, waiter));
        const condition = { isReady: () => partitions.some((each) => each.isCreditReady()) };
        const hasRoom = (): boolean => partitions.every((each) => each.available || each.refresh());
        for (let value = 1; value <= RECORDS; value++) {
          while (!hasRoom()) {
            for (const partition of partitions) partition.ringOwed();
            parker.park(engine.CREDIT, condition, Number.POSITIVE_INFINITY);
          }
          if (value === 1) writeRecord(exchanges[0]!, partitions[0]!, 0, value, 64);
          writeRecord(exchanges[1]!, partitions[1]!, 0, value, 64);
        }
        for (const partition of partitions) partition.finish();
        return 'sent';
      },
      ([controlMemory, ...memory], engine) => {
        const control = new engine.ControlArena(controlMemory!, 1);
        const parker = control.parker(1);
        const got: string[][] = [[], []];
        const gates = specs.map((spec, i) => {
          const exchange = engine.attachExchange(spec, memory[i]!, 1);
          const gate = engine.openGate(exchange, 0, control);
          return {
            hasBuffer: false,
            step: () => {
              const found = gate.poll();
              if (found === engine.GATE_EMPTY) return STEP.WAIT_INPUT;
              if (found === engine.GATE_ENDED) return STEP.DONE;
              if (found === engine.GATE_BUFFER) {
                got[i]!.push(...readBuffer(exchange, gate));
                gate.recycle();
              }
              return STEP.PROGRESS;
            },
            isReady: () => gate.isInputReady(),
            ringOwed: () => gate.ringOwed(),
          };
        });
        const input = new engine.GatesInput(gates as never);
        for (let step = input.step(1); step !== STEP.DONE; step = input.step(1)) {
          if (step !== STEP.WAIT_INPUT) continue;
          input.ringOwed();
          parker.park(engine.INPUT, input, Number.POSITIVE_INFINITY);
        }
        input.ringOwed();
        return got.map((each) => each.join()).join(';');
      },
    ],
  };
}
