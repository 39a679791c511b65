import type { JobGraph } from '../../plan/job-graph.js';
import type { LogicalPlan } from '../../plan/logical-plan.js';
import type { Metrics } from '../metrics/metrics.js';
import { pressureLevel } from '../metrics/pressure.js';
import type { PastMoment } from '../metrics/sample-history.js';
import { bottlenecks, most, type Place, placesOf, worstPressure } from './bottleneck.js';
import { findingsOf } from './causes.js';
import type { Diagnosis, Finding } from './diagnosis.js';
import { pressureTrail } from './pressure-trail.js';
import type { KeySamples } from './scene.js';
import { thinExchanges } from './thin-exchange.js';

export interface Case {
  readonly graph: JobGraph;
  readonly plan: LogicalPlan;
  readonly metrics: Metrics;
  /** What tasks had come to before, the oldest first. */
  readonly past: readonly PastMoment[];
  readonly keys: KeySamples;
  /** Cores the process may use. */
  readonly cores: number;
}

/** Less is no ground for a verdict. */
const WINDOW_MS_MIN = 500;

/** Says what holds a job up, from its figures alone. Pure. */
export function diagnose({ graph, plan, metrics, past, keys, cores }: Case): Diagnosis {
  const { job, windowMs, tasks } = metrics;
  const verdict = (
    of: Diagnosis['verdict'],
    summary: string,
    findings: readonly Finding[] = [],
  ): Diagnosis => ({ job, verdict: of, summary, findings, windowMs, history: [] });
  if (!tasks.some(({ state }) => state === 'RUNNING')) return verdict('unknown', 'nothing runs');
  if (windowMs < WINDOW_MS_MIN) return verdict('unknown', 'it has not run for long enough');
  const places = placesOf(graph, tasks);
  const found = bottlenecks(places);
  const all =
    found.length === 0
      ? thinExchanges(places)
      : found.flatMap((place) => {
          const trail = pressureTrail(place, places, past);
          return withTrail(findingsOf({ graph, plan, place, places, cores, keys }), trail);
        });
  const [limits, hints] = ['limit', 'hint'].map((severity) =>
    all.filter((each) => each.severity === severity),
  );
  const findings = [...limits!, ...hints!];
  const limit = limits![0];
  if (limit === undefined) return verdict('healthy', healthy(places), findings);
  const where = limit.subtask === null ? limit.name : `${limit.name}, subtask ${limit.subtask}`;
  return verdict('limited', `${where}: ${limit.reason}`, findings);
}

/** The first of the findings of a place tells when it all began. */
function withTrail([first, ...others]: readonly Finding[], trail: string | null): readonly Finding[] {
  if (trail === null || first?.severity !== 'limit') return [first!, ...others];
  return [{ ...first, evidence: [...first.evidence, trail] }, ...others];
}

/** What shows that nobody is held up. */
function healthy(places: readonly Place[]): string {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const busyOf = (place: Place): number => most(place, ({ busyRatio }) => busyRatio);
  const busiest = places.reduce((a, b) => (busyOf(b) > busyOf(a) ? b : a));
  const pressure = Math.max(...places.map(worstPressure));
  const usage = Math.max(
    0,
    ...places.flatMap(({ tasks }) => tasks.map(({ input }) => input?.poolUsage ?? 0)),
  );
  const worst =
    pressureLevel(pressure) !== 'ok' ? `backpressure up to ${percent(pressure)}` : 'no backpressure';
  return `every task keeps up: ${worst}, the busiest is ${busiest.vertex.name} at ${percent(busyOf(busiest))}, buffers filled up to ${percent(usage)}`;
}
