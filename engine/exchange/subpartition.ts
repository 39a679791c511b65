/** Runs in: the thread of the upstream task. */
import { NO_SEGMENT } from '../memory/channel.js';
import type { ChannelSender } from '../memory/channel-sender.js';
import type { ExchangeView } from '../memory/exchange-arena.js';
import type { Doorbell } from '../memory/parker.js';
import { SIGNAL_BYTES, TAG_IDLE, TAG_WATERMARK, writeSignal } from './element.js';

export const NO_IDLENESS = -1;

/**
 * The open buffer of one subpartition, written by generated code:
 * `let p = sub.pos; if (p + bytes > sub.limit) p = partition.roll(k, bytes); …; sub.pos = p + bytes;`
 */
export class Subpartition {
  /** Byte offset of the next element in the exchange's region; 0 when no buffer is open. */
  pos = 0;
  /** End of the open buffer; 0 when none is open or something must be written before the next record. */
  limit = 0;
  /** Begin and true end of the open buffer. */
  start = 0;
  end = 0;
  segment = NO_SEGMENT;
  /** Pending watermark; NaN when none. */
  watermark = Number.NaN;
  /** Pending idleness: 1 idle, 0 active, NO_IDLENESS when none. */
  idleness = NO_IDLENESS;
  /** Buffers published that the receiver was not woken for. */
  owed = 0;
  readonly channel: ChannelSender;
  readonly bell: Doorbell;

  constructor(channel: ChannelSender, bell: Doorbell) {
    this.channel = channel;
    this.bell = bell;
  }

  /** For those who watch a record wait: an open buffer with nothing in it cannot be sent. */
  noteBegun(): void {
    if (this.pos > 0) this.channel.noteOpen(this.pos > this.start ? 1 : 2);
  }

  /** Begins a buffer. @param bytes  to fill */
  open(segment: number, start: number, bytes: number): void {
    this.channel.noteOpen(1);
    this.segment = segment;
    this.start = start;
    this.pos = start;
    this.end = start + bytes;
  }

  close(): void {
    this.channel.noteOpen(0);
    this.segment = NO_SEGMENT;
    this.pos = 0;
    this.limit = 0;
    this.start = 0;
    this.end = 0;
  }

  /** Writes what is pending into the open buffer, which has room for it. watermark/pending */
  writePending({ i32, f64 }: ExchangeView): void {
    if (this.idleness === 0) this.pos = writeSignal(i32, f64, this.pos, TAG_IDLE, 0, 0); // before the watermark it allows
    if (!Number.isNaN(this.watermark))
      this.pos = writeSignal(i32, f64, this.pos, TAG_WATERMARK, 0, this.watermark);
    if (this.idleness === 1) this.pos = writeSignal(i32, f64, this.pos, TAG_IDLE, 1, 0);
    this.watermark = Number.NaN;
    this.idleness = NO_IDLENESS;
    this.limit = this.end;
  }

  get pendingBytes(): number {
    if (this.channel.isReleased) return 0; // release/discard: no buffer is begun for nobody
    const watermark = Number.isNaN(this.watermark) ? 0 : SIGNAL_BYTES;
    return this.idleness === NO_IDLENESS ? watermark : watermark + SIGNAL_BYTES;
  }

  /** True if a flush has something to send here. */
  get hasUnsent(): boolean {
    return this.pos > this.start || this.pendingBytes > 0;
  }
}
