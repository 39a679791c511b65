/** How an async function is called. */
export interface AsyncPlan {
  /** Results keep the order of their rows; else they may overtake each other, but no watermark. */
  readonly ordered: boolean;
  /** Most rows that wait for an answer. */
  readonly capacity: number;
  /** For all calls of a row together; null: as long as it takes. */
  readonly timeoutMs: number | null;
  /** Null: a row is called for once. */
  readonly retry: AsyncRetry | null;
}

/** The n-th repetition follows `delayMs * factor^(n - 1)` after the failure, at most `maxDelayMs`. */
export interface AsyncRetry {
  readonly retries: number;
  readonly delayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
}

/** What the user said about failures of an async function. */
export interface AsyncHandlers {
  /** Which errors are worth another call; without it, all. */
  readonly retryError?: (error: unknown) => boolean;
  /** Which answers are not good, and worth another call; without it, none. */
  readonly retryResult?: (result: any) => boolean;
  /** The answer for a row that got none in time; without it, the job fails. */
  readonly onTimeout?: (row: any) => unknown;
}

/** What an async function gets beside its row. */
export interface AsyncCall {
  /** 1 for the first call for a row, 2 for the first repetition, and so on. */
  readonly attempt: number;
  /** Is aborted when nobody waits for the answer any more: the time is over, or the run ends. */
  readonly signal: AbortSignal;
}
