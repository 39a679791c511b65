import type { Step } from '../plan/faults.js';
import type { OperatorFunctions, Partitioner } from '../plan/logical-plan.js';
import { observe, stepOf } from './call-arguments.js';
import { OperatorHandle } from './operator-handle.js';
import type { FieldOf } from './row-types.js';
import type { PassingStream } from './stream.js';

/** What can be said of a stream about how its rows reach the subtasks of the next operator. */
export abstract class RoutedStream<T extends object> extends OperatorHandle {
  /** @internal */
  abstract partitioned(step: Step, partitioner: Partitioner, functions?: OperatorFunctions): PassingStream<T>;

  /** Deals the rows to all subtasks of the next operator in turn, and spares those that are behind. */
  rebalance(): PassingStream<T> {
    return this.partitioned(stepOf('rebalance()'), { kind: 'rebalance' });
  }

  /**
   * Deals the rows in turn to some subtasks of the next operator: each subtask feeds, or is fed by, an even share of
   * those on the other side. Has fewer channels than `rebalance`.
   */
  rescale(): PassingStream<T> {
    return this.partitioned(stepOf('rescale()'), { kind: 'rescale' });
  }

  /** Gives every row to every subtask of the next operator. */
  broadcast(): PassingStream<T> {
    return this.partitioned(stepOf('broadcast()'), { kind: 'broadcast' });
  }

  /** Gives all rows to the first subtask of the next operator. */
  global(): PassingStream<T> {
    return this.partitioned(stepOf('global()'), { kind: 'global' });
  }

  /** Gives each row to a subtask of the next operator drawn at random. */
  shuffle(): PassingStream<T> {
    return this.partitioned(stepOf('shuffle()'), { kind: 'shuffle' });
  }

  /** Keeps rows in the subtask of the same number; the next operator must have the same parallelism. */
  forward(): PassingStream<T> {
    return this.partitioned(stepOf('forward()'), { kind: 'forward' });
  }

  /**
   * Gives each row to the subtask of the next operator that a function chooses.
   *
   * @param choose  gets the key of the row and the number of subtasks; answers with a whole number from 0 to below it
   * @param key     a field, or a function of the row; with a function, write down the type that `choose` takes
   */
  partitionCustom<const K extends FieldOf<T>>(
    choose: (key: T[K], receivers: number) => number,
    key: K,
  ): PassingStream<T>;
  partitionCustom<V>(choose: (key: V, receivers: number) => number, key: (row: T) => V): PassingStream<T>;
  partitionCustom(choose: (key: any, receivers: number) => number, key: unknown): PassingStream<T> {
    const isField = typeof key === 'string';
    const step = stepOf(`partitionCustom(${isField ? `'${key}'` : 'function'})`);
    this.graph.expectFunction(step, choose);
    if (isField) {
      this.graph.refer(step, this.node.output, key);
      return this.partitioned(step, { kind: 'custom', field: key, observed: [key] }, { fn: choose });
    }
    this.graph.expectFunction(step, key);
    const functions = { fn: choose, select: key as (row: any) => unknown };
    return this.partitioned(step, { kind: 'custom', field: null, observed: observe(key) }, functions);
  }
}
