import { discard } from '../connectors/discard.js';
import type { ConnectedJob } from './endpoints.js';

/** A run that is only measured: its outputs are written as always, and removed at the end in place of a commit. */
export interface Trial {
  /** All sinks discard their rows; else only those whose rows go to standard output or to a program. */
  readonly discardsAll: boolean;
}

/** Puts a sink that forgets in the place of those that write nothing in a trial. The plan stays what it is. */
export function discarding(built: ConnectedJob, trial: Trial | null): ConnectedJob {
  if (trial === null) return built;
  const functions = new Map(built.functions);
  for (const { uid, config } of built.plan.operators) {
    const sink = functions.get(uid)?.sink;
    if (sink === undefined) continue;
    const goesNowhere = config.kind === 'output' || sink.writesToStdout === true;
    if (goesNowhere || trial.discardsAll) functions.set(uid, { sink: discard() });
  }
  return { ...built, functions };
}
