import { SluiceError } from '../base/errors.js';
import type { Source } from '../connectors/connector.js';
import { checkType, type RecordType, type RowOf } from '../records/schema.js';
import type { SinkHandle } from './operator-handle.js';
import { isParamKind, type ParamsGiven, type ParamTypes, type ParamValues } from './params.js';
import type { Stream } from './stream.js';

/** Record types of the named inputs of a job. */
export type InputTypes = Readonly<Record<string, RecordType<any>>>;

/** What a job says about itself before it is built. */
export interface JobDeclaration<P extends ParamTypes = ParamTypes, I extends InputTypes = InputTypes> {
  /** Parsed, checked and listed by `sluice run <job> --help`. */
  readonly params?: P;
  /** Streams whose rows come from whoever runs the job. */
  readonly inputs?: I;
  /** Engine options by key, such as `pipeline.max-parallelism`; those of the run win. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
}

/** Where a job begins: `from` a source, or a property per named input. May be destructured. */
export type Flow<I extends InputTypes> = {
  /** The rows of a source. */
  readonly from: <R extends object>(source: Source<R>, options?: FromOptions) => Stream<R>;
} & { readonly [K in keyof I]: Stream<RowOf<I[K]>> };

/** How a source is read. */
export interface FromOptions {
  /**
   * Records per second over all subtasks, each of which takes an equal share; one that was held back catches up with no
   * more than what a tenth of a second brings. It can be changed while the job runs: `run.sources[uid].setRate(…)`.
   * Without it as many as are taken.
   */
  readonly ratePerSecond?: number;
}

/** What a builder returns: streams by name, which become the outputs of the job; or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a builder without outputs returns nothing
export type BuilderResult = void | SinkHandle | { readonly [output: string]: Stream<any> };

/** The outputs of a job as streams by name. */
type OutputStreams<O> = O extends SinkHandle
  ? {}
  : O extends { readonly [output: string]: Stream<any> }
    ? O
    : {};

/**
 * A job as written in its module; `job` makes it. It does nothing until it is built.
 *
 * The types of parameters, inputs and outputs travel with it, so that `start<typeof job>` knows them.
 */
export interface JobModule<
  P extends ParamTypes = ParamTypes,
  I extends InputTypes = InputTypes,
  O = { readonly [output: string]: Stream<any> },
> {
  readonly name: string;
  readonly params: P;
  readonly inputs: I;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Only in types. */
  readonly outputs?: O;
  /** @internal */
  readonly build: (flow: any, params: any) => unknown;
  /** @internal */
  readonly [JOB_BRAND]: string;
}

/** The parameters that starting a job takes. */
export type ParamsOf<J> = J extends JobModule<infer P, any, any> ? ParamsGiven<P> : never;

/** Row types of the named inputs of a job. */
export type InputsOf<J> =
  J extends JobModule<any, infer I, any> ? { readonly [K in keyof I]: RowOf<I[K]> } : never;

/** Row types of the named outputs of a job. */
export type OutputsOf<J> =
  J extends JobModule<any, any, infer O>
    ? { readonly [K in keyof O]: O[K] extends Stream<infer R> ? R : never }
    : never;

/**
 * Declares a job: the default export of a job module.
 *
 * The builder writes the graph and does nothing else. It runs once in every thread and must write the same graph each
 * time: no clock, no randomness, no environment. Functions inside it may use whatever the module imports.
 *
 * @param name  what people call the job; not empty
 * @throws SluiceError ARGUMENT_INVALID  a parameter is declared by something that is no type
 */
export function job<
  const P extends ParamTypes = {},
  const I extends InputTypes = {},
  O extends BuilderResult = void,
>(
  name: string,
  declaration: JobDeclaration<P, I>,
  build: (flow: Flow<I>, params: ParamValues<P>) => O,
): JobModule<P, I, OutputStreams<O>>;
export function job<O extends BuilderResult = void>(
  name: string,
  build: (flow: Flow<{}>) => O,
): JobModule<{}, {}, OutputStreams<O>>;
export function job(name: string, ...rest: readonly unknown[]): JobModule<any, any, any> {
  const [declaration, build] = rest.length > 1 ? rest : [{}, rest[0]];
  const { params = {}, inputs = {}, options = {} } = (declaration ?? {}) as JobDeclaration;
  for (const [param, type] of Object.entries(params)) {
    const place = `job '${name}': parameter '${param}'`;
    checkType(place, type);
    if (isParamKind(type.kind)) continue;
    const what = `${place} is declared ${type.kind}; a parameter is a truth value, a number, a time or text`;
    throw new SluiceError('ARGUMENT_INVALID', what);
  }
  return { name, params, inputs, options, build: build as JobModule['build'], [JOB_BRAND]: COPY };
}

/** Every copy of the package finds it; the value tells the copies apart. */
export const JOB_BRAND: unique symbol = Symbol.for('sluice.job') as never;

/** This copy of the package, as a folder. Checked and release builds are copies too. */
export const COPY = new URL('..', import.meta.url).href;

/** What the default export of a module is: a job of this copy, of another copy (at `copy`), or something else. */
export function jobOrigin(
  value: unknown,
): { readonly kind: 'own' | 'none' } | { readonly kind: 'foreign'; readonly copy: string } {
  if (typeof value !== 'object' || value === null || !(JOB_BRAND in value)) return { kind: 'none' };
  const copy = String(value[JOB_BRAND]);
  return copy === COPY ? { kind: 'own' } : { kind: 'foreign', copy };
}
