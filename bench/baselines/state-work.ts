/**
 * The work of the programs that keep state by key: `node state-<name>.js <int|string> <keys>`.
 *
 * Every key is met twice, in two orders that are not those of the keys: once it is new, once it is found. What is kept is
 * a count and a sum. Keys are whole numbers, or strings of twelve characters that are made afresh each time, as those
 * decoded from bytes are.
 */
export interface KeyedCounts {
  /** Adds 1 and an amount to what is kept of an int key. */
  addInt(key: number, amount: number): void;
  addString(key: string, amount: number): void;
  readonly keys: number;
  /** Of all keys. */
  readonly count: number;
  readonly sum: number;
}

const ROUNDS = 2;
const SETTLE_MS = 100;
/** Odd numbers, different ones in each round, so that its order is another. */
const FACTORS = [
  [0x7feb352d, 0x846ca68b],
  [0x2c1b3c6d, 0x297a2d39],
] as const;

export async function runState(table: KeyedCounts): Promise<void> {
  const [kind = 'int', count = '1000000'] = process.argv.slice(2);
  const keys = Number(count);
  const bits = Math.ceil(Math.log2(keys));
  const isInt = kind === 'int';
  const before = await usedBytes();
  const startedMs = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    const keyAt = permutation(bits, FACTORS[round]!);
    for (let i = 0; i < 2 ** bits; i++) {
      const key = keyAt(i);
      if (key >= keys) continue; // the numbers below the next power of two are gone through
      if (isInt) table.addInt(key, round + 1);
      else table.addString(`user-${1_000_000 + key}`, round + 1);
    }
  }
  const seconds = (performance.now() - startedMs) / 1e3;
  const bytesPerKey = ((await usedBytes()) - before) / keys;
  const checksum = `${table.keys} keys, ${table.count}, ${table.sum}`;
  process.stdout.write(`${JSON.stringify({ records: ROUNDS * keys, seconds, checksum, bytesPerKey })}\n`);
}

/** @returns  from the whole numbers of so many bits to themselves, in no order: odd factors and shifts lose nothing */
function permutation(bits: number, [first, second]: readonly [number, number]): (index: number) => number {
  const mask = 2 ** bits - 1;
  const half = bits >> 1;
  return (index) => {
    let key = Math.imul(index ^ (index >>> half), first) & mask;
    key = Math.imul(key ^ (key >>> half), second) & mask;
    return key ^ (key >>> half);
  };
}

/** On the heap and in typed arrays, without what is garbage; needs `--expose-gc`. */
async function usedBytes(): Promise<number> {
  // Memory of typed arrays that are garbage is given back by another thread, and is known to be after the next.
  for (let times = 0; times < 2; times++) {
    globalThis.gc!();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
