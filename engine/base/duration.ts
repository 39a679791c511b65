const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A whole number and a unit: `'100ms'`, `'5s'`, `'10m'`, `'1h'`, `'1d'`. */
export type Duration = `${bigint}${keyof typeof UNIT_MS}`;

/** Milliseconds of a duration, or null when it is not one. Negative durations exist; who takes one says so. */
export function parseDuration(text: unknown): number | null {
  const match = typeof text === 'string' ? /^(-?\d+)(ms|s|m|h|d)$/.exec(text) : null;
  if (match === null) return null;
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  return Number.isSafeInteger(ms) ? ms : null;
}

/** The shortest way to write a duration: 86400000 is `1d`, 90000 is `90s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0ms';
  const units = Object.entries(UNIT_MS).reverse();
  const [unit, unitMs] = units.find(([, each]) => ms % each === 0)!;
  return `${ms / unitMs}${unit}`;
}

/** What a wrong one should have been; `what` says of what it is the duration. */
export function durationFault(what: string, given: unknown): string {
  return `${what} is '${String(given)}'; write a whole number and a unit: 100ms, 5s, 10m, 1h, 1d`;
}
