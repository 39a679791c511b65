import type { Diagnosis, Finding } from './diagnosis.js';

/** What held a run up, for so long a part of it. */
export interface LoggedFinding {
  readonly finding: Finding;
  /** Share of the looks at which it was what held the run up, 0..1. */
  readonly share: number;
}

/** How often a run is looked at. */
export const LOOK_MS = 1_000;
/** What held a run up for less of its time is not told at its end. */
const SHARE_MIN = 0.3;

/** What a run was held up by, look by look. */
export class DiagnosisLog {
  #looks = 0;
  readonly #limits = new Map<string, { finding: Finding; looks: number }>();

  add({ verdict, findings }: Diagnosis): void {
    if (verdict === 'unknown') return;
    this.#looks++;
    const limit = findings.find(({ severity }) => severity === 'limit');
    if (limit === undefined) return;
    const key = `${limit.cause} ${limit.vertex} ${limit.subtask}`;
    const looks = (this.#limits.get(key)?.looks ?? 0) + 1;
    this.#limits.set(key, { finding: limit, looks });
  }

  /** What held the run up for the greatest part of its time; null: nothing much did, or it was too short to tell. */
  get limit(): LoggedFinding | null {
    const worst = [...this.#limits.values()].sort((a, b) => b.looks - a.looks)[0];
    const share = worst === undefined ? 0 : worst.looks / this.#looks;
    return share < SHARE_MIN ? null : { finding: worst!.finding, share };
  }
}
