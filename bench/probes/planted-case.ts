/** Bottlenecks by the dozen: what is wrong with a job, where, how much, in which topology, all drawn from a seed. */

// biome-ignore format: a table
export type PlantedCause =
  | 'cpu'              // a stage works long for every record
  | 'slow-subtask'     // one subtask of a stage does
  | 'uneven-partition' // one subtask of a stage gets most records
  | 'key-skew'         // so it does, because most records have one key
  | 'few-cores'        // a stage has many more subtasks than there are cores
  | 'garbage'          // a stage keeps many objects for a while
  | 'undeclared'       // a stage returns large rows that nobody declared
  | 'async-wait'       // a stage asks somebody who takes his time, and few at a time
  | 'sink-rate'        // the sink takes few records in a second
  | 'none'; // nothing: the source gives less than all others could take

export const PLANTED_CAUSES: readonly PlantedCause[] = [
  ...(['cpu', 'slow-subtask', 'uneven-partition', 'key-skew'] as const),
  ...(['few-cores', 'garbage', 'undeclared', 'async-wait', 'sink-rate', 'none'] as const),
];

/** `fork`: after the first stage it goes on in two branches. `twin`: beside it runs a healthy line of its own. */
export type Topology = 'line' | 'fork' | 'twin';

export interface PlantedCase {
  readonly seed: number;
  readonly cause: PlantedCause;
  readonly topology: Topology;
  readonly stages: number;
  /** At which stage, from 0. */
  readonly at: number;
  /** Of that stage; the others have one subtask. */
  readonly parallelism: number;
  /** The subtask, where it is one; of a skewed key its hash decides. */
  readonly subtask: number;
  /** Time that the planted work takes for a record, in microseconds. */
  readonly workUs: number;
  /** Share of the records that the heavy subtask gets. */
  readonly share: number;
}

export const isOfOneSubtask = (cause: PlantedCause): boolean =>
  cause === 'slow-subtask' || cause === 'uneven-partition' || cause === 'key-skew';

/** Numbers in 0..1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The case of a seed; causes take turns, so that each comes up as often. */
export function plantedCase(seed: number, cores: number): PlantedCase {
  const random = randomOf(seed);
  const whole = (min: number, max: number): number => min + Math.floor(random() * (max - min + 1));
  const cause = PLANTED_CAUSES[seed % PLANTED_CAUSES.length]!;
  const topology = (['line', 'fork', 'twin'] as const)[whole(0, 2)]!;
  const stages = whole(2, 4);
  const at = whole(0, stages - 1);
  const parallelism =
    cause === 'few-cores'
      ? whole(cores * 2, cores * 3)
      : isOfOneSubtask(cause)
        ? whole(2, 4)
        : whole(1, cores);
  return {
    ...{ seed, cause, topology, stages, at, parallelism },
    subtask: whole(0, parallelism - 1),
    workUs: Math.round(20 * 10 ** random()),
    share: 0.6 + 0.35 * random(),
  };
}

/** Name of the stage, as the diagnosis should give it. */
export const stageName = (at: number): string => `stage-${at}`;
