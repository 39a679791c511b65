import { isSluiceError, SluiceError } from '../base/errors.js';
import type { SharedMemory } from '../memory/region.js';
import { type WaitPicture, waitPicture } from '../memory/wait-picture.js';
import type { Profiler } from './profile/profiler.js';
import { deadlockIn, type Wait, type WaitEdge, waitsIn } from './wait-graph.js';

/**
 * A task that nobody woke although what it waits for is there looks around by itself, ten times a second. One that has
 * not for so long sleeps where it does not look around.
 */
const WAKE_LOST_MS = 5_000;
/** Edges of a deadlock that are told one by one. */
const EDGES_MAX = 20;

export interface WatchdogParts {
  readonly control: SharedMemory;
  readonly exchanges: readonly SharedMemory[];
  /** As messages name it: `map -> csv (1)`. */
  readonly nameOf: (task: number) => string;
  readonly stuckAfterMs: number;
}

/** Something seen, and since when. */
interface Sighting {
  readonly atMs: number;
  /** Another one is another sighting. */
  readonly mark: string;
  /** Buffers that the task concerned had read at the last look. */
  readonly reads: number;
}

/**
 * Looks now and then at who waits for whom, and names what will not end or takes too long. Reads shared memory only, so
 * it works whatever the tasks do.
 *
 *   watch/twice  Nothing is said of what was seen once: a deadlock has to be there at two looks, of the same tasks
 *                waiting since the same times, and all else for as long as its limit says.
 *
 * Runs in: the main thread.
 */
export class Watchdog {
  readonly #parts: WatchdogParts;
  /** What was seen at the last look. */
  #before: ReadonlyMap<string, Sighting> = new Map();
  #now = new Map<string, Sighting>();
  #beforeMs = 0;
  #nowMs = 0;
  readonly #told = new Set<string>();

  constructor(parts: WatchdogParts) {
    this.#parts = parts;
  }

