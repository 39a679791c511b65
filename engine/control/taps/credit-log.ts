import { BUSY, HARD_BACKPRESSURED, SOFT_BACKPRESSURED } from '../../memory/task-clock.js';
import type { ChannelPlace, FlowTap, SenderFigures } from './flow-tap.js';

/** Kinds of lines, named as where some were left out. Each has an allowance of its own, so rare ones stay. */
const KINDS = ['grants', 'takes', 'floating moves', 'pauses', 'resumes', 'waits'] as const;
type Kind = (typeof KINDS)[number];

/** Of each kind, in a second, of a task. */
export const LINES_MAX = 20;
const WINDOW_MS = 1_000;

/**
 * The flow of credit through one task, a line each: who lends and takes segments, and when a task has to wait for some.
 * Of what comes too often only the first lines of a second are written, and then how many were left out.
 *
 * Runs in: the thread of the task.
 */
export class CreditLog implements FlowTap {
  readonly #task: string;
  readonly #nameOf: (task: number) => string;
  readonly #startedMs: number;
  readonly #nowMs: () => number;
  readonly #write: (line: string) => boolean;
  readonly #senders: SenderFigures[] = [];
  readonly #written = new Map<Kind, number>();
  readonly #leftOut = new Map<Kind, number>();
  #windowMs = Number.NEGATIVE_INFINITY;
  #refused = 0;
  /** Channels for whose sake the task has paused, and since when. */
  #paused: readonly SenderFigures[] = [];
  #pausedMs = 0;
  #wait: SenderFigures | null = null;

  /**
   * @param nameOf     names of tasks: "parquet -> filter (1)"
   * @param startedMs  when the run was started, monotonic: lines count from there
   * @param write      gets a line without its end; false: it could not be written
   */
  constructor(parts: {
    readonly task: number;
    readonly nameOf: (task: number) => string;
    readonly startedMs: number;
    readonly nowMs: () => number;
    readonly write: (line: string) => boolean;
  }) {
    this.#task = parts.nameOf(parts.task);
    this.#nameOf = parts.nameOf;
    this.#startedMs = parts.startedMs;
    this.#nowMs = parts.nowMs;
    this.#write = parts.write;
  }

  opens(sender: SenderFigures): void {
    this.#senders.push(sender);
  }

  publishes(): void {}

  reads(): void {}

  takes(place: ChannelPlace, credit: number, backlog: number): void {
    if (!this.#may('takes')) return;
    this.#say(place, `takes credit #${credit}; ${waiting(backlog)}`);
  }

  grants(place: ChannelPlace, credit: number, isFloating: boolean, lent: number): void {
    if (!this.#may(isFloating ? 'floating moves' : 'grants')) return;
    const whose = isFloating ? 'a floating segment' : 'its own segment';
    this.#say(place, `grants credit #${credit}, ${whose}; ${lent} lent`);
  }

  keeps(place: ChannelPlace): void {
    if (this.#may('floating moves')) this.#say(place, 'gives a segment back to the floating ones');
  }

  changes(state: number, sinceMs: number, next: number, nowMs: number): void {
    if (state === HARD_BACKPRESSURED) this.#endWait(nowMs - sinceMs);
    if (next === HARD_BACKPRESSURED) this.#beginWait();
    if (next === SOFT_BACKPRESSURED) this.#pause(nowMs);
    else if (next !== BUSY) this.#resume(nowMs); // busy may be a look around that finds nothing
  }

  progresses(nowMs: number): void {
    this.#resume(nowMs);
  }

  closes(nowMs: number): void {
    this.#tellLeftOut(nowMs);
  }

  #pause(nowMs: number): void {
    if (this.#paused.length > 0) return;
    const full = this.#senders.filter(({ backlog, backlogMax }) => backlog >= backlogMax);
    const worst = this.#worst();
    this.#paused = full.length > 0 || worst === null ? full : [worst];
    this.#pausedMs = nowMs;
    for (const { place, backlog, backlogMax } of this.#paused) {
      if (!this.#may('pauses')) continue;
      const why = full.length > 0 ? `the most, ${backlogMax}` : 'and only the overdraft is free';
      this.#say(place, `pauses: ${waiting(backlog)}, ${why}`);
    }
  }

  #resume(nowMs: number): void {
    const paused = this.#paused;
    this.#paused = [];
    for (const { place, backlog } of paused)
      if (this.#may('resumes'))
        this.#say(place, `resumes after ${timeText(nowMs - this.#pausedMs)}; ${waiting(backlog)}`);
  }

  #beginWait(): void {
    this.#wait = this.#worst();
    if (this.#wait === null || !this.#may('waits')) return;
    const { place, backlog } = this.#wait;
    this.#say(place, `waits for a buffer inside a record; ${waiting(backlog)}`);
  }

  #endWait(tookMs: number): void {
    if (this.#wait === null || !this.#may('waits')) return;
    this.#say(this.#wait.place, `has waited ${timeText(tookMs)} for a buffer inside a record`);
  }

  /** The channel in which most waits for credit. */
  #worst(): SenderFigures | null {
    return this.#senders.reduce<SenderFigures | null>(
      (worst, each) => (worst === null || each.backlog > worst.backlog ? each : worst),
      null,
    );
  }

  /** True if one more line of the kind may be written now; else it is counted. */
  #may(kind: Kind): boolean {
    const nowMs = this.#nowMs();
    if (nowMs - this.#windowMs >= WINDOW_MS) {
      this.#tellLeftOut(nowMs);
      this.#windowMs = nowMs;
      this.#written.clear();
    }
    const written = this.#written.get(kind) ?? 0;
    if (written >= LINES_MAX) this.#leftOut.set(kind, (this.#leftOut.get(kind) ?? 0) + 1);
    else this.#written.set(kind, written + 1);
    return written < LINES_MAX;
  }

  #tellLeftOut(nowMs: number): void {
    if (this.#leftOut.size === 0 && this.#refused === 0) return;
    const counts = KINDS.filter((kind) => this.#leftOut.has(kind)).map(
      (kind) => `${this.#leftOut.get(kind)} ${kind}`,
    );
    if (this.#refused > 0) counts.push(`${this.#refused} lines that standard error refused`);
    this.#leftOut.clear();
    this.#refused = 0;
    this.#line(`left out in the last ${timeText(nowMs - this.#windowMs)}: ${counts.join(', ')}`);
  }

  #say({ exchange, channel, peer, end }: ChannelPlace, what: string): void {
    const way = end === 'sender' ? 'to' : 'from';
    this.#line(`channel ${exchange}.${channel} ${way} ${this.#nameOf(peer)}: ${what}`);
  }

  #line(what: string): void {
    const seconds = ((this.#nowMs() - this.#startedMs) / 1_000).toFixed(6);
    if (!this.#write(`credit ${seconds.padStart(11)} s  ${this.#task}  ${what}`)) this.#refused++;
  }
}

function waiting(backlog: number): string {
  return `${backlog} ${backlog === 1 ? 'buffer waits' : 'buffers wait'} for credit`;
}

function timeText(ms: number): string {
  return ms < 1 ? `${Math.round(ms * 1_000)} us` : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
}
