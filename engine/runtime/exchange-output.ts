import { Prng } from '../base/prng.js';
import { BroadcastWriter } from '../exchange/broadcast-writer.js';
import type { ResultPartition } from '../exchange/result-partition.js';
import type { Partitioner } from '../plan/logical-plan.js';
import { murmur3 } from '../records/key.js';
import type { RowView } from '../records/row-layout.js';
import type { RowShape } from '../records/schema.js';
import type { ChainEnvironment, ChainSpec, RunCategories } from './chain-spec.js';

/** One exchange that a chain feeds, in one subtask: where rows go, and what its partitioner chooses with. */
export interface ExchangeOutput {
  readonly partitioner: Partitioner;
  readonly shape: RowShape;
  /** Names of the fields that somebody observes; null: all. */
  readonly required: readonly string[] | null;
  readonly maxParallelism: number;
  readonly partition: ResultPartition;
  readonly view: RowView;
  /** For shuffle. Equal in every run, so that the inline host repeats itself. */
  readonly prng: Prng;
  readonly broadcast: BroadcastWriter;
  /** Null: values of categories travel as strings. */
  readonly categories: RunCategories | null;
}

export function exchangeOutputs(spec: ChainSpec, env: ChainEnvironment): readonly ExchangeOutput[] {
  const { maxParallelism } = spec;
  return spec.outputs.map(({ edge, partitioner, shape, required }, i) => {
    const partition = env.partitions[i]!;
    const view = env.outputViews[i]!;
    const seed = murmur3(Buffer.from(`${edge} ${env.subtask}`));
    const broadcast = new BroadcastWriter(partition, view.i32);
    return {
      ...{ partitioner, shape, required, maxParallelism, partition, view },
      ...{ prng: new Prng(seed), broadcast, categories: env.categories },
    };
  });
}
