import type { Diagnosis, Finding } from '../control/diagnosis/diagnosis.js';
import type { LoggedFinding } from '../control/diagnosis/diagnosis-log.js';

/** Where what is said of something begins. */
const INDENT = 12;

/**
 * A diagnosis as lines of text. Pure.
 *
 * @param limit    what held the run up for most of the time it was looked at
 * @param columns  no line is wider, but for words that are
 */
export function diagnosisText(diagnosis: Diagnosis, limit: LoggedFinding | null, columns: number): string[] {
  const { verdict, summary, findings } = diagnosis;
  const others = findings.filter(
    ({ cause, vertex }) => !(limit?.finding.cause === cause && limit.finding.vertex === vertex),
  );
  return [
    ...(limit === null ? labelled(verdict, summary, columns) : limitText(limit, columns)),
    ...others.flatMap((finding) => findingText('also', finding, columns)),
  ];
}

/** What held a run up for most of its time; no line where nothing did. */
export function limitText(limit: LoggedFinding | null, columns: number): string[] {
  if (limit === null) return [];
  return findingText('held up by', limit.finding, columns, `, for ${percent(limit.share)} of the time`);
}

function findingText(word: string, finding: Finding, columns: number, after = ''): string[] {
  const { name, subtask, reason, evidence, advice, gain } = finding;
  const where = subtask === null ? name : `${name}, subtask ${subtask}`;
  const expected = gain === null || gain <= 1 ? '' : `; expected about ${gain}x`;
  return [
    ...labelled(word, `${where}${after}`, columns),
    ...labelled('  reason', reason, columns),
    ...labelled('  evidence', evidence.join('; '), columns),
    ...(advice === null ? [] : labelled('  try', `${advice}${expected}`, columns)),
  ];
}

/** A word, and what is said beside it, broken between words; a number keeps its unit. */
export function labelled(word: string, text: string, columns: number): string[] {
  const all: string[] = [];
  let line = word.padEnd(INDENT);
  let isEmpty = true;
  for (const each of text.split(/ (?!%)/)) {
    if (!isEmpty && line.length + 1 + each.length > columns) {
      all.push(line);
      line = ' '.repeat(INDENT);
      isEmpty = true;
    }
    line += isEmpty ? each : ` ${each}`;
    isEmpty = false;
  }
  return [...all, line];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
