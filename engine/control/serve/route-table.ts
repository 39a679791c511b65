import type { Answer } from './answer.js';
import { Refusal } from './answer.js';
import { type Call, type DoorRules, type Handler, shown } from './call.js';
import * as actions from './routes/actions.js';
import * as checkpoints from './routes/checkpoints.js';
import * as cluster from './routes/cluster.js';
import { events } from './routes/events.js';
import * as jobs from './routes/jobs.js';
import * as metrics from './routes/metrics.js';
import { prometheus } from './routes/prometheus.js';
import * as vertices from './routes/vertices.js';
import type { RunBoard } from './served-run.js';

/** What there is to ask for. Not Flink's are `/metrics`, and `backpressure`, `diagnosis` and `events` of a run. */
// biome-ignore format: a table
export const ROUTES: Readonly<Record<string, Handler>> = {
  'GET /config':                                                cluster.config,
  'GET /overview':                                              cluster.overview,
  'GET /jobs':                                                  cluster.jobs,
  'GET /jobs/overview':                                         cluster.jobsOverview,
  'GET /jobs/:jobid':                                           jobs.job,
  'GET /jobs/:jobid/plan':                                      jobs.jobPlan,
  'GET /jobs/:jobid/status':                                    jobs.jobStatus,
  'GET /jobs/:jobid/config':                                    jobs.jobConfig,
  'GET /jobs/:jobid/exceptions':                                jobs.exceptions,
  'GET /jobs/:jobid/accumulators':                              jobs.jobAccumulators,
  'GET /jobs/:jobid/metrics':                                   metrics.jobMetrics,
  'GET /jobs/:jobid/backpressure':                              jobs.jobBackpressure,
  'GET /jobs/:jobid/diagnosis':                                 jobs.diagnosis,
  'GET /jobs/:jobid/events':                                    events,
  'GET /jobs/:jobid/checkpoints':                               checkpoints.checkpoints,
  'GET /jobs/:jobid/checkpoints/config':                        checkpoints.checkpointConfig,
  'GET /jobs/:jobid/checkpoints/details/:checkpointid':         checkpoints.checkpointDetails,
  'GET /jobs/:jobid/checkpoints/details/:checkpointid/subtasks/:vertexid': checkpoints.checkpointSubtasks,
  'GET /jobs/:jobid/vertices/:vertexid':                        vertices.vertex,
  'GET /jobs/:jobid/vertices/:vertexid/accumulators':           vertices.vertexAccumulators,
  'GET /jobs/:jobid/vertices/:vertexid/backpressure':           vertices.backpressure,
  'GET /jobs/:jobid/vertices/:vertexid/flamegraph':             vertices.flamegraph,
  'GET /jobs/:jobid/vertices/:vertexid/metrics':                metrics.vertexMetrics,
  'GET /jobs/:jobid/vertices/:vertexid/subtasks/accumulators':  vertices.subtaskAccumulators,
  'GET /jobs/:jobid/vertices/:vertexid/subtasks/metrics':       metrics.aggregatedMetrics,
  'GET /jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/metrics': metrics.subtaskMetrics,
  'GET /jobs/:jobid/vertices/:vertexid/subtasktimes':           vertices.subtaskTimes,
  'GET /jobs/:jobid/vertices/:vertexid/taskmanagers':           vertices.vertexTaskManagers,
  'GET /jobs/:jobid/vertices/:vertexid/watermarks':             metrics.watermarks,
  'GET /taskmanagers':                                          cluster.taskManagers,
  'GET /taskmanagers/metrics':                                  metrics.taskManagersMetrics,
  'GET /taskmanagers/:taskmanagerid':                           cluster.taskManager,
  'GET /taskmanagers/:taskmanagerid/metrics':                   metrics.taskManagerMetrics,
  'GET /jobmanager/config':                                     cluster.jobManagerConfig,
  'GET /jobmanager/environment':                                cluster.jobManagerEnvironment,
  'GET /jobmanager/metrics':                                    metrics.jobManagerMetrics,
  'GET /metrics':                                               prometheus,
  'PATCH /jobs/:jobid':                                         actions.cancel,
  'POST /jobs/:jobid/stop':                                     actions.stop,
};

interface Route {
  readonly method: string;
  /** A part that begins with a colon stands for any. */
  readonly parts: readonly string[];
  readonly handler: Handler;
}

const TABLE: readonly Route[] = Object.entries(ROUTES).map(([line, handler]) => {
  const [method, path] = line.split(' ') as [string, string];
  return { method, parts: path.slice(1).split('/'), handler };
});

/** A path that exists, and what can be done with it. */
export interface Place {
  /** Also HEAD, where GET is one. */
  readonly methods: readonly string[];
  answer(method: string, query: URLSearchParams, board: RunBoard, rules: DoorRules): Answer | Promise<Answer>;
}

/**
 * @param path  as it was sent, without the query; `/v1` before it is Flink's version of the interface
 * @throws Refusal  there is no such path, or it cannot be decoded
 */
export function placeOf(path: string): Place {
  const parts = path
    .replace(/^\/v1(?=\/)/, '')
    .slice(1)
    .split('/')
    .map((part) => decoded(part, path));
  const found = TABLE.filter((route) => matches(route.parts, parts));
  if (found.length === 0) throw new Refusal(404, `Not found: ${shown(path)}`);
  // Of `/jobs/overview` and `/jobs/:jobid` the one that says more.
  const most = Math.max(...found.map(({ parts }) => wordsIn(parts)));
  const routes = found.filter(({ parts }) => wordsIn(parts) === most);
  const methods = routes.map(({ method }) => method);
  return {
    methods: methods.includes('GET') ? ['GET', 'HEAD', ...methods.filter((each) => each !== 'GET')] : methods,
    answer: (method, query, board, rules) => {
      const route = routes.find((each) => each.method === (method === 'HEAD' ? 'GET' : method))!;
      const call: Call = { board, rules, query, path: namedParts(route.parts, parts) };
      return route.handler(call);
    },
  };
}

function decoded(part: string, path: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, `the path is not encoded as a URL is: ${shown(path)}`);
  }
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length && pattern.every((part, at) => part.startsWith(':') || part === parts[at])
  );
}

const wordsIn = (pattern: readonly string[]): number =>
  pattern.filter((part) => !part.startsWith(':')).length;

function namedParts(pattern: readonly string[], parts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = pattern.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), parts[at]!]] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}
