import { SluiceError } from '../base/errors.js';
import { type CollectSink, collect } from '../connectors/collect.js';
import { rowsOf } from '../connectors/collection.js';
import type { Sink, Source } from '../connectors/connector.js';
import { isLiveEnd } from '../plan/live-ends.js';
import type { BuiltJob, OperatorFunctions } from '../plan/logical-plan.js';
import type { FieldSpec } from '../records/schema.js';
import { RecordType } from '../records/schema.js';
import type { LiveInputOptions } from './live/live-input.js';

/** A built job whose named inputs and outputs are connected to memory. */
export interface ConnectedJob extends BuiltJob {
  /** What was written to each named output, once the run has committed. */
  readonly outputs: ReadonlyMap<string, CollectSink<any>>;
}

/** What a named input reads: rows in memory, or a source of the caller's. */
export type InputRows = readonly object[] | Source;

/** What may be said of a named input at the start: its rows, or how it holds those that are pushed. */
export type InputGiven = InputRows | LiveInputOptions;

export function isLiveOptions(given: InputGiven): given is LiveInputOptions {
  return !Array.isArray(given) && !('createReader' in given);
}

/**
 * Connects the named inputs of a job to rows and its named outputs to lists. Live ends stay as they are.
 *
 * @param sinks  takes the place of the list of an output, by name
 * @throws SluiceError ARGUMENT_INVALID  a declared input has no rows, or rows are given for one that is not declared
 */
export function connectEndpoints(
  built: BuiltJob,
  inputs: Readonly<Record<string, InputGiven>>,
  sinks: Readonly<Record<string, Sink>> = {},
): ConnectedJob {
  const functions = new Map<string, OperatorFunctions>(built.functions);
  const outputs = new Map<string, CollectSink<any>>();
  const declared = new Set<string>();
  for (const operator of built.plan.operators) {
    const { uid, config, output } = operator;
    if (config.kind === 'input') declared.add(config.input);
    if (isLiveEnd(operator)) continue;
    if (config.kind === 'input') {
      const rows = inputs[config.input];
      if (rows === undefined || isLiveOptions(rows))
        throw argument(`the input '${config.input}' of job '${built.plan.job}' is given no rows`);
      const source =
        'createReader' in rows ? rows : rowsOf(`input '${config.input}'`, [...rows], schemaOf(output.fields));
      functions.set(uid, { source });
    } else if (config.kind === 'output') {
      const list = collect();
      if (sinks[config.output] === undefined) outputs.set(config.output, list);
      functions.set(uid, { sink: sinks[config.output] ?? list });
    }
  }
  for (const name of Object.keys(inputs)) {
    if (!declared.has(name)) throw argument(`job '${built.plan.job}' declares no input '${name}'`);
  }
  return { plan: built.plan, functions, sites: built.sites, outputs };
}

function schemaOf(fields: readonly FieldSpec[] | null): RecordType<any> {
  return new RecordType(fields ?? []);
}

function argument(what: string): SluiceError {
  return new SluiceError('ARGUMENT_INVALID', what);
}
