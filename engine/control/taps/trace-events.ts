import { TASK_TIMES } from '../../memory/task-clock.js';
import { CHANNELS_MAX, COLLECTED, READ, SENT } from './trace-entries.js';

/**
 * Entries of tasks as events in Chrome's trace format, a line each. A task has a track for its states, one for the
 * garbage collections of its thread, and counters; a buffer is an arrow from where it was sent to where it was read.
 *
 * Source: "Trace Event Format", the document of the Chromium project; https://ui.perfetto.dev reads it.
 */

/** Bytes of a file. Arrows are left out from the half of it on, so that the states last longer. */
export const TRACE_BYTES_MAX = 64 * 1024 * 1024;

const NS_PER_MS = 1e6;
const NS_PER_US = 1e3;
const PROCESS = 1;
const SLICE_NAMES: Readonly<Record<(typeof TASK_TIMES)[number], string>> = {
  busy: 'busy',
  idle: 'idle',
  softBackpressured: 'backpressured',
  hardBackpressured: 'backpressured inside a record',
  async: 'waits for a promise',
  rateLimited: 'rate limited',
};
/** By number, as Node.js tells them. */
const COLLECTIONS: Readonly<Record<number, string>> = {
  1: 'minor',
  2: 'minor',
  4: 'major',
  8: 'incremental',
  16: 'weak references',
};

const stateTrack = (task: number): number => 2 * task + 2;
const collectionTrack = (task: number): number => 2 * task + 3;

/** How full things are at a moment; null: the task has no such end. */
export interface TraceSample {
  readonly input: { readonly queuedBuffers: number; readonly poolUsage: number } | null;
  readonly output: { readonly queuedBuffers: number; readonly poolUsage: number } | null;
}

export class TraceEvents {
  readonly #startedNs: number;
  readonly #names: readonly string[];
  readonly #bytesMax: number;
  #lines: string[] = [];
  #bytes = 0;
  /** By task: where its last slice ends, and its last collection. */
  readonly #statesNs: number[];
  readonly #collectedNs: number[];
  readonly #hasCollections: boolean[];
  /** Channels of all exchanges by the order in which they were seen: ids of arrows are whole numbers. */
  readonly #channels = new Map<number, number>();
  #slicesLeftOut = 0;
  #buffersLeftOut = 0;

  /**
   * @param startedMs  monotonic: the zero of the trace
   * @param names      of all tasks
   */
  constructor(job: string, names: readonly string[], startedMs: number, bytesMax = TRACE_BYTES_MAX) {
    this.#startedNs = Math.round(startedMs * NS_PER_MS);
    this.#names = names;
    this.#bytesMax = bytesMax;
    this.#statesNs = names.map(() => 0);
    this.#collectedNs = names.map(() => 0);
    this.#hasCollections = names.map(() => false);
    this.#meta('process_name', stateTrack(0), { name: `sluice ${job}` });
    for (const [task, name] of names.entries()) this.#track(stateTrack(task), name);
  }

  /** Takes an entry of a task; see trace-entries.ts. */
  add(task: number, kind: number, a: number, b: number, c: number): void {
    if (kind === SENT || kind === READ) this.#buffer(task, kind, a, b, c);
    else if (kind === COLLECTED) this.#collection(task, a, b, c);
    else this.#state(task, kind, a, b);
  }

