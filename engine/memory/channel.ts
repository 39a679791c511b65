/**
 * One channel between a sender and a receiver: two lines of words, a ring of finished buffers, a ring of lent segments.
 *
 *   exchange/swap-by-index  Both rings are indexed by the number of the buffer. Buffer #i and credit #i change
 *                           owner the instant both exist: the receiver consumes #i only below `granted`, the sender
 *                           takes credit #i only below `tail`. Every finished buffer is published at once.
 *   credit/publish          A slot is written before the index passes it, and read only below the index.
 *   credit/demand           The receiver lends while `granted` is below `tail` + E and at no other time. A `tail`
 *                           read long ago asks for too little, never for too much: it only grows while anybody lends.
 *   ring/slots              Slots are at least P + E + F, so no ring can be full: a slot is used again only after what
 *                           was in it came back through the other ring.
 *   ring/wrap               Positions count what has ever happened, mod 2^32; they are compared by `(a - b) | 0`.
 *   credit/ask              Without exclusive credits no credit ever waits in an empty channel, so one buffer may be
 *                           published ahead of credit: it is how the sender asks.
 *   event/position-words    The end and a barrier are positions in words, not slots: no memory, no credit, no bound. Of
 *                           barriers there is one: a newer one takes the place of an older one, which it cancels, and
 *                           its number is 0 while its position changes. The receiver loads `tail` first and the
 *                           barrier second; the sender writes the barrier before a later `tail`. So it is with the end.
 *   credit/barrier-clamp    While a barrier at b is not passed, nothing is lent for buffers from b on beyond E: they
 *                           may have to wait, and must not keep what others need to come to theirs.
 *   debloat/fill            The receiver says how much of a segment the sender shall fill; the sender looks when it
 *                           opens a buffer, and fills more only for an element that would not fit otherwise.
 *   end/reclaim             After the end at T the receiver takes the segments lent at [T, granted) back by itself:
 *                           the sender never touches an index at or past `tail`.
 *   release/discard         A receiver may leave a channel before its end. It says so after all that it has lent, and
 *                           lends nothing more, so the credits stand still. The sender takes back the buffers that no
 *                           credit has met, publishes no other, and counts both: finished = published + discarded.
 *   release/end             After the end the sender takes nothing back. What it had published then, the receiver that
 *                           has left reads all the same, and lends for it what that takes.
 *
 * Runs in: the main thread creates, `channel-sender.ts` in the upstream thread, `channel-receiver.ts` downstream.
 */
import { layout } from './layout.js';
import { LENT, type Ledger } from './ledger.js';

// biome-ignore format: a table
export const CHANNEL = layout('channel', 256, {
  //          offset  type   writer      meaning
  tail:     [   0,  'i32', 'sender',   'buffers ever published, without those taken back'],
  endPos:   [   4,  'i32', 'sender',   'position after the last buffer; valid once endKind is not 0'],
  endKind:  [   8,  'i32', 'sender',   '0 while data may follow, 1 after the end of data'],
  taken:    [  12,  'i32', 'sender',   'credits ever taken'],
  barrierPos:[  16,  'i32', 'sender',   'buffers before the barrier; valid while barrierId stays the same'],
  barrierId:[  20,  'i32', 'sender',   'number of the last barrier, from 1; 0: none, or it is being written'],
  open:     [  24,  'i32', 'sender',   '1 while a segment is being filled for this channel; 2: and it held nothing when its task began to wait hard'],
  discarded:[  28,  'i32', 'sender',   'buffers finished and given to nobody, since the receiver has left'],
  granted:  [ 128,  'i32', 'receiver', 'segments ever lent'],
  head:     [ 132,  'i32', 'receiver', 'buffers ever read'],
  reclaimed:[ 136,  'i32', 'receiver', 'segments taken back after the end'],
  fill:     [ 140,  'i32', 'receiver', 'bytes of a segment that the sender shall fill'],
  reading:  [ 144,  'i32', 'receiver', '1 while the receiver reads a buffer of it'],
  released: [ 148,  'i32', 'receiver', '1 once the receiver has left the channel: it lends nothing before the end'],
});
/** Where positions start; checked builds soon pass the sign change. ring/wrap */
export const POSITION_START = CHECKED ? 0x7ffffff0 : 0;

/** A ring has no handle for the caller. */
export const NO_SEGMENT = -1;

/** Flags beside the bytes of a buffer: a piece of an element too large for one segment, and its last piece. */
export const PIECE = 1 << 29;
export const LAST_PIECE = PIECE | (1 << 30);
/** The bytes alone. */
export const BYTES_MASK = PIECE - 1;

/** The parts of a channel as both ends see them. */
export interface ChannelMemory {
  readonly words: Int32Array;
  /** First index of the CHANNEL structure. */
  readonly base: number;
  /** First index of the data ring: two words a slot, segment and bytes. */
  readonly data: number;
  /** First index of the credit ring: one word a slot, segment. */
  readonly credit: number;
  /** Slots of either ring, a power of two. */
  readonly slots: number;
  /** First index of the READY structures of the gate that reads the channel, and the channel's number there. */
  readonly ready: number;
  readonly index: number;
  readonly ledger: Ledger;
}

/**
 * Sets the words of a channel to their start and lends the first segments.
 *
 * @param fill  bytes of a segment
 */
export function initialiseChannel(channel: ChannelMemory, lent: readonly number[], fill: number): void {
  const { words, base, credit, slots } = channel;
  lent.forEach((segment, index) => {
    words[credit + ((POSITION_START + index) & (slots - 1))] = segment;
    channel.ledger.set(segment, LENT);
  });
  const { tail, endPos, taken, head, granted } = CHANNEL;
  for (const word of [tail, endPos, taken, head]) words[base + word] = POSITION_START;
  words[base + granted] = (POSITION_START + lent.length) | 0;
  words[base + CHANNEL.fill] = fill;
}
