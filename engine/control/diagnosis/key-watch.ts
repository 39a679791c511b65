import type { KeySample } from '../../runtime/key-sampler.js';
import type { Diagnosis } from './diagnosis.js';
import type { KeySamples } from './scene.js';

/** Asks the subtasks of a vertex for the keys of their rows. */
export interface KeyAsker {
  begin(vertex: string): void;
  /** What was counted since, by subtask; null: that subtask has nothing to say, or did not answer. */
  take(vertex: string): Promise<readonly (KeySample | null)[]>;
}

/** So old, a sample is taken anew while its vertex is still skewed. */
const FRESH_MS = 10_000;
/** And so old it is no more told. */
const OLD_MS = 30_000;

interface Asked {
  state: 'counting' | 'coming' | 'there';
  atMs: number;
  samples: readonly (KeySample | null)[];
}

/**
 * Which keys make a vertex uneven. Its subtasks are asked only while that holds the job up: they count from one look at
 * the run to the next, and then rest.
 */
export class KeyWatch {
  readonly #asker: KeyAsker;
  readonly #asked = new Map<string, Asked>();

  constructor(asker: KeyAsker) {
    this.#asker = asker;
  }

  /** Called about once a second with what was found. */
  look({ findings }: Diagnosis, nowMs: number): void {
    for (const { cause, vertex } of findings) {
      if (cause === 'key-skew') this.#ask(vertex, nowMs);
    }
    for (const [vertex, asked] of this.#asked) {
      if (asked.state === 'counting' && asked.atMs < nowMs) void this.#take(vertex, asked, nowMs);
      if (asked.state === 'there' && nowMs - asked.atMs > OLD_MS) this.#asked.delete(vertex);
    }
  }

  get samples(): KeySamples {
    return new Map([...this.#asked].map(([vertex, { samples }]) => [vertex, samples]));
  }

  #ask(vertex: string, nowMs: number): void {
    const asked = this.#asked.get(vertex);
    if (asked !== undefined && (asked.state !== 'there' || nowMs - asked.atMs < FRESH_MS)) return;
    this.#asker.begin(vertex);
    this.#asked.set(vertex, { state: 'counting', atMs: nowMs, samples: asked?.samples ?? [] });
  }

  async #take(vertex: string, asked: Asked, nowMs: number): Promise<void> {
    asked.state = 'coming';
    asked.samples = await this.#asker.take(vertex);
    asked.state = 'there';
    asked.atMs = nowMs;
  }
}
