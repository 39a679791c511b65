/**
 * The name a mistyped one most likely meant.
 *
 * @returns  the candidate with the fewest edits, else the shortest that contains the name; undefined when none is near
 *           enough to be worth naming
 * Source: optimal string alignment distance (Damerau 1964, Levenshtein 1966).
 */
export function nearestName(given: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestEdits = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(given.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits && edits < candidate.length) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best ?? shortestAround(given.toLowerCase(), candidates);
}

const PART_CHARS_MIN = 4;

/** Whoever writes `parallelism` means `parallelism.default`. */
function shortestAround(part: string, candidates: Iterable<string>): string | undefined {
  if (part.length < PART_CHARS_MIN) return undefined;
  const around = [...candidates].filter((candidate) => candidate.toLowerCase().includes(part));
  return around.sort((a, b) => a.length - b.length)[0];
}

/** `; did you mean 'origin'?`, or nothing. */
export function didYouMean(given: string, candidates: Iterable<string>): string {
  const nearest = nearestName(given, candidates);
  return nearest === undefined ? '' : `; did you mean '${nearest}'?`;
}

/** Edits (insert, delete, replace, swap two neighbours) from one text to the other. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, before[j - 2]! + 1);
      }
      row.push(edits);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
