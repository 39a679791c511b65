import type { Episode } from './diagnosis-history.js';

/** What holds a job up, why, and what to do; or that nothing does. Plain JSON. */
export interface Diagnosis {
  readonly job: string;
  /**
   * `limited`: it goes as fast as its slowest part, which is the first finding. `healthy`: it takes all that its
   * sources give. `unknown`: it has not run for long enough, or has ended.
   */
  readonly verdict: 'limited' | 'healthy' | 'unknown';
  /** The verdict and its grounds in a sentence, for people. */
  readonly summary: string;
  /** What limits the job first, then what else would be worth a change. */
  readonly findings: readonly Finding[];
  /** What it rests on, in milliseconds. */
  readonly windowMs: number;
  /** What held it up in the last ten minutes, the oldest first. */
  readonly history: readonly Episode[];
}

// biome-ignore format: a table
export type Cause =
  | 'key-skew'          // one subtask gets more records than the others, since some keys have more
  | 'uneven-partition'  // one subtask gets more records than the others
  | 'slow-subtask'      // one subtask takes longer for a record than the others
  | 'few-cores'         // threads wait for a core
  | 'garbage'           // garbage collections hold a thread up
  | 'undeclared'        // rows that nobody declared are written and unpacked
  | 'few-buffers'       // buffers run out although whoever gets them has time
  | 'late-filter'       // rows cross an exchange to be dropped behind it
  | 'output-reader'     // the application reads an output slowly
  | 'sink-rate'         // a sink takes no more in a second
  | 'source-rate'       // a source gives no more in a second
  | 'async-wait'        // an async function has not answered
  | 'sink-wait'         // a sink waits for what it writes to
  | 'source-wait'       // a source waits for what it reads from
  | 'cpu'; // its functions, and the engine around them, take all the time there is

export interface Finding {
  readonly cause: Cause;
  /** `limit`: nothing else matters before this. `hint`: worth a change, but not what holds the job up. */
  readonly severity: 'limit' | 'hint';
  /** How much of what holds the vertex up it accounts for, 0..1. */
  readonly share: number;
  /** Id and name of the vertex. */
  readonly vertex: string;
  readonly name: string;
  /** Null: all of them alike. */
  readonly subtask: number | null;
  readonly reason: string;
  readonly evidence: readonly string[];
  /** What to change; null where there is nothing to be had. */
  readonly advice: string | null;
  /** By what factor the job would go faster, at best; null where nobody can tell. */
  readonly gain: number | null;
}
