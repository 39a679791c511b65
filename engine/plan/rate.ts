/** Slower than one record in a quarter of an hour is not a rate but a pause. */
const RATE_MIN = 0.001;
const RATE_MAX = 1e9;

/** What is wrong with a number of records per second; null: nothing. */
export function rateFault(perSecond: unknown): string | null {
  if (typeof perSecond === 'number' && perSecond >= RATE_MIN && perSecond <= RATE_MAX) return null;
  return `a rate is a number of records per second from ${RATE_MIN} to ${RATE_MAX}, not ${String(perSecond)}`;
}
