import type { Clock } from '../base/clock.js';
import { SluiceError } from '../base/errors.js';
import type { FunctionContext, KeyedContext, TimeDomain, Timers } from '../functions/process-function.js';
import type { ChainCore } from './chain-core.js';
import type { KeyedStateBackend, TimerService } from './state/keyed-state-backend.js';

/** What a context is made for. */
export interface ContextSetting extends FunctionContext {
  readonly clock: Clock;
  /** Of the operator, into `ChainCore.sites`. */
  readonly site: number;
}

/** What a process function is called with: one object per operator and subtask, that says where the call is. */
export class RuntimeContext {
  /** Of the row or the timer that is being handled. */
  timestamp = Number.NEGATIVE_INFINITY;
  /** Event time of the rows that are given out. */
  rowTime = Number.NEGATIVE_INFINITY;
  /** True during a call of the function. */
  isCalled = false;
  readonly subtask: number;
  readonly parallelism: number;
  readonly emit: (row: unknown) => void;
  readonly output: (tag: unknown, row: unknown) => void;
  readonly #core: ChainCore;
  readonly #clock: Clock;

  /**
   * @param emit    takes a row for the stream
   * @param output  takes a row for a tag
   */
  constructor(
    core: ChainCore,
    { subtask, parallelism, clock }: ContextSetting,
    emit: RuntimeContext['emit'],
    output: RuntimeContext['output'],
  ) {
    this.#core = core;
    this.#clock = clock;
    this.subtask = subtask;
    this.parallelism = parallelism;
    this.emit = emit;
    this.output = output;
  }

  get currentWatermark(): number {
    return this.#core.watermarkOutMs;
  }

  get processingTime(): number {
    return this.#clock.wallMs();
  }
}

/** The same for a function that has keys. */
export class KeyedRuntimeContext
  extends RuntimeContext
  implements Omit<KeyedContext<any, any>, 'emit' | 'output'>
{
  timeDomain: TimeDomain = 'event';
  readonly timers: Timers;
  readonly #core: ChainCore;
  readonly #site: number;
  readonly #state: KeyedStateBackend;
  readonly #names: readonly string[];

  /** @param names  of the columns of the key; of a single one the key is the value */
  constructor(
    core: ChainCore,
    setting: ContextSetting,
    emit: RuntimeContext['emit'],
    output: RuntimeContext['output'],
    state: KeyedStateBackend,
    names: readonly string[],
    hasOnTimer: boolean,
  ) {
    super(core, setting, emit, output);
    this.#core = core;
    this.#site = setting.site;
    this.#state = state;
    this.#names = names;
    const checked = (call: 'register' | 'delete', timers: TimerService) => (timestamp: number) => {
      if (state.keys.slot < 0) core.outOfScope(setting.site, 'a timer');
      if (!Number.isSafeInteger(timestamp)) core.badTimer(setting.site, timestamp);
      if (!hasOnTimer) core.badTimer(setting.site, null);
      timers[call](timestamp);
    };
    this.timers = {
      registerEventTime: checked('register', state.eventTimers),
      registerProcessingTime: checked('register', state.processingTimers),
      deleteEventTime: checked('delete', state.eventTimers),
      deleteProcessingTime: checked('delete', state.processingTimers),
    };
  }

  /** Timers fire while the watermark that made them is still to be passed on. */
  override get currentWatermark(): number {
    return this.#core.watermarkMs;
  }

  get key(): unknown {
    const { slot } = this.#state.keys;
    if (slot < 0) this.#core.outOfScope(this.#site, 'the key');
    const values = this.#state.keys.keyOf(slot);
    if (values.length === 1) return values[0];
    return Object.fromEntries(this.#names.map((name, i) => [name, values[i]]));
  }
}

/** A process function of the user in one subtask, made. */
export interface RunningFunction {
  readonly site: number;
  open(): void;
  close(): void;
}

export interface UserFunction {
  open?(context: FunctionContext): void;
  close?(): void;
}

export function runningFunction(fn: UserFunction, site: number, context: FunctionContext): RunningFunction {
  const { subtask, parallelism } = context;
  let isOpen = false;
  return {
    site,
    open: () => {
      isOpen = true;
      refuseLater(fn.open?.({ subtask, parallelism }), 'open');
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      refuseLater(fn.close?.(), 'close');
    },
  };
}

/** Nobody would wait for what it promises. */
function refuseLater(result: unknown, call: string): void {
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== 'function') return;
  (result as PromiseLike<unknown>).then(undefined, () => undefined);
  throw new SluiceError(
    'ARGUMENT_INVALID',
    `${call} of a process function answered with a promise; it must be done at once`,
  );
}
