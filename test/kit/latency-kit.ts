/** What a task with one source notes of latency markers. */
import type { LatencyLine } from '../../engine/memory/latency-line.js';

const SILENT = { note: () => {} };

/** Lines of a task of which only those of its source are looked at. */
export function ofSource(line: { note(dueMs: number, nowMs: number): void }): readonly LatencyLine[] {
  return [SILENT, SILENT, line] as unknown as readonly LatencyLine[];
}
