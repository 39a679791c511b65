/** Days of event time, in UTC. */
const DAY_MS = 86_400_000;

/** Days since 1970-01-01. */
export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS);

/** `2015-07-15` */
export const dayText = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, -14);
