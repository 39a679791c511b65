import { randomBytes } from 'node:crypto';
import { json, Refusal } from '../answer.js';
import { type Handler, runOf, shown } from '../call.js';

/** What changes a run. Whoever comes here was let in. */

/** Answers at once, as Flink does; the state of the run tells when it has come to it. */
export const cancel: Handler = (call) => {
  const mode = call.query.get('mode') ?? 'cancel';
  if (mode !== 'cancel')
    throw new Refusal(400, `mode is cancel, not '${shown(mode)}'; POST /jobs/:jobid/stop stops`);
  const run = runOf(call);
  if (!run.life.isOver) run.cancel();
  return json({}, 202);
};

/** Ends the inputs and commits what they gave. There are no savepoints: what the body asks of one is left aside. */
export const stop: Handler = (call) => {
  const run = runOf(call);
  if (run.life.isOver) throw new Refusal(409, `Job ${run.id} has ended: ${run.life.state}`);
  run.stop();
  return json({ 'request-id': randomBytes(16).toString('hex') }, 202);
};
