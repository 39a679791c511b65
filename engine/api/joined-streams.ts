import { type Duration, durationFault, parseDuration } from '../base/duration.js';
import type { TimeBounds } from '../plan/logical-plan.js';
import { observedFields } from '../records/observed-fields.js';
import type { RecordType } from '../records/schema.js';
import { mappingArguments, stepOf } from './call-arguments.js';
import type { ConnectedStreams } from './connected-streams.js';
import type { Stream } from './stream.js';

/** Bounds count as being between them unless it is said that they do not. */
export interface BetweenOptions {
  readonly lowerExclusive?: boolean;
  readonly upperExclusive?: boolean;
}

/**
 * Each two rows of two keyed streams that have equal keys, once, whichever of them came first. A key that is null, or
 * of which a part is, equals none. Without `between` all rows are kept for as long as the job runs.
 */
export class JoinedStreams<A extends object, B extends object> {
  readonly #connected: ConnectedStreams<A, B>;
  readonly #between: TimeBounds | null;

  /** @internal */
  constructor(connected: ConnectedStreams<A, B>, between: TimeBounds | null = null) {
    this.#connected = connected;
    this.#between = between;
  }

  /**
   * Only rows that are near each other in event time: that of the second is that of the first and from `lower` to
   * `upper` more. Rows are kept as long as one that they may meet can come; one that comes late is counted and dropped.
   *
   * @param lower  may be negative: `between('-5m', '10m')`
   */
  between(lower: Duration, upper: Duration, options: BetweenOptions = {}): JoinedStreams<A, B> {
    const { graph } = this.#connected.first.stream;
    const step = stepOf(`between('${lower}', '${upper}')`);
    const [lowerMs, upperMs] = [parseDuration(lower), parseDuration(upper)];
    const fault = (text: string): void => graph.fault('PLAN_DURATION_INVALID', step, text);
    if (lowerMs === null) fault(durationFault('the lower bound', lower));
    if (upperMs === null) fault(durationFault('the upper bound', upper));
    if (lowerMs !== null && upperMs !== null && lowerMs > upperMs)
      fault('the lower bound is above the upper one');
    const { lowerExclusive = false, upperExclusive = false } = options;
    const bounds = { lowerMs: lowerMs ?? 0, upperMs: upperMs ?? 0, lowerExclusive, upperExclusive };
    return new JoinedStreams(this.#connected, bounds);
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
    if (second.keys === null) {
      const text = 'a join needs a key of both streams: a.keyBy(…).join(b.keyBy(…))';
      graph.fault('ARGUMENT_INVALID', step, text);
    }
    const observed = [asked.observed, typeof fn === 'function' ? observedFields(fn, 1) : null] as const;
    const { declared } = asked;
    const config = { kind: 'join', keys, between: this.#between, observed, declared } as const;
    return this.#connected.derive(step, config, shape, { fn });
  }
}