  /** @param samples  by task */
  sample(atMs: number, samples: readonly TraceSample[]): void {
    const ts = us(this.#ns(atMs));
    for (const [task, { input, output }] of samples.entries()) {
      if (input === null && output === null) continue;
      const count = (what: string, of: 'queuedBuffers' | 'poolUsage'): void => {
        const args = {
          ...(input !== null && { in: input[of] }),
          ...(output !== null && { out: output[of] }),
        };
        const name = `${what}: ${this.#names[task]}`;
        this.#keep({ ph: 'C', name, pid: PROCESS, tid: stateTrack(task), ts, args });
      };
      count('queued buffers', 'queuedBuffers');
      count('pool usage', 'poolUsage');
    }
  }

  /**
   * The last event, if anything was left out.
   *
   * @param dropped  entries that found no room in the rings of the tasks
   * @returns        what was, for people; null: nothing
   */
  end(atMs: number, dropped: number): string | null {
    const parts = [
      [this.#buffersLeftOut, 'buffers'],
      [this.#slicesLeftOut, 'slices and counters'],
      [dropped, 'entries that came too fast'],
    ] as const;
    const text = parts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(', ');
    if (text === '') return null;
    const ts = us(this.#ns(atMs));
    this.#write({ ph: 'i', s: 'g', name: `left out: ${text}`, pid: PROCESS, tid: stateTrack(0), ts });
    return text;
  }

  /** The lines since the last call, each with its end; the first begins the list. */
  take(): string {
    const lines = this.#lines;
    this.#lines = [];
    return lines.join('');
  }

  /** What ends the list. */
  static readonly END = '\n]\n';

  /** A task enters no state before it has left the last, but clocks are of floating point. */
  #state(task: number, state: number, fromMs: number, toMs: number): void {
    const from = Math.max(this.#ns(fromMs), this.#statesNs[task]!);
    const to = Math.max(this.#ns(toMs), from);
    this.#statesNs[task] = to;
    const name = SLICE_NAMES[TASK_TIMES[state - 1]!];
    this.#keep({ ph: 'X', cat: 'task', name, pid: PROCESS, tid: stateTrack(task), ...span(from, to) });
  }

  #collection(task: number, fromMs: number, toMs: number, kind: number): void {
    if (!this.#hasCollections[task]) this.#track(collectionTrack(task), `${this.#names[task]} collections`);
    this.#hasCollections[task] = true;
    const from = Math.max(this.#ns(fromMs), this.#collectedNs[task]!);
    const to = Math.max(this.#ns(toMs), from);
    this.#collectedNs[task] = to;
    const name = `${COLLECTIONS[kind] ?? 'garbage'} collection`;
    this.#keep({ ph: 'X', cat: 'gc', name, pid: PROCESS, tid: collectionTrack(task), ...span(from, to) });
  }

  #buffer(task: number, kind: number, atMs: number, channel: number, buffer: number): void {
    if (this.#bytes > this.#bytesMax / 2) {
      this.#buffersLeftOut++;
      return;
    }
    const known = this.#channels.get(channel) ?? this.#channels.size;
    this.#channels.set(channel, known);
    const id = buffer * CHANNELS_MAX + known;
    const way = kind === SENT ? { ph: 's' } : { ph: 'f', bp: 'e' };
    const at = { pid: PROCESS, tid: stateTrack(task), ts: us(this.#ns(atMs)) };
    this.#write({ ...way, cat: 'buffer', name: 'buffer', id, ...at });
  }

  #track(tid: number, name: string): void {
    this.#meta('thread_name', tid, { name });
    this.#meta('thread_sort_index', tid, { sort_index: tid });
  }

  #meta(name: string, tid: number, args: object): void {
    this.#write({ ph: 'M', name, pid: PROCESS, tid, args });
  }

  #keep(event: object): void {
    if (this.#bytes > this.#bytesMax) this.#slicesLeftOut++;
    else this.#write(event);
  }

  #write(event: object): void {
    const line = `${this.#bytes === 0 ? '[' : ','}\n${JSON.stringify(event)}`;
    this.#bytes += line.length;
    this.#lines.push(line);
  }

  #ns(ms: number): number {
    return Math.round(ms * NS_PER_MS) - this.#startedNs;
  }
}

function us(ns: number): number {
  return ns / NS_PER_US;
}

function span(fromNs: number, toNs: number) {
  return { ts: us(fromNs), dur: us(toNs - fromNs) };
}
