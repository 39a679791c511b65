import type { ListCell, MapCell, StateSpec, ValueCell } from '../../functions/keyed-state.js';

/**
 * Where the keys of an operator and all that belongs to them are kept: the keys that have something, the states of
 * each, and its timers. A backend is of one subtask.
 *
 * A key has a *slot*, a small number that is its own for as long as it has a state or a timer, or is the current key.
 *
 * Runs in: the task's own thread.
 */
export interface KeyedStateBackend {
  readonly keys: KeyScope;
  readonly eventTimers: TimerService;
  readonly processingTimers: TimerService;
  /** The states of this name, for the current key whichever it is. Asked for once each, before the first key. */
  cell(spec: StateSpec): ValueCell | ListCell | MapCell;
  /** Looks at a few slots for what has expired. Cost: constant. */
  cleanUp(): void;
  /**
   * All that belongs to the keys of a key group, as bytes that `restore` understands. Changes nothing.
   *
   * @throws SluiceError RECORD_FIELD_INVALID  a value is none that can be written
   * Cost: of the first group, linear in all keys; of the others, in their own.
   */
  snapshot(keyGroup: number): Uint8Array;
  /**
   * Adds what a snapshot holds; its keys must not be there yet.
   *
   * @throws SluiceError STATE_INCOMPATIBLE  a state of it is not declared, or is of another kind now
   */
  restore(keyGroup: number, snapshot: Uint8Array): void;
  /** Forgets everything. */
  clear(): void;
}

/** The keys, and which of them is the current one. Generated for the columns of the key. */
export interface KeyScope {
  /** Of the current key; -1: there is none. */
  slot: number;
  /** Keys that have a slot. */
  readonly count: number;
  /** Slots ever used: all are below it. */
  readonly size: number;
  /** By slot: states and timers that its key has; -1 where the slot is free. */
  readonly live: Int32Array;
  /** By slot: the hash of its key. */
  readonly hashes: Int32Array;
  /** Grows with every key that comes or goes. */
  readonly version: number;
  /** Makes a key the current one. */
  enter(hash: number, ...key: readonly unknown[]): void;
  /** The same for a key that has a slot. */
  reenter(slot: number): void;
  /** There is no current key any more; one that has nothing gives its slot back. */
  leave(): void;
  /** A key gives its slot back. */
  remove(slot: number): void;
  /** Columns of the key of a slot. */
  keyOf(slot: number): readonly unknown[];
  /** Told of a slot before it is used, also again. */
  readonly columns: { open(slot: number): void }[];
  clear(): void;
}

/** Timers of one clock. */
export interface TimerService {
  /** The earliest; Infinity: there is none. */
  readonly firstMs: number;
  readonly size: number;
  /** Registers a timer of the current key. */
  register(timestamp: number): void;
  /** Deletes a timer of the current key, if there is one. */
  delete(timestamp: number): void;
  /** Takes the earliest out, and makes its key the current one. Those of one time come in the order of registration. */
  take(): number;
}
