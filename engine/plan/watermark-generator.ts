/**
 * Says how far event time has come, for one subtask, from the rows that pass. A watermark of w says that no row at or
 * before w follows; one that goes back is ignored. Milliseconds since 1970.
 */
export interface WatermarkGenerator<T> {
  /** After each row. @returns a watermark to give out at once, or nothing */
  onEvent(timestamp: number, row: T): number | undefined;
  /** Every `pipeline.auto-watermark-interval`, and before the task waits. @returns a watermark, or nothing */
  onPeriodic?(): number | undefined;
}
