/** Work of a fixed number of instructions: rounds of hashing. The result has to be used by the caller. */
export function burn(seed: number, rounds: number): number {
  let hash = seed | 0;
  for (let i = 0; i < rounds; i++) hash = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) + i) | 0;
  return hash;
}

const CHUNK_ROUNDS = 2_000_000;
const CHUNKS = 12;

/** Rounds that this machine does in a millisecond when nothing else runs: the best of several tries. */
export function burnRoundsPerMs(): number {
  let [best, sink] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < CHUNKS; i++) {
    const beganMs = performance.now();
    sink ^= burn(i, CHUNK_ROUNDS);
    best = Math.min(best, performance.now() - beganMs);
  }
  return (CHUNK_ROUNDS + (sink & 1)) / best;
}
