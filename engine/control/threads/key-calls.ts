import { type JobGraph, tasksOf } from '../../plan/job-graph.js';
import type { KeySample } from '../../runtime/key-sampler.js';
import type { KeyAsker } from '../diagnosis/key-watch.js';
import type { PlacedWorker } from './placed-worker.js';
import type { TaskAgent } from './protocol.js';
import type { Client } from './rpc.js';

/** A task that is stuck in a function does not answer; nobody waits for it for long. */
const CALL = { timeoutMs: 2_000 } as const;

/** Asks tasks in workers for the keys of their rows. Those that do not answer are left aside. */
export class KeyCalls implements KeyAsker {
  readonly #graph: JobGraph;
  readonly #workers: () => ReadonlyMap<number, PlacedWorker<TaskAgent>>;

  constructor(graph: JobGraph, workers: () => ReadonlyMap<number, PlacedWorker<TaskAgent>>) {
    this.#graph = graph;
    this.#workers = workers;
  }

  begin(vertex: string): void {
    for (const client of this.#clients(vertex)) client?.call('sampleKeys', [], CALL);
  }

  async take(vertex: string): Promise<readonly (KeySample | null)[]> {
    const calls = this.#clients(vertex).map(
      async (client) => (await client?.call('takeKeys', [], CALL)) ?? null,
    );
    const answers = await Promise.allSettled(calls);
    return answers.map((each) => (each.status === 'fulfilled' ? each.value : null));
  }

  /** Of the subtasks of a vertex, in order; undefined: it has no thread of its own. */
  #clients(id: string): readonly (Client<TaskAgent> | undefined)[] {
    const vertex = this.#graph.vertices.find((each) => each.id === id)!;
    return tasksOf(vertex).map((task) => this.#workers().get(task)?.client);
  }
}
