/** Quantities as a person reads them in a table: short, and of steady width. */

/** `1.9 M`, `12 k`, `850`. */
export function formatCount(count: number): string {
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (count >= size * 0.9995) return `${twoDigits(count / size)} ${unit}`;
  }
  return String(Math.round(count));
}

/** `41 MB`: decimal, as in the sizes of files. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (bytes >= size * 0.9995) return `${twoDigits(bytes / size)} ${unit}`;
  }
  return `${Math.round(bytes)} B`;
}

/** `0:01.4`, `12:05`, `1:02:03`: tenths only in the first minute. */
export function formatElapsed(ms: number): string {
  const tenths = Math.floor(ms / 100);
  const seconds = Math.floor(tenths / 10);
  if (seconds < 60) return `0:${String(seconds).padStart(2, '0')}.${tenths % 10}`;
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `0:02`: what is left, in whole seconds. */
export function formatRemaining(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `0:${String(seconds).padStart(2, '0')}` : formatElapsed(seconds * 1000);
}

/** `96 %`: of a share 0..1. */
export function formatPercent(share: number): string {
  return `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
}

/** The time of a watermark, as short as it is exact: a date where it is midnight. */
export function formatEventTime(ms: number): string {
  if (Math.abs(ms) > 8.64e15) return '-';
  const iso = new Date(ms).toISOString();
  if (iso.endsWith('T00:00:00.000Z')) return iso.slice(0, -14);
  return iso.endsWith('.000Z') ? `${iso.slice(0, -5)}Z` : iso;
}

/** At least two. */
function twoDigits(value: number): string {
  return value.toFixed(value >= 9.95 ? 0 : 1);
}
