import { isSluiceError, SluiceError, whatOf } from '../base/errors.js';
import { shownPath, userFrame } from '../base/user-frame.js';
import type { Source } from '../connectors/connector.js';
import type { PlanDraft } from '../plan/draft.js';
import { faultsError } from '../plan/faults.js';
import { type BuiltJob, planFingerprint } from '../plan/logical-plan.js';
import { planDifference } from '../plan/plan-difference.js';
import { rateFault } from '../plan/rate.js';
import { validatePlan } from '../plan/validate.js';
import { CallSite } from './call-site.js';
import { describeValue, FlowGraph } from './flow-graph.js';
import { isRecordType } from './given-types.js';
import { type FromOptions, type JobModule, jobOrigin } from './job.js';
import { LazySites } from './lazy-sites.js';
import { SinkHandle } from './operator-handle.js';
import { readParams } from './params.js';
import { Stream } from './stream.js';

export interface BuildOptions {
  /** As given by a person or a program, or the `params` of a plan. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Of the run. Without it, what depends on it is not checked. */
  readonly parallelism?: number;
  /** Key groups; by default a power of two from 128 that leaves room to grow. */
  readonly maxParallelism?: number;
}

/**
 * Runs the builder of a job once and gives the plan, its functions, and where each operator was written.
 *
 * Reads no clock, no file and no environment: equal arguments give plans with equal fingerprints, in every thread.
 *
 * @throws SluiceError  every fault found, as itself or all in one PLAN_INVALID
 */
export function buildJob(job: JobModule<any, any, any>, options: BuildOptions = {}): BuiltJob {
  const origin = jobOrigin(job);
  if (origin.kind === 'none') {
    throw new SluiceError(
      'JOB_DEFAULT_MISSING',
      `${describeValue(job)} is not a job; make it with job(name, …)`,
    );
  }
  if (origin.kind === 'foreign') {
    const text = `job '${job.name}' was made by the copy of the package at ${origin.copy}`;
    throw new SluiceError('ENGINE_DUPLICATE', text, { detail: { copy: origin.copy } });
  }
  const draft = runBuilder(job, options);
  const faults = validatePlan(draft);
  if (faults.length > 0) throw faultsError(job.name, faults);
  return { plan: draft.plan, functions: draft.functions, sites: new LazySites(draft.steps) };
}

/**
 * Builds twice and compares, so that a builder which depends on anything but its parameters is found at once.
 *
 * @throws SluiceError PLAN_MISMATCH  naming the first difference, and whatever `buildJob` throws
 */
export function buildJobChecked(job: JobModule<any, any, any>, options: BuildOptions = {}): BuiltJob {
  const first = buildJob(job, options);
  const second = buildJob(job, options);
  if (planFingerprint(first.plan) === planFingerprint(second.plan)) return first;
  const difference = planDifference(first.plan, second.plan)!;
  const site = difference.uid === null ? undefined : first.sites.get(difference.uid);
  throw new SluiceError(
    'PLAN_MISMATCH',
    `building job '${job.name}' twice gave two plans: ${difference.text}${site === undefined ? '' : ` (${site})`}`,
    { detail: site === undefined ? {} : { site } },
  );
}

function runBuilder(job: JobModule<any, any, any>, options: BuildOptions): PlanDraft {
  const { parsed, faults } = readParams(job.params, options.params ?? {});
  if (faults.length > 0) throw faultsError(job.name, faults);
  const graph = new FlowGraph();
  checkDeclaration(graph, job);
  const flow = flowOf(graph, job);
  if (typeof job.build === 'function') {
    let result: unknown;
    try {
      result = job.build(flow, parsed.values);
    } catch (error) {
      noteThrown(graph, job.name, error);
      // What the builder did not come to write is no fault of its own.
      throw faultsError(job.name, graph.misuse);
    }
    takeOutputs(graph, job.name, result);
  }
  const limits = { parallelism: options.parallelism ?? null, maxParallelism: options.maxParallelism ?? null };
  return graph.seal({ job: String(job.name), params: parsed.json }, limits);
}

