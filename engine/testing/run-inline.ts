import type { JobModule, OutputsOf } from '../api/job.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import { InlineHost } from '../control/inline-host.js';
import { checkEndpoints, newRunId, OutputCommit, planJob, runTag } from '../control/prepared-job.js';

export interface RunInlineOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  /** Rows of the job's named inputs. */
  readonly inputs?: Readonly<Record<string, readonly object[]>>;
  /** Decides the order in which tasks take their steps; equal seeds give equal runs. Default 1. */
  readonly seed?: number;
  /** Subtasks of each operator. Default 1. */
  readonly parallelism?: number;
  /** Engine options by key. */
  readonly options?: OptionLayer['values'];
}

/** Lists of rows by the name of the output. */
export type RowsOf<O> = { [K in keyof O]: O[K][] };

/**
 * Runs a job to its end in the calling thread, one step of one task at a time: the same operators, buffers and credits
 * as on threads, in an order that repeats. Time jumps to the next deadline whenever nothing else is left to do.
 *
 * @returns  the rows of the job's named outputs
 * @throws SluiceError  as `start` and its run do
 */
export async function runInline<J extends JobModule<any, any, any>>(
  job: J,
  options: RunInlineOptions = {},
): Promise<RowsOf<OutputsOf<J>>> {
  const values = { ...options.options, 'parallelism.default': options.parallelism ?? 1 };
  const planned = planJob(job, {
    params: options.params ?? {},
    inputs: options.inputs ?? {},
    optionLayers: [{ origin: 'runInline()', values }],
  });
  const prepared = await checkEndpoints(planned);
  const runId = runTag(newRunId());
  const host = new InlineHost(prepared, options.seed ?? 1, runId);
  await host.run(new OutputCommit(prepared.sinks, runId));
  const rows = [...prepared.built.outputs].map(([name, list]) => [name, [...list.rows]] as const);
  return Object.fromEntries(rows) as RowsOf<OutputsOf<J>>;
}
