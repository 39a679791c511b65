/**
 * What is told of one task as it happens: the buffers and credits of its channels, and where its time goes.
 *
 *   tap/installed   Who watches puts classes of his own in the place of the ends of channels, the lender and the clock
 *                   when the task is put together. A task that nobody watches has none of that, and nothing asks.
 *
 * Runs in: the thread of the task.
 */

/** A channel, as the task at one end of it knows it. */
export interface ChannelPlace {
  readonly exchange: number;
  /** Number of the channel in its exchange. */
  readonly channel: number;
  /** The task at the other end. */
  readonly peer: number;
  readonly end: 'sender' | 'receiver';
}

/** The sending end of a channel, for those who want to know how it is when something happens. */
export interface SenderFigures {
  readonly place: ChannelPlace;
  /** Buffers that no credit has met, as of the last look of its task. */
  readonly backlog: number;
  /** So many make the task wait. */
  readonly backlogMax: number;
}

/** Numbers of buffers and credits count from 0 in their channel: credit #i lets buffer #i pass. */
export interface FlowTap {
  /** The task may send through a channel. */
  opens(sender: SenderFigures): void;
  publishes(place: ChannelPlace, buffer: number): void;
  /** The sender got the segment of a credit. */
  takes(place: ChannelPlace, credit: number, backlog: number): void;
  /** The receiver lent a segment; a floating one belongs to no channel. @param lent  segments lent with it */
  grants(place: ChannelPlace, credit: number, isFloating: boolean, lent: number): void;
  /** The receiver kept a segment that it has read: it is one of its floating ones now. */
  keeps(place: ChannelPlace): void;
  /** The receiver begins to read a buffer. */
  reads(place: ChannelPlace, buffer: number): void;
  /**
   * The task changes over from one state to another, or to the same; 0: before or after its life.
   *
   * @param state, next  as in task-clock.ts
   * @param sinceMs      when it had entered the one, monotonic
   */
  changes(state: number, sinceMs: number, next: number, nowMs: number): void;
  /** The task works on: what it last waited for is over. */
  progresses(nowMs: number): void;
  /** Nothing more will come. */
  closes(nowMs: number): void;
}

/** One tap that tells several. */
export function joinedTap(taps: readonly FlowTap[]): FlowTap {
  if (taps.length === 1) return taps[0]!;
  const tell = (how: (tap: FlowTap) => void): void => {
    for (const tap of taps) how(tap);
  };
  return {
    opens: (sender) => tell((tap) => tap.opens(sender)),
    publishes: (place, buffer) => tell((tap) => tap.publishes(place, buffer)),
    takes: (place, credit, backlog) => tell((tap) => tap.takes(place, credit, backlog)),
    grants: (place, credit, isFloating, lent) => tell((tap) => tap.grants(place, credit, isFloating, lent)),
    keeps: (place) => tell((tap) => tap.keeps(place)),
    reads: (place, buffer) => tell((tap) => tap.reads(place, buffer)),
    changes: (state, sinceMs, next, nowMs) => tell((tap) => tap.changes(state, sinceMs, next, nowMs)),
    progresses: (nowMs) => tell((tap) => tap.progresses(nowMs)),
    closes: (nowMs) => tell((tap) => tap.closes(nowMs)),
  };
}
