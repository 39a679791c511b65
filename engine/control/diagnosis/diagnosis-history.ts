import type { Cause, Diagnosis } from './diagnosis.js';

/** A time during which a run was held up by one thing, or by nothing. */
export interface Episode {
  /** Null: it was healthy. */
  readonly cause: Cause | null;
  /** Name of the vertex; null: it was healthy. */
  readonly name: string | null;
  readonly subtask: number | null;
  /** First and last look at which it was so, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is older is forgotten. */
const KEPT_MS = 10 * 60_000;
/** Of a run that changes at every look the last ones. */
const EPISODES_MAX = 100;

/** What held a run up in the last minutes, look by look. */
export class DiagnosisHistory {
  #episodes: Episode[] = [];

  /** @param atMs  since the epoch */
  add({ verdict, findings }: Diagnosis, atMs: number): void {
    if (verdict === 'unknown') return;
    const { cause, name, subtask } = findings.find(({ severity }) => severity === 'limit') ?? HEALTHY;
    const last = this.#episodes.at(-1);
    const isSame = last?.cause === cause && last.name === name && last.subtask === subtask;
    const others = isSame ? this.#episodes.slice(0, -1) : this.#episodes;
    const fromMs = isSame ? last.fromMs : atMs;
    this.#episodes = [...others, { cause, name, subtask, fromMs, toMs: atMs }]
      .filter(({ toMs }) => atMs - toMs <= KEPT_MS)
      .slice(-EPISODES_MAX);
  }

  /** The oldest first. */
  get episodes(): readonly Episode[] {
    return this.#episodes;
  }
}

const HEALTHY = { cause: null, name: null, subtask: null } as const;
