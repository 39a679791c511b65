import { CallSite } from './call-site.js';
import type { FlowGraph, FlowNode } from './flow-graph.js';

/** What can be said about every operator: its identity, name, parallelism and place in a chain. */
export class OperatorHandle {
  /** @internal */
  readonly graph: FlowGraph;
  /** @internal */
  readonly node: FlowNode;

  /** @internal */
  constructor(graph: FlowGraph, node: FlowNode) {
    this.graph = graph;
    this.node = node;
  }

  /** Fixes the identity of this operator, so that its state is found again after the job was changed around it. */
  uid(uid: string): this {
    if (typeof uid === 'string' && uid !== '') this.node.uid = uid;
    else this.#misused(`uid(${String(uid)})`, 'a uid is text, and not empty');
    return this;
  }

  /** The name people see. */
  named(name: string): this {
    if (typeof name === 'string' && name !== '') this.node.name = name;
    else this.#misused(`named(${String(name)})`, 'a name is text, and not empty');
    return this;
  }

  /** Subtasks of this operator, from 1 to the maximum parallelism; without it, as many as the run has. */
  parallelism(parallelism: number): this {
    this.node.parallelism = parallelism;
    return this;
  }

  /** Makes this operator the first of its chain. */
  startNewChain(): this {
    this.node.chaining = 'head';
    return this;
  }

  /** Makes this operator a task of its own. */
  disableChaining(): this {
    this.node.chaining = 'never';
    return this;
  }

  #misused(call: string, text: string): void {
    this.graph.fault('ARGUMENT_INVALID', { call, site: new CallSite() }, text);
  }
}

/** A sink in a job; the stream ends there. */
export class SinkHandle extends OperatorHandle {
  /** Tells it from a stream, which goes on. */
  declare readonly isEnd: true;
}
