import type { LoggedFinding } from '../control/diagnosis/diagnosis-log.js';

/** What held a run up for most of its time, and what to do, as lines; none where nothing did. */
export function limitText(limit: LoggedFinding | null): string[] {
  if (limit === null) return [];
  const { finding, share } = limit;
  const { name, subtask, reason, evidence, advice, gain } = finding;
  const where = subtask === null ? name : `${name}, subtask ${subtask}`;
  const expected = gain === null || gain <= 1 ? '' : `; expected about ${gain}x`;
  return [
    `held up by ${where} for ${Math.round(share * 100)} % of the time`,
    `  reason    ${reason}`,
    `  evidence  ${evidence.join('; ')}`,
    ...(advice === null ? [] : [`  try       ${advice}${expected}`]),
  ];
}
