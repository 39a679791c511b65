/**
 * How much of two cores this machine gives right now.
 *
 * On a shared machine a number means nothing without this: two threads spin for 100 ms, and both their CPU time and
 * their work are looked at. CPU time shows other programs here and what a hypervisor took; work also shows neighbours
 * that CPU time hides. The answer is the lower of the two: CPU time per time passed, and twice the work as a part of
 * what is usual in this process while it has its CPU time. The most work ever seen is no yardstick: short bursts of a
 * tenth more are common.
 */
import { Worker } from 'node:worker_threads';

export interface Calibration {
  readonly cpuCores: number;
  readonly work: number;
}

const SPIN_MS = 100;
/** The first rounds compile the loop and find out what the machine can do. */
const WARM_UP_ROUNDS = 5;
/** Below this a measurement of two threads is not kept. */
export const CORES_MIN = 1.8;

export class Calibrator {
  readonly #words: Int32Array;
  readonly #threads: readonly Worker[];
  readonly #quietWork: number[] = [];
  #round = 0;

  private constructor(words: Int32Array, threads: readonly Worker[]) {
    this.#words = words;
    this.#threads = threads;
  }

  static async open(): Promise<Calibrator> {
    const words = new Int32Array(new SharedArrayBuffer(16));
    const threads = [0, 1].map(
      (index) =>
        new Worker(new URL('./spinner.js', import.meta.url), {
          workerData: { words, index, spinMs: SPIN_MS },
        }),
    );
    await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('online', resolve))));
    const calibrator = new Calibrator(words, threads);
    for (let round = 0; round < WARM_UP_ROUNDS; round++) calibrator.measure();
    calibrator.#quietWork.length = 0;
    return calibrator;
  }

  /** Blocks this thread for about 100 ms. */
  measure(): Calibration {
    const words = this.#words;
    words[1] = 0;
    const before = process.cpuUsage();
    const startMs = performance.now();
    Atomics.store(words, 0, ++this.#round);
    Atomics.notify(words, 0);
    for (let done = Atomics.load(words, 1); done < 2; done = Atomics.load(words, 1)) {
      Atomics.wait(words, 1, done, 10_000);
    }
    const passedMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(before);
    const work = words[2]! + words[3]!;
    const cpuCores = (user + system) / 1000 / passedMs;
    if (cpuCores >= CORES_MIN) this.#quietWork.push(work);
    return { cpuCores, work };
  }

  /** Effective cores; to be asked at the end, when what is usual is known. */
  cores({ cpuCores, work }: Calibration): number {
    const usual = [...this.#quietWork].sort((a, b) => a - b)[this.#quietWork.length >> 1];
    return usual === undefined ? cpuCores : Math.min(cpuCores, (2 * work) / usual);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}