/** An error of the engine, such as a connector's, keeps its code; any other is the builder's. */
function noteThrown(graph: FlowGraph, name: string, error: unknown): void {
  const frame = error instanceof Error ? userFrame(error.stack, true) : null;
  const place = `job '${name}'${frame === null ? '' : ` at ${shownPath(frame.file)}:${frame.line}`}`;
  if (isSluiceError(error)) {
    graph.fault(error.code, null, `${place}: ${whatOf(error)}`, error);
    return;
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  graph.fault('JOB_BUILDER_FAILED', null, `${place}: ${message}`, error);
}

function checkDeclaration(graph: FlowGraph, { name, inputs, build }: JobModule): void {
  if (typeof name !== 'string' || name === '') {
    graph.fault(
      'ARGUMENT_INVALID',
      null,
      `the name of a job is text, and not empty; it is ${describeValue(name)}`,
    );
  }
  if (typeof build !== 'function') {
    graph.fault('ARGUMENT_INVALID', null, `job '${name}' has no builder; write job(name, (flow) => { … })`);
  }
  for (const [input, type] of Object.entries(inputs)) {
    if (input === 'from')
      graph.fault('ARGUMENT_INVALID', null, `job '${name}': an input cannot be named 'from'`);
    if (Array.isArray(type?.fields)) continue;
    graph.fault('ARGUMENT_INVALID', null, `job '${name}': input '${input}' is declared by t.record({ … })`);
  }
}

function flowOf(graph: FlowGraph, { name, inputs }: JobModule): object {
  const streams = Object.entries(inputs).map(([input, type]) => {
    const step = { call: `input '${input}'`, site: jobSite(name) };
    const node = graph.add(step, [], { kind: 'input', input }, { fields: type?.fields ?? null });
    return [input, new Stream(graph, node)] as const;
  });
  return Object.assign(Object.fromEntries(streams), {
    from: (source: Source, options?: FromOptions) => streamFrom(graph, source, options),
  });
}

function streamFrom(graph: FlowGraph, source: Source, given: FromOptions = {}): Stream<any> {
  const site = new CallSite();
  const isSource = typeof source?.createReader === 'function';
  if (!isSource) {
    const text = `a source is expected here, such as parquet(path, schema), not ${describeValue(source)}`;
    graph.fault('ARGUMENT_INVALID', { call: 'from(source)', site }, text);
  }
  const {
    urn = '',
    label = 'source',
    options = null,
    bounded = true,
    schema = null,
  } = isSource ? source : {};
  if (schema !== null && !isRecordType(schema)) {
    const text = `the schema is ${describeValue(schema)}; it is made by t.record({ … }), and not nullable`;
    graph.fault('ARGUMENT_INVALID', { call: `from(${label})`, site }, text);
  }
  const { ratePerSecond, ...others } = given;
  for (const name of Object.keys(others)) {
    const text = `there is no option '${name}'; there is ratePerSecond`;
    graph.fault('ARGUMENT_INVALID', { call: `from(${label}, { ${name} })`, site }, text);
  }
  const fault = ratePerSecond === undefined ? null : rateFault(ratePerSecond);
  if (fault !== null)
    graph.fault('ARGUMENT_INVALID', { call: `from(${label}, { ratePerSecond })`, site }, fault);
  const rate = ratePerSecond === undefined ? {} : { ratePerSecond };
  const config = { kind: 'source', urn, label, options, bounded, ...rate } as const;
  const shape = { fields: schema?.fields ?? null };
  return new Stream(graph, graph.add({ call: `from(${label})`, site }, [], config, shape, { source }));
}

function takeOutputs(graph: FlowGraph, name: string, result: unknown): void {
  if (result === undefined || result instanceof SinkHandle) return;
  const fault = (text: string) =>
    graph.fault('ARGUMENT_INVALID', null, `the builder of job '${name}' ${text}`);
  if (typeof (result as PromiseLike<unknown>)?.then === 'function') {
    // What it does later is of no interest, and must not become an unhandled rejection.
    (result as PromiseLike<unknown>).then(undefined, () => undefined);
    graph.fault(
      'JOB_BUILDER_ASYNC',
      null,
      `the builder of job '${name}' returns a promise; build the graph synchronously`,
    );
  } else if (result instanceof Stream) {
    fault('returns a stream; name it, as in return { alerts: stream }, or end it with .to(sink)');
  } else if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    fault(`returns ${describeValue(result)}; return nothing, or streams by name`);
  } else {
    for (const [output, stream] of Object.entries(result)) {
      if (!(stream instanceof Stream)) {
        fault(`returns ${describeValue(stream)} as output '${output}'; an output is a stream`);
      } else if (!graph.has(stream.node)) {
        fault(`returns as output '${output}' a stream of another run of a builder`);
      } else {
        const step = { call: `output '${output}'`, site: stream.node.step.site };
        stream.derive(step, { kind: 'output', output }, stream.node.output);
      }
    }
  }
}

/** Inputs are declared, not written, in the builder: their place is the job itself. */
const jobSite = (name: string) => ({ full: () => `job '${name}'`, short: () => `job '${name}'` });
