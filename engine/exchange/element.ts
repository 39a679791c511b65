/**
 * What can stand in a buffer. At byte offset p, always a multiple of 8:
 *
 *   i32[p >> 2] > 0   a record of that many bytes: key hash at p + 4, timestamp (f64) at p + 8, fields from p + 16
 *   i32[p >> 2] < 0   a control element, one of the tags below
 */

/** 16 bytes: tag, 0, then the watermark as float64 ms since the epoch. */
export const TAG_WATERMARK = -1;
/** 16 bytes: tag, 1 idle or 0 active, then nothing. */
export const TAG_IDLE = -2;
/** Tag, bytes of the payload, then the payload padded to 8. */
export const TAG_SHAPE = -3;
/**
 * 24 bytes: tag, number of its source, then the times at which it was due there and at which the last task sent it on,
 * float64, monotonic ms; see latency-emitter.ts.
 */
export const TAG_LATENCY = -4;

/** Bytes of a watermark and of an idleness element. */
export const SIGNAL_BYTES = 16;
export const MARKER_BYTES = 24;
/** Bytes before the payload of a control element. */
export const CONTROL_HEADER_BYTES = 8;

/** Bytes that a control element with a payload takes. */
export function controlBytes(payloadBytes: number): number {
  return CONTROL_HEADER_BYTES + ((payloadBytes + 7) & ~7);
}

/** Bytes of the control element at byte offset p. */
export function controlBytesAt(i32: Int32Array, p: number): number {
  const tag = i32[p >> 2]!;
  if (tag === TAG_SHAPE) return controlBytes(i32[(p >> 2) + 1]!);
  return tag === TAG_LATENCY ? MARKER_BYTES : SIGNAL_BYTES;
}

/** Writes a watermark or idleness at byte offset p. @returns the offset after it */
export function writeSignal(
  i32: Int32Array,
  f64: Float64Array,
  p: number,
  tag: number,
  flag: number,
  value: number,
): number {
  i32[p >> 2] = tag;
  i32[(p >> 2) + 1] = flag;
  f64[(p >> 3) + 1] = value;
  return p + SIGNAL_BYTES;
}
