/**
 * Who waits at one moment, and what lies in every channel: read from shared memory alone, and disturbing nobody.
 *
 *   watch/still  A task is said to wait only if it was parked and its clock had the same version before and after all
 *                else was read. It has written nothing in between then, so everything that tasks which wait have
 *                written is of one moment.
 *
 * Runs in: any thread, usually the main one.
 */
import { ControlArena } from './control-arena.js';
import { type ChannelFigures, ExchangeReader } from './exchange-reader.js';
import { REGION, type SharedMemory } from './region.js';
import type { TaskTimeName } from './task-clock.js';

export interface TaskPicture {
  readonly task: number;
  /** What its time goes into; null before and after its life. */
  readonly state: TaskTimeName | null;
  /** Since when, monotonic ms of the process. */
  readonly sinceMs: number;
  readonly hasEnded: boolean;
  /** Bits of the doorbell it sleeps for; 0 if it does not, or did not all the while. */
  readonly waitsFor: number;
  /** Asked to stop, so that it will not go on waiting. */
  readonly isStopping: boolean;
  /** Turns of its loop: the heartbeat. */
  readonly loops: number;
  /** Changes whenever the task does anything else. */
  readonly version: number;
  /** Exchange it waits for inside a record, while it does. */
  readonly waitingExchange: number;
}

export interface ExchangePicture {
  readonly reader: ExchangeReader;
  readonly channels: readonly ChannelFigures[];
  /** By receiver: a sender has said that there is something to read, and the receiver has not looked since. */
  readonly isRaised: readonly boolean[];
}

export interface WaitPicture {
  readonly tasks: readonly TaskPicture[];
  readonly exchanges: readonly ExchangePicture[];
}

/** @param nowMs  monotonic time of the process */
export function waitPicture(
  control: SharedMemory,
  exchanges: readonly SharedMemory[],
  nowMs: number,
): WaitPicture {
  const arena = new ControlArena(control, new Int32Array(control)[REGION.attempt]!);
  const clocks = Array.from({ length: arena.tasks }, (_, task) => arena.clockReader(task));
  const versions = clocks.map(({ version }) => version); // watch/still: before everything else
  const interests = clocks.map((_, task) => arena.interestOf(task));
  const pictures = exchanges.map((memory): ExchangePicture => {
    const reader = new ExchangeReader(memory);
    const isRaised = Array.from({ length: reader.receivers }, (_, receiver) => reader.isRaised(receiver));
    return { reader, channels: reader.channels(), isRaised };
  });
  const tasks = clocks.map((clock, task): TaskPicture => {
    const { state, sinceMs } = clock.read(nowMs);
    const line = arena.taskLine(task);
    return {
      task,
      state,
      sinceMs,
      hasEnded: state === null && sinceMs > 0,
      waitsFor: interests[task]!,
      isStopping: arena.isStopRequested(task),
      loops: line.loops,
      version: versions[task]!,
      waitingExchange: line.waitingExchange,
    };
  });
  const isStill = clocks.map(({ version }, task) => version === versions[task]); // watch/still: after everything else
  return {
    tasks: tasks.map((each) => (isStill[each.task] ? each : { ...each, waitsFor: 0 })),
    exchanges: pictures,
  };
}
