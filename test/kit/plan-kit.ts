/** Stand-ins for connectors, and short text for plans, for tests that never run a job. */
import { type BuildOptions, buildJob } from '../../engine/api/build-job.js';
import type { JobModule } from '../../engine/api/job.js';
import { isSluiceError } from '../../engine/base/errors.js';
import type { Sink, Source } from '../../engine/connectors/connector.js';
import type { LogicalPlan } from '../../engine/plan/logical-plan.js';
import { type RecordType, t } from '../../engine/records/schema.js';

export const Flight = t.record({
  date: t.timestamp,
  delay: t.int32,
  distance: t.nullable(t.float64),
  origin: t.category,
  destination: t.category,
});

const notRun = (): never => {
  throw new Error('these tests never run a job');
};

export function source<R>(schema: RecordType<R>, path?: string, label?: string): Source<R>;
export function source<R = any>(schema: null, path?: string, label?: string): Source<R>;
export function source(schema: RecordType<any> | null, path?: string, label = 'rows'): Source<any> {
  return {
    ...{ urn: 'test:source', label, options: { path: path ?? null }, schema, bounded: true },
    ...{ batchKind: 'rows', paths: path === undefined ? [] : [path], discover: notRun, createReader: notRun },
  };
}

export function sink(path: string | null = null, label = 'file'): Sink<any> {
  const options = { path };
  return {
    urn: 'test:sink',
    label,
    options,
    path,
    check: notRun,
    createWriter: notRun,
    createCommitter: notRun,
  };
}

/** `CODE: message` of every fault that building finds, places taken out; empty when there is none. */
export function faultsOf(job: JobModule<any, any, any>, options: BuildOptions = {}): readonly string[] {
  try {
    buildJob(job, options);
    return [];
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    const errors = error.code === 'PLAN_INVALID' ? error.errors : [error];
    return errors.map(({ message }) => message.replace(/ at \S+:\d+/g, ''));
  }
}

/** The operator of this name, which must be the only one. */
export function operatorOf(plan: LogicalPlan, name: string) {
  const [found, ...more] = plan.operators.filter((operator) => operator.name === name);
  if (found === undefined || more.length > 0) throw new Error(`one operator is named ${name}`);
  return found;
}

/** Fields as `name:kind`, a question mark after nullable ones. */
export function shapeOf(plan: LogicalPlan, name: string): string {
  const { fields } = operatorOf(plan, name).output;
  if (fields === null) return 'undeclared';
  return fields.map((field) => `${field.name}:${field.kind}${field.nullable ? '?' : ''}`).join(' ');
}
