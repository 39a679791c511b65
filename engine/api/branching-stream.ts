import { DeadLetterAction, type OnError } from '../functions/dead-letter.js';
import type { OutputTag } from '../functions/output-tag.js';
import type { ProcessFunction } from '../functions/process-function.js';
import type { Step } from '../plan/faults.js';
import type { OperatorConfig, OperatorFunctions } from '../plan/logical-plan.js';
import type { RecordType, RowShape } from '../records/schema.js';
import { stepOf } from './call-arguments.js';
import { describeValue, type FlowNode } from './flow-graph.js';
import { type OutOf, processArguments, type Stateless } from './process.js';
import { RoutedStream } from './routed-stream.js';
import { branchNode, sideOutputNode } from './side-output.js';
import { type Branches, type Split, splitArguments, splitStreams } from './split.js';
import type { Stream } from './stream.js';

/** What can be said of a stream from which several come. */
export abstract class BranchingStream<T extends object> extends RoutedStream<T> {
  /** @internal */
  abstract derive<R extends object>(
    step: Step,
    config: OperatorConfig,
    output: RowShape,
    functions?: OperatorFunctions,
  ): Stream<R>;

  /** @internal the rows of an operator of the same graph */
  abstract streamOf<R extends object>(node: FlowNode): Stream<R>;

  /**
   * Gives each row to the first of several streams whose function is true: `{ big, small, rest }` of
   * `split({ big: (bid) => bid.price > 1_000, small: (bid) => bid.price < 10 })`. What nobody reads is dropped.
   */
  split<const B extends Branches<T>>(branches: B & { readonly rest?: never }): Split<T, B> {
    const step = stepOf(`split({ ${Object.keys(branches ?? {}).join(', ')} })`);
    const { config, functions } = splitArguments(this.graph, step, branches);
    const rest = this.derive<T>(step, config, this.node.output, functions);
    const branch = (name: string) => this.streamOf<T>(branchNode(rest, step, name));
    return splitStreams(rest, config, branch) as Split<T, B>;
  }

  /** Calls an instance of a class with each row; it gives out any number of rows, also to side outputs. */
  process<F extends ProcessFunction<T, any>>(Fn: (new () => F) & Stateless<F>): Stream<OutOf<F>>;
  process<R extends object, F extends ProcessFunction<T, NoInfer<R>>>(
    schema: RecordType<R>,
    Fn: (new () => F) & Stateless<F>,
  ): Stream<R>;
  process(...given: readonly unknown[]): Stream<any> {
    const step = stepOf('process');
    const { observed, declared, shape, process } = processArguments(
      this.graph,
      step,
      given,
      'ProcessFunction',
    );
    return this.derive(step, { kind: 'process', observed: observed[0], declared }, shape, { process });
  }

  /**
   * What is to be done when a function of this operator fails at a row, or gives one that does not fit: `fail` ends the
   * job, `skip` drops the row and counts it, and `deadLetter(tag)` gives it to a side output, with the cause and the
   * place. Rows that the function had emitted before, and changes of its state, stay.
   */
  onError(action: OnError): this {
    if (action === 'skip') this.node.onError = { kind: 'skip' };
    else if (action instanceof DeadLetterAction)
      this.node.onError = { kind: 'dead-letter', tag: action.tag.name };
    else if (action === 'fail') delete this.node.onError;
    else {
      const text = `onError is 'fail', 'skip' or deadLetter(tag), not ${describeValue(action)}`;
      this.graph.fault('ARGUMENT_INVALID', stepOf('onError'), text);
    }
    return this;
  }

  /** The rows that the operator before gives to a tag, beside those of this stream. */
  sideOutput<S extends object>(tag: OutputTag<S>): Stream<S> {
    return this.streamOf<S>(sideOutputNode(this, stepOf(`sideOutput('${tag?.name}')`), tag));
  }
}
