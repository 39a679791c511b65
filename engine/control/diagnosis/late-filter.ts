import type { JobExchange, JobVertex } from '../../plan/job-graph.js';
import type { OperatorConfig } from '../../plan/logical-plan.js';
import type { TaskMetrics } from '../metrics/metrics.js';
import type { Place } from './bottleneck.js';
import type { Finding } from './diagnosis.js';
import { percent, type Scene } from './scene.js';

/** Operators that give a row for each they get, or drop it. */
const ROW_BY_ROW: ReadonlySet<OperatorConfig['kind']> = new Set([
  'filter',
  'map',
  'pick',
  'with',
  'event-time',
  'sink',
  'output',
]);
/** A filter that lets more through is well where it is. */
const PASS_MAX = 0.5;
/** Fewer rows in a second say nothing. */
const RECORDS_MIN = 100;

/**
 * Filters that are the first thing behind an exchange and drop half of what it carries at least: of the place, and of
 * those it feeds, since sending the rows takes its time too. How much they let through is known only where nothing in
 * their chain makes several rows of one or keeps some back.
 */
export function lateFilters(scene: Scene): readonly Finding[] {
  const { place, places } = scene;
  return [place, ...place.receivers.map(({ index }) => places[index]!)].flatMap(
    (each) => lateFilter(scene, each) ?? [],
  );
}

function lateFilter({ graph, plan }: Scene, { vertex, tasks }: Place): Finding | null {
  const edges = graph.exchanges.filter(({ toVertex }) => toVertex === vertex.index);
  const kinds = vertex.operators.map((uid) => plan.operators.find((each) => each.uid === uid)!.config.kind);
  if (edges.length === 0 || kinds[0] !== 'filter' || !kinds.every((kind) => ROW_BY_ROW.has(kind)))
    return null;
  if (!isLine(vertex) || graph.exchanges.filter(({ fromVertex }) => fromVertex === vertex.index).length > 1)
    return null;
  const sum = (of: (task: TaskMetrics) => number): number => tasks.reduce((all, task) => all + of(task), 0);
  const recordsIn = sum(({ recordsInPerSecond }) => recordsInPerSecond);
  const pass = sum(({ recordsOutPerSecond }) => recordsOutPerSecond) / recordsIn;
  if (recordsIn < RECORDS_MIN || !(pass <= PASS_MAX)) return null;
  const bytes = sum(({ bytesInPerSecond }) => bytesInPerSecond);
  return {
    cause: 'late-filter',
    severity: 'hint',
    share: 1 - pass,
    vertex: vertex.id,
    name: vertex.name,
    subtask: null,
    reason: `rows are sent to it to be dropped: its filters let ${percent(pass)} of them through`,
    evidence: [
      `${megabytes(bytes)} come to it in a second; with the filters before, about ${megabytes(bytes * pass)}`,
    ],
    advice: `move the filter above the ${whatIsBefore(edges)} before it`,
    gain: null,
  };
}

/** As whoever wrote the job called it. */
function whatIsBefore([edge, ...others]: readonly JobExchange[]): string {
  if (others.length > 0) return 'union';
  return edge!.partitioner.kind === 'hash' ? 'keyBy' : 'exchange';
}

/** No branch within: what its last operator gives is all it gives. */
function isLine({ operators, links }: JobVertex): boolean {
  return operators.every((uid) => links.filter(({ from }) => from === uid).length <= 1);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
