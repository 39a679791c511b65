import { SluiceError } from '../base/errors.js';
import { type CollectSink, collect } from '../connectors/collect.js';
import { collection } from '../connectors/collection.js';
import type { BuiltJob, OperatorFunctions } from '../plan/logical-plan.js';
import type { FieldSpec } from '../records/schema.js';
import { RecordType } from '../records/schema.js';

/** A built job whose named inputs and outputs are connected to memory. */
export interface ConnectedJob extends BuiltJob {
  /** What was written to each named output, once the run has committed. */
  readonly outputs: ReadonlyMap<string, CollectSink<any>>;
}

/**
 * Connects the named inputs of a job to rows in memory and its named outputs to lists.
 *
 * @throws SluiceError ARGUMENT_INVALID  a declared input has no rows, or rows are given for one that is not declared
 */
export function connectEndpoints(
  built: BuiltJob,
  inputs: Readonly<Record<string, readonly object[]>>,
): ConnectedJob {
  const functions = new Map<string, OperatorFunctions>(built.functions);
  const outputs = new Map<string, CollectSink<any>>();
  const declared = new Set<string>();
  for (const { uid, config, output } of built.plan.operators) {
    if (config.kind === 'input') {
      declared.add(config.input);
      const rows = inputs[config.input];
      if (rows === undefined)
        throw argument(`the input '${config.input}' of job '${built.plan.job}' is given no rows`);
      functions.set(uid, { source: collection([...rows], schemaOf(output.fields)) });
    } else if (config.kind === 'output') {
      const list = collect();
      outputs.set(config.output, list);
      functions.set(uid, { sink: list });
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
