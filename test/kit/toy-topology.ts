/** Random graphs of toy tasks: their exchanges, what each task is connected to, and what must be true at the end. */
import type { DebloatOptions } from '../../engine/base/option-catalogue.js';
import { Prng } from '../../engine/base/prng.js';
import { createControlArena } from '../../engine/memory/control-arena.js';
import { attachExchange, createExchange } from '../../engine/memory/exchange-arena.js';
import type { ExchangeSpec } from '../../engine/memory/exchange-sizes.js';
import type { SharedMemory } from '../../engine/memory/region.js';
import type { Cut, ToySetup } from './toy-task.js';

export interface Topology {
  readonly seed: number;
  readonly tasks: number;
  /** By vertex: its subtasks. */
  readonly parallelism: readonly number[];
  /** Vertex of the senders and of the receivers of each exchange. */
  readonly edges: readonly {
    readonly from: number;
    readonly to: number;
    readonly spec: ExchangeSpec;
    /** Every record goes to all receivers. */
    readonly isBroadcast: boolean;
  }[];
  readonly records: number;
  readonly debloat: DebloatOptions | null;
  /** Tasks leave gates early. */
  readonly releases: boolean;
}

/** The memory of one attempt. */
export interface ToyMemory {
  readonly control: SharedMemory;
  readonly exchanges: readonly SharedMemory[];
}

const ATTEMPT = 1;

/** 2 to 5 vertices of 1 to 4 subtasks; every vertex but the first is fed by some before it, so diamonds are common. */
export function randomTopology(seed: number, records: number): Topology {
  const prng = new Prng(seed);
  const between = (low: number, high: number): number => low + prng.below(high - low + 1);
  const parallelism = Array.from({ length: between(2, 5) }, () => between(1, 4));
  const firstTask = parallelism.map((_, v) => parallelism.slice(0, v).reduce((sum, each) => sum + each, 0));
  const tasksOf = (v: number): number[] =>
    Array.from({ length: parallelism[v]! }, (_, i) => firstTask[v]! + i);
  const pairs = parallelism.flatMap((_, to) => {
    const before = Array.from({ length: to }, (_, from) => from);
    const chosen = before.filter(() => prng.below(2) === 0);
    const sources = chosen.length > 0 || to === 0 ? chosen : [prng.below(to)];
    return (to > 1 && prng.below(5) === 0 ? [] : sources).map((from) => ({ from, to }));
  });
  const edges = pairs.map(({ from, to }, id) => {
    const exclusivePerChannel = prng.below(4);
    const segmentBytes = 8 * between(8, 32);
    const spec: ExchangeSpec = {
      id: id + 1,
      pattern: prng.below(3) === 0 ? 'pointwise' : 'all-to-all',
      senders: parallelism[from]!,
      receivers: parallelism[to]!,
      senderTasks: tasksOf(from),
      receiverTasks: tasksOf(to),
      segmentBytes,
      exclusivePerChannel,
      floatingPerGate: between(exclusivePerChannel === 0 ? 1 : 0, 5),
      buffersPerSubpartitionMax: between(1, 10),
      overdraftPerPartition: prng.below(6),
      isAdaptive: prng.below(3) === 0,
      elementBytesMax: prng.below(2) === 0 ? segmentBytes : segmentBytes * between(2, 6),
    };
    return { from, to, spec, isBroadcast: !spec.isAdaptive && prng.below(4) === 0 };
  });
  const debloat =
    prng.below(3) === 0
      ? { targetMs: between(1, 20), periodMs: between(1, 10), samples: 3, threshold: 0.2, bufferBytesMin: 64 }
      : null;
  const tasks = parallelism.reduce((sum, each) => sum + each, 0);
  return { seed, tasks, parallelism, edges, records, debloat, releases: prng.below(3) === 0 };
}

export function createMemory({ tasks, edges }: Topology): ToyMemory {
  return {
    control: createControlArena({ tasks, cursors: 0, attempt: ATTEMPT }),
    exchanges: edges.map(({ spec }) => createExchange(spec, ATTEMPT)),
  };
}

/** What a task is connected to; call it in the thread of the task. */
export function setupOf(
  { seed, edges, records, debloat, releases }: Topology,
  memory: ToyMemory,
  task: number,
): ToySetup {
  const ends = (of: 'senderTasks' | 'receiverTasks') =>
    edges.flatMap(({ spec, isBroadcast }, e) => {
      const index = spec[of].indexOf(task);
      const exchange = attachExchange(spec, memory.exchanges[e]!, ATTEMPT);
      return index < 0 ? [] : [{ exchange, index, isBroadcast }];
    });
  const ways = { inputs: ends('receiverTasks'), outputs: ends('senderTasks') };
  return { task, ...ways, seed, records, debloat, releases };
}

/** What tasks tell at the end. */
export interface ToyReport {
  readonly all: Cut;
  readonly cuts: ReadonlyMap<number, Cut>;
}

/**
 * Checks a graph that has ended: both ends of every channel counted the same, in all and at each barrier, up to where a
 * task has left its gate, and no segment and no credit is lost.
 *
 * @throws Error  what is wrong, and the seed
 */
export function checkEnd(topology: Topology, memory: ToyMemory, reports: readonly ToyReport[]): void {
  const fail = (what: string): never => {
    throw new Error(`seed ${topology.seed}: ${what}`);
  };
  for (const [e, { spec }] of topology.edges.entries()) {
    const exchange = attachExchange(spec, memory.exchanges[e]!, ATTEMPT);
    exchange.assertConserved();
    const before = (of: 'senderTasks' | 'receiverTasks', task: number): number =>
      topology.edges.slice(0, e).filter((edge) => edge.spec[of].includes(task)).length;
    for (const [r, receiver] of spec.receiverTasks.entries()) {
      const gate = before('receiverTasks', receiver);
      for (let channel = 0; channel < exchange.topology.gateChannelCount(r); channel++) {
        const s = exchange.topology.senderBefore(r, channel);
        const sender = spec.senderTasks[s]!;
        const partition = before('senderTasks', sender);
        const sub = r - exchange.topology.receiverBehind(s, 0);
        const [from, to] = [reports[sender]!, reports[receiver]!];
        const compare = (sent: Cut, got: Cut, when: string): void => {
          const [a, b] = [sent.sent[partition]![sub], got.got[gate]?.[channel]];
          if (got.got[gate] === null) return; // it had left
          if (a !== b) fail(`exchange ${spec.id}, channel ${s} -> ${r}, ${when}: ${a} sent, ${b} got`);
        };
        compare(from.all, to.all, 'at the end');
        for (const [id, cut] of to.cuts) compare(from.cuts.get(id) ?? from.all, cut, `at barrier ${id}`);
      }
    }
  }
}
