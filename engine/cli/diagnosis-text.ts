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
  const { verdict, summary, findings, history } = diagnosis;
  const now = findings.find(({ severity }) => severity === 'limit');
  const told = limit?.finding ?? now;
  const others = findings.filter(({ cause, vertex }) => !(told?.cause === cause && told.vertex === vertex));
  const head =
    limit !== null
      ? limitText(limit, columns)
      : now === undefined
        ? labelled(verdict, summary, columns)
        : findingText('held up by', now, columns);
  return [
    ...head,
    ...others.flatMap((finding) => findingText('also', finding, columns)),
    ...historyText(history, columns),
  ];
}

/** What was told in the last minutes, where that changed. */
function historyText(history: Diagnosis['history'], columns: number): string[] {
  if (history.length < 2) return [];
  const last = history.at(-1)!;
  const told = history.slice(-EPISODES_TOLD).map(({ cause, name, fromMs, toMs }) => {
    const what = cause === null ? 'healthy' : `${name} (${cause})`;
    const [from, to] = [seconds(last.toMs - fromMs), seconds(last.toMs - toMs)];
    return from === to ? `${what} ${to} ago` : `${what} from ${from} to ${to} ago`;
  });
  return labelled('lately', told.join(', '), columns);
}

const EPISODES_TOLD = 5;
const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

/** What held a run up for most of its time; no line where nothing did. */
export function limitText(limit: LoggedFinding | null, columns: number): string[] {
  if (limit === null) return [];
  return findingText('held up by', limit.finding, columns, `, for ${percent(limit.share)} of the time`);
}

function findingText(word: string, finding: Finding, columns: number, after = ''): string[] {
  const { name, subtask, reason, evidence, advice, gain } = finding;
  const where = subtask === null ? name : `${name}, subtask ${subtask}`;
  const expected = gain === null || gain <= 1 ? '' : `; at best ${gain}x`;
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
