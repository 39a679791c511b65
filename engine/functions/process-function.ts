import type { OutputTag } from './output-tag.js';

/** Tell the types of a function apart, and rows that do not fit; nothing of it exists at run time. */
declare const STREAM: unique symbol;
declare const KEYED: unique symbol;
declare const CONNECTED: unique symbol;

/** Where a function runs. */
export interface FunctionContext {
  /** Number of the subtask, from 0. */
  readonly subtask: number;
  /** Subtasks of the operator. */
  readonly parallelism: number;
}

/** What a process function may ask and do during a call; good for that call only. */
export interface ProcessContext<Out> extends FunctionContext {
  /** Event time of the row, or the time of the timer, ms since 1970; -Infinity: rows have no event time. */
  readonly timestamp: number;
  /** The watermark as far as it has come; -Infinity before the first, Infinity at the end of the input. */
  readonly currentWatermark: number;
  /** The clock on the wall, ms since 1970. */
  readonly processingTime: number;
  /** Gives a row to the stream. */
  readonly emit: (row: Out) => void;
  /** Gives a row to a side output; dropped, and counted, if nobody reads it. */
  readonly output: <S extends object>(tag: OutputTag<S>, row: NoInfer<S>) => void;
}

/** The same for a row or a timer of a key. */
export interface KeyedContext<Out, Key> extends ProcessContext<Out> {
  /** The value of the key; of several fields, an object of them. */
  readonly key: Key;
  readonly timers: Timers;
}

/** The same during `onTimer`. */
export interface TimerContext<Out, Key> extends KeyedContext<Out, Key> {
  /** Which clock the timer was set by. */
  readonly timeDomain: TimeDomain;
}

export type TimeDomain = 'event' | 'processing';

/**
 * Timers of the current key. There is one for each time and clock: to register it again changes nothing.
 *
 * A time is a whole number of milliseconds since 1970. What has passed already fires at once: an event-time timer with
 * the next watermark, or in the same pass if others are firing.
 */
export interface Timers {
  registerEventTime(timestamp: number): void;
  registerProcessingTime(timestamp: number): void;
  deleteEventTime(timestamp: number): void;
  deleteProcessingTime(timestamp: number): void;
}

/** What `stream.process` calls: made once in each subtask. */
export abstract class ProcessFunction<In extends object, Out extends object> {
  declare readonly [STREAM]: (row: In) => Out;

  /** Before the first row. */
  open?(context: FunctionContext): void;

  /** @param row  a plain object, its to keep */
  abstract processElement(row: In, context: ProcessContext<Out>): void;

  /** When the task ends, well or not; no row can be given out any more. */
  close?(): void;
}

/**
 * What `keyed.process` calls: made once in each subtask. Its fields may hold states, such as
 * `readonly seen = valueState(t.int32)`, each of which is that of the current key.
 */
export abstract class KeyedProcessFunction<In extends object, Out extends object, Key = unknown> {
  declare readonly [KEYED]: (row: In, key: Key) => Out;

  /** Before the first row. There is no key yet. */
  open?(context: FunctionContext): void;

  /** @param row  a plain object, its to keep */
  abstract processElement(row: In, context: KeyedContext<Out, Key>): void;

  /** @param timestamp  for which the timer was registered */
  onTimer?(timestamp: number, context: TimerContext<Out, Key>): void;

  /** When the task ends, well or not; no row can be given out any more. */
  close?(): void;
}

/**
 * What `connected.process` calls where both streams are keyed: made once in each subtask. Rows of either stream see the
 * states and timers of their key.
 */
export abstract class KeyedCoProcessFunction<
  A extends object,
  B extends object,
  Out extends object,
  Key = unknown,
> {
  declare readonly [CONNECTED]: (first: A, second: B, key: Key) => Out;

  /** Before the first row. There is no key yet. */
  open?(context: FunctionContext): void;

  /** @param row  of the first stream; a plain object, its to keep */
  abstract processElement1(row: A, context: KeyedContext<Out, Key>): void;

  /** @param row  of the second stream */
  abstract processElement2(row: B, context: KeyedContext<Out, Key>): void;

  /** @param timestamp  for which the timer was registered */
  onTimer?(timestamp: number, context: TimerContext<Out, Key>): void;

  /** When the task ends, well or not; no row can be given out any more. */
  close?(): void;
}
