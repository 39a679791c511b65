import type { Step } from '../plan/faults.js';

/** uid -> `file:line:column`, resolved when asked: mapping a stack to its source costs more than building the plan. */
export class LazySites implements ReadonlyMap<string, string> {
  readonly #steps: ReadonlyMap<string, Step>;

  constructor(steps: ReadonlyMap<string, Step>) {
    this.#steps = steps;
  }

  get size(): number {
    return this.#steps.size;
  }

  get(uid: string): string | undefined {
    return this.#steps.get(uid)?.site.full();
  }

  has(uid: string): boolean {
    return this.#steps.has(uid);
  }

  keys(): MapIterator<string> {
    return this.#steps.keys();
  }

  values(): MapIterator<string> {
    return this.#resolved().values();
  }

  entries(): MapIterator<[string, string]> {
    return this.#resolved().entries();
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.entries();
  }

  forEach(visit: (site: string, uid: string, map: ReadonlyMap<string, string>) => void): void {
    for (const [uid, site] of this) visit(site, uid, this);
  }

  #resolved(): Map<string, string> {
    return new Map([...this.#steps].map(([uid, { site }]) => [uid, site.full()]));
  }
}
