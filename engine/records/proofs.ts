/**
 * What was proven of functions from their source, by the text of the source.
 *
 * A proof needs a parser, which takes more time to load than everything else a task needs. The same functions are
 * looked at in every thread of a job, and equal text has equal proofs, so the main thread proves and the others are
 * told.
 */
export type Proof = readonly [key: string, names: readonly string[] | null];

/** A long-lived program may build many jobs; past this, proofs are made again. */
const PROOFS_MAX = 10_000;

const proofs = new Map<string, readonly string[] | null>();

/** The proof of this kind for a function, from what is known or by proving it now. */
export function proofOf(
  kind: string,
  fn: Function,
  prove: () => readonly string[] | null,
): readonly string[] | null {
  const key = `${kind} ${Function.prototype.toString.call(fn)}`;
  const known = proofs.get(key);
  if (known !== undefined) return known;
  const names = prove();
  if (proofs.size >= PROOFS_MAX) proofs.clear();
  proofs.set(key, names);
  return names;
}

export function knownProofs(): readonly Proof[] {
  return [...proofs];
}

/** Takes proofs that another thread of this process made. */
export function learnProofs(known: readonly Proof[]): void {
  for (const [key, names] of known) proofs.set(key, names);
}
