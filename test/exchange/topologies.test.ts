import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Prng } from '../../engine/base/prng.js';
import type { HardWaiter } from '../../engine/exchange/hard-waiter.js';
import type { ResultPartition } from '../../engine/exchange/result-partition.js';
import { ControlArena } from '../../engine/memory/control-arena.js';
import { ExchangeReader } from '../../engine/memory/exchange-reader.js';
import { type ToyStep, ToyTask } from '../kit/toy-task.js';
import { checkEnd, createMemory, randomTopology, setupOf, type Topology } from '../kit/toy-topology.js';

/** Graphs of exchanges in one thread, stepped by seeds: diamonds, several inputs, barriers, cancellations. */
const topologies = suite('topologies');
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const runs = Number(process.env['RUNS'] ?? 100);
console.log(`seed ${seed}`);

/** Tasks that a task feeds, directly or not. */
function below({ edges }: Topology, task: number): Set<number> {
  const found = new Set<number>();
  const queue = [task];
  for (let next = queue.pop(); next !== undefined; next = queue.pop())
    for (const { spec } of edges)
      if (spec.senderTasks.includes(next))
        for (const receiver of spec.receiverTasks)
          if (!found.has(receiver)) queue.push(found.add(receiver) && receiver);
  return found;
}

function isCancelled(partition: ResultPartition): boolean {
  try {
    partition.finish();
    return false;
  } catch (error: any) {
    return error.code === 'TASK_CANCELLED';
  }
}

/** Steps all tasks to their end in an order drawn from the seed. */
class ToyHost {
  readonly topology: Topology;
  readonly memory: ReturnType<typeof createMemory>;
  readonly control: ControlArena;
  readonly tasks: readonly ToyTask[];
  hardWaits = 0;
  readonly #prng: Prng;
  readonly #entered = new Set<number>();

  constructor(topology: Topology) {
    this.topology = topology;
    this.memory = createMemory(topology);
    this.control = new ControlArena(this.memory.control, 1);
    this.#prng = new Prng(topology.seed + 1);
    this.tasks = Array.from(
      { length: topology.tasks },
      (_, task) => new ToyTask(setupOf(topology, this.memory, task), this.control, this.#waiter(task)),
    );
  }

  /** As many random steps as there are tasks, favouring a few so that speeds differ; true if any got on. */
  pass(): boolean {
    let progress = false;
    for (let n = 0; n < this.tasks.length; n++) {
      const task = Math.min(this.#prng.below(this.tasks.length), this.#prng.below(this.tasks.length));
      progress = this.step(task) || progress;
    }
    if (progress) return true;
    for (const task of this.tasks.keys()) progress = this.step(task) || progress;
    return progress;
  }

  /** Buffers that were finished and given to nobody. */
  get discarded(): number {
    const channels = this.memory.exchanges.flatMap((memory) => new ExchangeReader(memory).channels());
    return channels.reduce((sum, { discarded }) => sum + discarded, 0);
  }

  step(task: number): boolean {
    if (this.#entered.has(task)) return false;
    this.#entered.add(task);
    try {
      const toy = this.tasks[task]!;
      const wasDone = toy.isDone;
      const step: ToyStep = toy.step();
      if (step === 'input' || step === 'output') {
        toy.flush();
        return toy.isReady(step) && toy.step() === 'progress';
      }
      return step === 'progress' || !wasDone;
    } finally {
      this.#entered.delete(task);
    }
  }

  /** Steps what may bring a barrier; a source makes no records meanwhile, since nobody could wait for it here. */
  #stepOthers(): boolean {
    let progress = false;
    for (const [task, toy] of this.tasks.entries())
      if (toy.gates.length > 0 || toy.owesBarrier) progress = this.step(task) || progress;
    return progress;
  }

  /** A hard wait: the tasks below work until a segment is back. */
  #waiter(task: number): HardWaiter {
    return {
      awaitCredit: (partition) => {
        this.hardWaits++;
        while (!partition.isSegmentReady()) {
          let progress = false;
          for (const each of below(this.topology, task)) progress = this.step(each) || progress;
          if (!progress) progress = this.#stepOthers(); // a receiver may wait for the barrier of another sender
          assert.ok(
            progress || partition.isSegmentReady(),
            `seed ${this.topology.seed}: stuck in a hard wait`,
          );
        }
      },
    };
  }
}

topologies(
  'gate/align, event/atomic, credit/barrier-clamp, credit/count, release/discard: random graphs end, every channel is ' +
    'whole up to where it was left, and every barrier cuts all channels at one place',
  () => {
    let [barriers, hardWaits, releases, discarded] = [0, 0, 0, 0];
    for (let run = 0; run < runs; run++) {
      const host = new ToyHost(randomTopology(seed + run, 300));
      const prng = new Prng(seed + run);
      const { tasks } = host;
      let asked = 0;
      while (!tasks.every(({ isDone }) => isDone)) {
        if (prng.below(15) === 0) {
          for (const toy of tasks) toy.abortBarriers(asked);
          asked++;
          for (const toy of tasks) toy.barrierAsked = asked;
        }
        assert.ok(host.pass(), `seed ${seed + run}: nobody can move`);
      }
      checkEnd(
        host.topology,
        host.memory,
        tasks.map(({ cut, cuts }) => ({ all: cut, cuts })),
      );
      barriers += Math.max(0, ...tasks.filter(({ gates }) => gates.length > 0).map(({ cuts }) => cuts.size));
      hardWaits += host.hardWaits;
      releases += tasks.reduce((sum, { released }) => sum + released, 0);
      discarded += host.discarded;
    }
    assert.ok(barriers > runs, `${barriers} barriers passed`);
    assert.ok(hardWaits > runs, `${hardWaits} hard waits`);
    assert.ok(releases > runs, `${releases} gates left`);
    assert.ok(discarded > releases, `${discarded} buffers discarded`);
  },
);

topologies('wait/hard: after the stop word no task opens another buffer, wherever it was', () => {
  let cancelled = 0;
  for (let run = 0; run < runs; run++) {
    const host = new ToyHost(randomTopology(seed + run, 300));
    const prng = new Prng(seed + run);
    for (let passes = prng.below(40); passes > 0; passes--) host.pass();
    for (const task of host.tasks.keys()) host.control.requestStop(task);
    for (const [task, toy] of host.tasks.entries()) {
      try {
        while (host.step(task)) {
          // Until it cannot go on, or is told that it was cancelled.
        }
      } catch (error: any) {
        cancelled++;
        assert.is(error.code, 'TASK_CANCELLED', `seed ${seed + run}: ${error}`);
        assert.ok(toy.partitions.some(isCancelled), 'what waited or was to wait stays cancelled');
      }
    }
  }
  assert.ok(cancelled > runs / 2, `${cancelled} tasks cancelled`);
});

topologies.run();
