import { createTraceRing } from '../../engine/memory/trace-ring.js';
import type { Scenario } from './lockstep-engine.js';

/** Thread 0 puts entries of four equal numbers, 1 and up, into a ring with room for two; thread 1 drains it. */
export function tracing(entries: number, drains: number): Scenario {
  return {
    memory: () => [createTraceRing(2, 1, 0)],
    threads: [
      ([memory], { TraceWriter }) => {
        const writer = new TraceWriter(memory!, 1, 0);
        for (let value = 1; value <= entries; value++) writer.put(value, value, value, value);
        return 'put';
      },
      ([memory], { TraceReader }) => {
        const reader = new TraceReader(memory!, 1, 0);
        const got: string[] = [];
        for (let drain = 0; drain < drains; drain++)
          reader.drain((a, b, c, d) => got.push(a === b && b === c && c === d ? `${a}` : 'torn'));
        return got.join();
      },
    ],
  };
}
