/** Threads that intern the same and different texts at once, millions of times: every text has one id, and an id its text. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Prng } from '../../engine/base/prng.js';
import { CategoryArena, createCategoryArena } from '../../engine/memory/category-arena.js';
import type { SharedMemory } from '../../engine/memory/region.js';
import { Categories, CategoryField } from '../../engine/records/categories.js';

interface Setup {
  readonly memory: SharedMemory;
  readonly go: SharedMemory;
  readonly seed: number;
  readonly texts: number;
}

const THREADS = 4;
const TEXTS = 300;
/** Never passed when all is well. */
const LIMIT_MS = 60_000;

/** In an order of its own; the id of each text, -1 where it got none. */
function internAll({ memory, go, seed, texts }: Setup): readonly number[] {
  const categories = new Categories(new CategoryArena(memory, 1));
  const field = new CategoryField(categories, 0);
  const prng = new Prng(seed);
  const flag = new Int32Array(go);
  Atomics.add(flag, 0, 1);
  while (Atomics.load(flag, 0) < THREADS);
  const ids = new Array<number>(texts).fill(-2);
  for (let i = 0; i < 4 * texts; i++) {
    const n = i < texts ? (prng.below(3) === 0 ? i : prng.below(texts)) : i % texts;
    const id = field.idOf(`text ${n}`);
    if (ids[n]! >= 0 && ids[n] !== id) throw new Error(`text ${n} had the id ${ids[n]}, and has ${id}`);
    ids[n] = id;
    if (id >= 0 && categories.load(id) !== `text ${n}`)
      throw new Error(`id ${id} of text ${n} is ${categories.load(id)}`);
  }
  return ids;
}

async function inThreads(
  seed: number,
  values: number,
  bytes: number,
): Promise<readonly (readonly number[])[]> {
  const memory = createCategoryArena({ values, bytes, fields: 1 }, 1);
  const go = new SharedArrayBuffer(4);
  const all = Array.from({ length: THREADS }, (_, i) => {
    const setup: Setup = { memory, go, seed: seed + i, texts: TEXTS };
    return new Promise<readonly number[]>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: setup });
      worker.once('message', resolve).once('error', reject);
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${LIMIT_MS} ms; seed ${seed}`)), LIMIT_MS);
  });
  try {
    return await Promise.race([Promise.all(all), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

if (isMainThread) {
  const threads = suite('categories of threads');
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  for (const [title, values, bytes] of [
    ['room for all', 4096, 1 << 20],
    ['fewer entries than texts', 100, 1 << 20],
    ['fewer bytes than texts', 4096, 512],
  ] as const)
    threads(`category/one-id, category/full: threads agree on every id, with ${title}`, async () => {
      for (let turn = 0; turn < 10; turn++) {
        const all = await inThreads(seed + 10 * turn, values, bytes);
        const idOf = new Map<number, number>();
        for (const [n, id] of all.flatMap((ids) => [...ids.entries()])) {
          assert.ok(id >= -1 && id < values);
          if (id < 0) continue;
          assert.is(idOf.get(n) ?? id, id, `text ${n}`);
          idOf.set(n, id);
        }
        assert.is(new Set(idOf.values()).size, idOf.size, 'an id has one text');
        if (values > THREADS * TEXTS && bytes > 512) assert.is(idOf.size, TEXTS, 'each has one');
        else assert.ok(idOf.size > 0 && idOf.size < TEXTS, `${idOf.size} got one`);
      }
    });
  threads.run();
} else {
  parentPort!.postMessage(internAll(workerData as Setup));
}
