import type { ControlArena } from '../memory/control-arena.js';
import type { Exchange } from '../memory/exchange-arena.js';
import type { HardWaiter } from './hard-waiter.js';
import { ResultPartition } from './result-partition.js';
import { Subpartition } from './subpartition.js';
import { SubpartitionTurn } from './subpartition-turn.js';

/** Makes the output of a sender on an exchange. */
export function openPartition(
  exchange: Exchange,
  sender: number,
  control: ControlArena,
  waiter: HardWaiter,
): ResultPartition {
  const count = exchange.topology.subpartitionCount(sender);
  const subpartitions = Array.from(
    { length: count },
    (_, k) =>
      new Subpartition(exchange.senderEnd(sender, k), control.doorbell(exchange.taskBehind(sender, k))),
  );
  const task = exchange.spec.senderTasks[sender]!;
  const isStopped = (): boolean => control.isStopRequested(task);
  const turn = new SubpartitionTurn(count, sender % count, exchange.spec.isAdaptive);
  return new ResultPartition(exchange, sender, subpartitions, turn, waiter, isStopped);
}
