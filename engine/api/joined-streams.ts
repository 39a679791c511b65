import { observedFields } from '../records/observed-fields.js';
import type { RecordType } from '../records/schema.js';
import { mappingArguments } from './call-arguments.js';
import type { ConnectedStreams } from './connected-streams.js';
import type { Stream } from './stream.js';

/**
 * Each two rows of two keyed streams that have equal keys, once, whichever of them came first. All rows are kept for as
 * long as the job runs. A key that is null, or of which a part is, equals none.
 */
export class JoinedStreams<A extends object, B extends object> {
  readonly #connected: ConnectedStreams<A, B>;

  /** @internal */
  constructor(connected: ConnectedStreams<A, B>) {
    this.#connected = connected;
  }

  /** Makes one row of each two; its time is that of the later one. */
  map<R extends object>(fn: (first: A, second: B) => R): Stream<R>;
  /** Makes one row of a declared type of each two. */
  map<R extends object>(schema: RecordType<R>, fn: (first: A, second: B) => NoInfer<R>): Stream<R>;
  map(...given: readonly unknown[]): Stream<any> {
    const { first, second } = this.#connected;
    const { graph } = first.stream;
    const { step, fn, shape, asked } = mappingArguments(graph, 'map', given);
    const keys = [first.keys ?? [], second.keys ?? []] as const;
    if (second.keys === null)
      graph.fault(
        'ARGUMENT_INVALID',
        step,
        'a join needs a key of both streams: a.keyBy(…).join(b.keyBy(…))',
      );
    const observed = [asked.observed, typeof fn === 'function' ? observedFields(fn, 1) : null] as const;
    const config = { kind: 'join', keys, observed, declared: asked.declared } as const;
    return this.#connected.derive(step, config, shape, { fn });
  }
}