  /**
   * Looks once.
   *
   * @param nowMs  monotonic time of the process
   * @returns      what is new: TASKS_DEADLOCKED, TASK_STUCK, CHANNEL_STARVED, WAKE_LOST; each thing is told once
   * Cost: about ten atomic loads a channel.
   */
  look(nowMs: number): readonly SluiceError[] {
    const picture = waitPicture(this.#parts.control, this.#parts.exchanges, nowMs);
    this.#before = this.#now;
    this.#now = new Map();
    this.#beforeMs = this.#nowMs;
    this.#nowMs = nowMs;
    return [
      ...this.#deadlocks(picture),
      ...this.#stuck(picture),
      ...this.#starved(picture),
      ...this.#lostWakes(picture),
    ];
  }

  #deadlocks(picture: WaitPicture): readonly SluiceError[] {
    const waits = deadlockIn(picture);
    if (waits.length === 0) return [];
    const mark = waits.map(({ task, sinceMs }) => `${task} since ${sinceMs}`).join();
    if (this.#lasted('deadlock', mark, 0) === null) return [];
    const lines = waits.flatMap((wait) => this.#edgesOf(wait, picture));
    const more = lines.length > EDGES_MAX ? [`and ${lines.length - EDGES_MAX} more`] : [];
    const head =
      waits.length === 1
        ? 'a task waits for itself or for tasks that have ended'
        : `${waits.length} tasks wait for each other, and nothing else can wake them`;
    return [
      new SluiceError('TASKS_DEADLOCKED', [head, ...lines.slice(0, EDGES_MAX), ...more].join('\n  '), {
        detail: { tasks: waits.map(({ task }) => task).join() },
      }),
    ];
  }

  /** A line for each task that a task waits for. */
  #edgesOf({ task, isInsideRecord, sinceMs, needs }: Wait, { exchanges }: WaitPicture): readonly string[] {
    const { nameOf } = this.#parts;
    const forSeconds = seconds(this.#nowMs - sinceMs);
    return needs.flat().map(({ exchange, waker, brings, figures }: WaitEdge) => {
      const { reader, channels } = exchanges.find((each) => each.reader.id === exchange)!;
      const { channel, backlog, credits } = figures;
      const own = channels.filter(({ senderTask }) => senderTask === figures.senderTask);
      const held = own.reduce((sum, { outstanding, isOpen }) => sum + outstanding + (isOpen ? 1 : 0), 0);
      const segments = reader.segmentsOf(own.length);
      const what = brings === 'buffer' ? `${nameOf(waker)} to send` : `${nameOf(waker)} to read`;
      return (
        `${nameOf(task)} waits ${isInsideRecord ? 'inside a record ' : ''}for ${what}, for ${forSeconds}: exchange ${exchange}, ` +
        `channel ${channel}, backlog ${backlog}, credits ${credits}, ${segments - held} of ` +
        `${segments} segments free`
      );
    });
  }

  #stuck({ tasks }: WaitPicture): readonly SluiceError[] {
    return tasks.flatMap(({ task, state, loops }) => {
      if (state !== 'busy') return [];
      const ms = this.#lasted(`stuck ${task}`, String(loops), this.#parts.stuckAfterMs);
      if (ms === null) return [];
      const told = `${this.#parts.nameOf(task)} has not come back from its functions for ${seconds(ms)}`;
      return [new SluiceError('TASK_STUCK', told, { detail: { task } })];
    });
  }

  #starved({ exchanges }: WaitPicture): readonly SluiceError[] {
    const reads = new Map<number, number>(); // of all gates of a task
    for (const { receiverTask, read } of exchanges.flatMap(({ channels }) => channels))
      reads.set(receiverTask, ((reads.get(receiverTask) ?? 0) + read) | 0);
    return exchanges.flatMap(({ reader, channels }) => {
      return channels.flatMap(({ channel, readable, isAtBarrier, read, senderTask, receiverTask }) => {
        if (readable === 0 || isAtBarrier) return [];
        const what = `starved ${reader.id} ${channel}`;
        const ms = this.#lasted(what, String(read), this.#parts.stuckAfterMs, reads.get(receiverTask)!);
        if (ms === null) return [];
        const [from, to] = [this.#parts.nameOf(senderTask), this.#parts.nameOf(receiverTask)];
        const told =
          `${to} has read from other channels and not from ${from} for ${seconds(ms)}, though ${readable} ` +
          `buffers with credit lie there: exchange ${reader.id}, channel ${channel}`;
        return [new SluiceError('CHANNEL_STARVED', told, { detail: { exchange: reader.id, channel } })];
      });
    });
  }

  #lostWakes(picture: WaitPicture): readonly SluiceError[] {
    return waitsIn(picture).flatMap(({ task, needs, sinceMs }) => {
      if (needs.length > 0) return [];
      const { version } = picture.tasks[task]!;
      if (this.#lasted(`asleep ${task}`, String(version), WAKE_LOST_MS) === null) return [];
      const told = `${this.#parts.nameOf(task)} sleeps since ${seconds(this.#nowMs - sinceMs)}, though what it waits for is there`;
      return [new SluiceError('WAKE_LOST', told, { detail: { task } })];
    });
  }

  /**
   * Notes that something was seen. watch/twice
   *
   * @param reads  buffers that the task concerned has read, if only the time counts in which it reads
   * @returns      for how long it has been seen with this mark, once, when that is longer than the limit; else null
   */
  #lasted(what: string, mark: string, limitMs: number, reads = Number.NaN): number | null {
    const last = this.#before.get(what);
    const isSame = last !== undefined && last.mark === mark;
    const pausedMs = isSame && reads === last.reads ? this.#nowMs - this.#beforeMs : 0;
    const atMs = isSame ? last.atMs + pausedMs : this.#nowMs;
    this.#now.set(what, { atMs, mark, reads });
    const ms = this.#nowMs - atMs;
    const news = `${what}: ${mark}`;
    if (!isSame || ms < limitMs || this.#told.has(news)) return null;
    this.#told.add(news);
    return ms;
  }
}

/** Says of a TASK_STUCK in which functions of the user the task is, where that can be seen. */
export async function withStack(
  finding: SluiceError,
  profiler: Pick<Profiler, 'stackOf'>,
): Promise<SluiceError> {
  const { code, message, detail } = finding;
  const what = message.slice(code.length + 2);
  try {
    const stack = await profiler.stackOf(Number(detail['task']));
    if (stack.length === 0) return finding;
    const [where] = stack;
    const lines = stack.map((frame) => `\n  at ${frame}`).join('');
    return new SluiceError(code, `${what}: it is in ${where}${lines}`, {
      detail: { ...detail, stack: stack.join('\n') },
    });
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return new SluiceError(code, `${what}: in which cannot be seen, such as where it waits for the system`, {
      detail,
    });
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
