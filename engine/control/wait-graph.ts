import type { ChannelFigures } from '../memory/exchange-reader.js';
import { CREDIT } from '../memory/parker.js';
import type { ExchangePicture, TaskPicture, WaitPicture } from '../memory/wait-picture.js';

/**
 * Who waits for whom.
 *
 *   watch/wakers    A task that waits can be woken by a buffer from any sender of its gates that has not ended, and by
 *                   credit from the receivers of the subpartitions that hold its segments or have no room. Nothing is
 *                   waited for from a receiver that has left. A task that does not wait may wake anybody; one that has
 *                   ended wakes nobody.
 *   watch/deadlock  Tasks are deadlocked if what they wait for is not there and every task that could bring it is one
 *                   of them or has ended.
 *
 * Runs in: the main thread.
 */

/** A task that could end a wait, and the channel through which it would. */
export interface WaitEdge {
  readonly exchange: number;
  readonly waker: number;
  /** A buffer for the gate of the task that waits, or a credit for one of its partitions. */
  readonly brings: 'buffer' | 'credit';
  readonly figures: ChannelFigures;
}

export interface Wait {
  readonly task: number;
  readonly isInsideRecord: boolean;
  readonly sinceMs: number;
  /** The wait ends when in each of these one waker has brought something; empty: what it waits for is there. */
  readonly needs: readonly (readonly WaitEdge[])[];
}

/** Every task that waits for another. Those that wait for time, a promise or the outside are not among them. */
export function waitsIn(picture: WaitPicture): readonly Wait[] {
  return picture.tasks.flatMap((task) => {
    if (task.waitsFor === 0 || task.isStopping) return [];
    const needs = needsOf(task, picture);
    if (needs === null) return [];
    return [
      { task: task.task, isInsideRecord: task.state === 'hardBackpressured', sinceMs: task.sinceMs, needs },
    ];
  });
}

/** The tasks that wait for each other and for nobody else; empty when there are none. */
export function deadlockIn(picture: WaitPicture): readonly Wait[] {
  return deadlockAmong(waitsIn(picture), (task) => picture.tasks[task]!.hasEnded);
}

/** The largest set of waits that nobody outside of it can end. watch/deadlock */
export function deadlockAmong(waits: readonly Wait[], hasEnded: (task: number) => boolean): readonly Wait[] {
  const left = new Map(waits.map((wait) => [wait.task, wait]));
  const canWake = ({ waker }: WaitEdge): boolean => !left.has(waker) && !hasEnded(waker);
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const wait of left.values()) {
      if (wait.needs.every((wakers) => wakers.some(canWake))) isSmaller = left.delete(wait.task);
    }
  }
  return [...left.values()];
}

/** Null: it waits for nothing that another task would bring. */
function needsOf(task: TaskPicture, { exchanges }: WaitPicture): Wait['needs'] | null {
  const outputs = exchanges
    .map((each) => outputOf(each, task.task))
    .filter(({ channels }) => channels.length > 0);
  if (task.state === 'hardBackpressured')
    return insideRecord(outputs.filter(({ exchange }) => exchange.reader.id === task.waitingExchange));
  if (task.state === 'softBackpressured') return outputs.flatMap(betweenRecords);
  if (task.state !== 'idle') return null;
  return forInput(task, exchanges, outputs);
}

interface Output {
  readonly exchange: ExchangePicture;
  readonly channels: readonly ChannelFigures[];
}

function outputOf(exchange: ExchangePicture, task: number): Output {
  return { exchange, channels: exchange.channels.filter(({ senderTask }) => senderTask === task) };
}

function credit({ reader }: ExchangePicture, figures: ChannelFigures): WaitEdge {
  return { exchange: reader.id, waker: figures.receiverTask, brings: 'credit', figures };
}

/** A buffer finished now would be read, or would ask for credit, or is for nobody. */
function isSendable({ reader }: ExchangePicture, { credits, backlog, isReleased }: ChannelFigures): boolean {
  return isReleased || credits > 0 || (reader.exclusive === 0 && backlog === 0);
}

/** pool/yield, wait/hard: any segment will do, back from a receiver or from a buffer that can be finished. */
function insideRecord(outputs: readonly Output[]): Wait['needs'] {
  const wakers: WaitEdge[] = [];
  for (const { exchange, channels } of outputs) {
    for (const figures of channels) {
      const { takeable, isBegun, outstanding, isReleased } = figures;
      const isBack = takeable > 0 || (isReleased && outstanding > 0); // release/discard: it can be taken back
      if (isBack || (isBegun && isSendable(exchange, figures))) return [];
      if (isBegun || outstanding > 0) wakers.push(credit(exchange, figures)); // watch/wakers
    }
  }
  return [wakers];
}

/** partition/available: subpartitions below their cap, all or any, and more segments free than the overdraft. */
function betweenRecords({ exchange, channels }: Output): Wait['needs'] {
  const { backlogMax, overdraft, isAdaptive } = exchange.reader;
  const atCap = channels.filter(({ backlog }) => backlog >= backlogMax);
  const needs = isAdaptive ? [] : atCap.map((figures) => [credit(exchange, figures)]); // watch/wakers
  const isAnyBelow = channels.some(({ backlog, isReleased }) => !isReleased && backlog < backlogMax);
  if (isAdaptive && atCap.length > 0 && !isAnyBelow)
    needs.push(atCap.map((figures) => credit(exchange, figures))); // watch/wakers
  const held = channels.reduce((sum, { backlog, isOpen }) => sum + backlog + (isOpen ? 1 : 0), 0);
  if (exchange.reader.segmentsOf(channels.length) - held <= overdraft)
    needs.push(channels.filter(({ backlog }) => backlog > 0).map((figures) => credit(exchange, figures)));
  return needs;
}

function forInput(
  { task, waitsFor }: TaskPicture,
  exchanges: readonly ExchangePicture[],
  outputs: readonly Output[],
): Wait['needs'] | null {
  const wakers: WaitEdge[] = [];
  let hasGate = false;
  for (const { reader, channels, isRaised } of exchanges) {
    const own = channels.filter(({ receiverTask }) => receiverTask === task);
    if (own.length === 0) continue;
    hasGate = true;
    if (own.every(({ hasEnded, readable }) => hasEnded && readable === 0)) continue; // others may go on
    if (isRaised[task - reader.receiverTask(0)]) return []; // gate/ready: this is what it sleeps for
    // gate/align: what lies behind a barrier is not read before the barriers of the others come.
    if (own.some(({ readable, isAtBarrier }) => readable > 0 && !isAtBarrier)) return [];
    for (const figures of own) {
      const { hasEnded, senderTask: waker } = figures;
      if (!hasEnded) wakers.push({ exchange: reader.id, waker, brings: 'buffer', figures }); // watch/wakers
    }
  }
  if (!hasGate) return null;
  if (wakers.length === 0) return []; // everything has ended: this is what it sleeps for
  if ((waitsFor & CREDIT) === 0) return [wakers];
  // A flush is not done: credit for what is left would move the task too.
  for (const { exchange, channels } of outputs) {
    for (const figures of channels) {
      if (!figures.isOpen) continue;
      if (isSendable(exchange, figures)) return [];
      wakers.push(credit(exchange, figures)); // watch/wakers
    }
  }
  return [wakers];
}
