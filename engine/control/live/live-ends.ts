import { SluiceError } from '../../base/errors.js';
import { didYouMean } from '../../base/nearest.js';
import type { EngineOptions } from '../../base/option-catalogue.js';
import type { JobGraph } from '../../plan/job-graph.js';
import { isLiveEnd, type LiveNames } from '../../plan/live-ends.js';
import type { LogicalPlan, PlanOperator } from '../../plan/logical-plan.js';
import type { PushBuffer } from '../../runtime/push-buffer.js';
import type { RowQueue } from '../../runtime/row-queue.js';
import { type InputGiven, isLiveOptions } from '../endpoints.js';
import { pushedBytesMax } from '../fit-exchanges.js';
import { type LiveInputOptions, PushedInput, pushBounds } from './live-input.js';
import { LiveOutput } from './live-output.js';

/** When the rows of an output come: as they are made, or once the run has committed. */
export type OutputWish = 'live' | 'final';

/**
 * Which ends of a job are live: an input that is given no rows; and an output of which that is wished, or nothing in a
 * job with a live input.
 *
 * @throws SluiceError ARGUMENT_INVALID  a wish for an output that the job does not have, or that is none
 */
export function liveNamesOf(
  { job, operators }: LogicalPlan,
  inputs: Readonly<Record<string, InputGiven>>,
  wishes: Readonly<Record<string, OutputWish>>,
): LiveNames {
  const declared = operators.flatMap(({ config }) => (config.kind === 'input' ? [config.input] : []));
  const live = declared.filter((name) => inputs[name] === undefined || isLiveOptions(inputs[name]));
  const outputs = operators.flatMap(({ config }) => (config.kind === 'output' ? [config.output] : []));
  for (const [name, wish] of Object.entries(wishes)) {
    const place = `start(job, { outputs: { ${name} } })`;
    if (!outputs.includes(name)) {
      throw argument(`${place}: job '${job}' has no output '${name}'${didYouMean(name, outputs)}`);
    }
    if (wish !== 'live' && wish !== 'final')
      throw argument(`${place}: it is 'live' or 'final', not ${String(wish)}`);
  }
  const usual = live.length > 0 ? 'live' : 'final';
  return { inputs: live, outputs: outputs.filter((name) => (wishes[name] ?? usual) === 'live') };
}

/**
 * The live ends of one run, by name for the application and by uid for their tasks.
 *
 * Runs in: the main thread.
 */
export class LiveEnds {
  readonly inputs = new Map<string, PushedInput>();
  readonly outputs = new Map<string, LiveOutput>();
  readonly #byUid = new Map<string, PushedInput | LiveOutput>();

  /** @throws SluiceError ARGUMENT_INVALID  bounds of an input are out of range */
  constructor(
    plan: LogicalPlan,
    graph: JobGraph,
    given: Readonly<Record<string, InputGiven>>,
    options: EngineOptions,
  ) {
    for (const operator of plan.operators) {
      const { uid, config } = operator;
      if (!isLiveEnd(operator)) continue;
      if (config.kind === 'output') {
        const output = new LiveOutput(config.output);
        this.outputs.set(config.output, output);
        this.#byUid.set(uid, output);
      } else if (config.kind === 'input') {
        const bounds = (given[config.input] ?? {}) as LiveInputOptions;
        const bytesMax = pushedBytesMax(options);
        const input = pushedInput(plan, graph, operator, config.input, bounds, bytesMax);
        this.inputs.set(config.input, input);
        this.#byUid.set(uid, input);
      }
    }
  }

  /** For the task at the head of which this input is. */
  input(uid: string): PushedInput | undefined {
    const end = this.#byUid.get(uid);
    return end instanceof PushedInput ? end : undefined;
  }

  queue(uid: string): RowQueue | undefined {
    const end = this.#byUid.get(uid);
    return end instanceof LiveOutput ? end.queue : undefined;
  }

  /** By the uid of its end, what a task waits for here. */
  end(uid: string): PushBuffer | RowQueue {
    return this.input(uid)?.buffer ?? this.queue(uid)!;
  }

  /** The run was asked to stop: nothing more is taken, and what is on its way gets through, whether read or not. */
  stop(): void {
    for (const input of this.inputs.values()) input.stop();
    for (const { queue } of this.outputs.values()) queue.keep();
  }

  /** The run has ended well. */
  finish(): void {
    for (const output of this.outputs.values()) output.end();
  }

  /** The run has failed: everybody who waits at an end of it is told. */
  fail(error: unknown): void {
    for (const input of this.inputs.values()) input.fail(error);
    for (const output of this.outputs.values()) output.fail(error);
  }
}

function pushedInput(
  plan: LogicalPlan,
  graph: JobGraph,
  { uid, output }: PlanOperator,
  input: string,
  options: LiveInputOptions,
  recordBytesMax: number,
): PushedInput {
  const fields = output.fields ?? [];
  const names = graph.required.get(uid) ?? null;
  const required = names === null ? fields : fields.filter(({ name }) => names.includes(name));
  const place = { job: plan.job, input, fields, required, recordBytesMax };
  return new PushedInput(place, options, pushBounds(input, options));
}

/**
 * Things by name, for programs: a name that is not there is an error that says so.
 *
 * @param what  what the things are, for the message
 */
export function byName<T extends object>(
  job: string,
  what: string,
  things: Iterable<readonly [string, T]>,
): Record<string, T> {
  const target: Record<string, T> = Object.fromEntries(things);
  return new Proxy(target, {
    get: (_, name) => {
      if (typeof name === 'symbol' || Object.hasOwn(target, name)) return Reflect.get(target, name);
      if (UNNAMED.has(name)) return Reflect.get(target, name);
      const names = Object.keys(target);
      const hint = didYouMean(name, names) || `; it has ${names.join(', ') || 'none'}`;
      throw argument(`job '${job}' has no ${what} '${name}'${hint}`);
    },
  });
}

/** Asked of any object by those who print it, compare it or wait for it. */
const UNNAMED: ReadonlySet<string> = new Set(['then', 'toJSON', 'constructor', 'toString', 'valueOf']);

function argument(what: string): SluiceError {
  return new SluiceError('ARGUMENT_INVALID', what);
}
