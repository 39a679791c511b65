import type { ServerResponse } from 'node:http';
import { parseDuration } from '../../../base/duration.js';
import type { MetricsWindow } from '../../metrics/metrics.js';
import { type Answer, Refusal } from '../answer.js';
import { type Handler, runOf, shown, windowIn } from '../call.js';
import { jobState } from '../flink-states.js';
import type { ServedRun } from '../served-run.js';

const INTERVAL_MS = { default: 1_000, min: 100, max: 60_000 } as const;

/**
 * The figures of a run again and again, as server-sent events: `metrics` each time, and `end` once, with the state that
 * the run has come to. A reader that does not keep up misses some.
 */
export const events: Handler = (call): Answer => {
  const run = runOf(call);
  const window = windowIn(call);
  const text = call.query.get('interval');
  const intervalMs = text === null ? INTERVAL_MS.default : parseDuration(text);
  if (intervalMs === null || intervalMs < INTERVAL_MS.min || intervalMs > INTERVAL_MS.max)
    throw new Refusal(400, `interval is a duration from 100ms to 60s, not '${shown(text!)}'`);
  return {
    type: 'text/event-stream; charset=utf-8',
    stream: (response) => tell(run, window, intervalMs, response),
  };
};

function tell(run: ServedRun, window: MetricsWindow, intervalMs: number, response: ServerResponse): void {
  const send = (): void => {
    if (response.writableNeedDrain) return;
    response.write(event('metrics', run.metrics(window)));
  };
  send();
  const timer = setInterval(send, intervalMs).unref();
  response.on('close', () => clearInterval(timer));
  void run.ended.then(() => {
    clearInterval(timer);
    if (response.destroyed) return;
    response.write(event('metrics', run.metrics(window)));
    response.end(
      event('end', { id: run.id, job: run.graph.job, state: run.life.state, status: jobState(run.life) }),
    );
  });
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
