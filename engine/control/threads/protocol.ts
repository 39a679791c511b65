import type { MessagePort } from 'node:worker_threads';
import type { Json } from '../../base/json.js';
import type { EngineOptions } from '../../base/option-catalogue.js';
import type { Committable, Split } from '../../connectors/connector.js';
import type { ExchangeSpec } from '../../memory/exchange-sizes.js';
import type { SharedMemory } from '../../memory/region.js';
import type { LiveNames } from '../../plan/live-ends.js';
import type { Proof } from '../../records/proofs.js';
import type { KeySample } from '../../runtime/key-sampler.js';
import type { LearnedReport } from '../../runtime/undeclared-writer.js';
import type { TapDeployment } from '../taps/task-taps.js';
import type { Trial } from '../trial.js';

/**
 * What the job master asks of the agent in a worker. The whole life of a subtask is two calls: the master calls
 * `deploy` on all agents, and when every plan agrees, `run` on all. Two more look at it meanwhile. Everything else
 * (stop, checkpoints to trigger, heartbeats) is a word in shared memory, because a worker inside its loop answers no
 * call until it yields.
 */
export interface TaskAgent {
  /**
   * Imports the job module, rebuilds the plan, checks its fingerprint, and prepares the subtask: no record moves.
   *
   * @throws SluiceError PLAN_MISMATCH  this worker built another plan
   * @throws SluiceError JOB_MODULE_FAILED, JOB_DEFAULT_MISSING, JOB_BUILDER_FAILED  the module cannot be used here
   */
  deploy(deployment: Deployment): Promise<void>;

  /**
   * Runs the subtask to its end. Called once, after `deploy`.
   *
   * @returns  when the subtask finished or was cancelled by its stop word
   * @throws SluiceError  the subtask failed; the code says how
   */
  run(): Promise<TaskReport>;

  /**
   * Begins to count the keys of the rows that come, if they have some. Answered as everything is while the task runs:
   * at its next turn of the event loop.
   */
  sampleKeys(): void;

  /** What was counted since; null: the rows have no keys, or nobody asked. */
  takeKeys(): KeySample | null;
}

/** Everything one worker needs to take its place in a job. Values only: functions come from the job module. */
export interface Deployment {
  /** What the worker imports: the job file itself, or what its TypeScript was transpiled to. */
  readonly moduleUrl: string;
  /** The job file as the user knows it; named in messages. */
  readonly jobUrl: string;
  /** Parsed parameters, defaults included. */
  readonly params: Readonly<Record<string, Json>>;
  /** Fingerprint of the plan that the master built; the worker's must be equal. */
  readonly fingerprint: string;
  /** Which subtask of which vertex this is. */
  readonly subtask: SubtaskAddress;
  /** Attempt of the region; calls and memory of another attempt are refused. */
  readonly attempt: number;
  readonly engine: EngineDeployment;
}

export interface SubtaskAddress {
  /** 32 hex digits, derived from the uid of the first operator of the chain. */
  readonly vertexId: string;
  /** The chain as people read it: "parquet -> filter". */
  readonly taskName: string;
  /** 0..parallelism - 1 */
  readonly subtaskIndex: number;
  readonly parallelism: number;
}

/** Shared memory, options and wiring of one subtask. */
export interface EngineDeployment {
  /** Index over all vertices and subtasks. */
  readonly task: number;
  readonly runId: string;
  readonly options: EngineOptions;
  /** Exchanges that the subtask reads or feeds. */
  readonly exchanges: readonly { readonly spec: ExchangeSpec; readonly memory: SharedMemory }[];
  readonly control: SharedMemory;
  /** Null: values of categories travel as strings. */
  readonly categories: SharedMemory | null;
  /** Splits and split cursor of each source, by uid. */
  readonly splits: readonly (readonly [uid: string, splits: readonly Split[]])[];
  readonly cursors: readonly (readonly [uid: string, cursor: number])[];
  /** What the main thread proved of the job's functions. */
  readonly proofs: readonly Proof[];
  /** Rows of the job's named inputs. */
  readonly inputs: Readonly<Record<string, readonly object[]>>;
  /** Named ends that the application holds; their tasks are with it. */
  readonly live: LiveNames;
  readonly trial: Trial | null;
  /** Null: nobody watches. */
  readonly taps: TapDeployment | null;
}

export interface TaskReport {
  /** What the task's sinks hand to their committers, by uid. */
  readonly committables: readonly (readonly [uid: string, committable: Committable])[];
  /** What became of the shapes of its undeclared outputs. */
  readonly learned: readonly LearnedReport[];
}

/** What the sink of an operator handed in, over all tasks. */
export function committablesOf(
  reports: ReadonlyMap<number, TaskReport>,
  uid: string,
): readonly Committable[] {
  return [...reports.values()].flatMap(({ committables }) =>
    committables.flatMap(([of, committable]) => (of === uid ? [committable] : [])),
  );
}

/** What a worker's entry receives: the port on which it serves its agent. Closing the port releases the worker. */
export interface TaskAssignment {
  readonly port: MessagePort;
}
