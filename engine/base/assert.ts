/**
 * Fails with `violated: <claim>` when a fact that must hold does not.
 *
 * @param condition  what must be true
 * @param claim      the fact that holds, as a sentence; a failure reads "violated: …"
 */
export function assert(condition: unknown, claim: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionViolated(typeof claim === 'string' ? claim : claim());
}

class AssertionViolated extends Error {
  constructor(claim: string) {
    super(`violated: ${claim}`);
    this.name = 'AssertionViolated';
  }
}
