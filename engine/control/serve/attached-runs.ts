import { readdirSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { SluiceError } from '../../base/errors.js';
import type { Diagnosis } from '../diagnosis/diagnosis.js';
import type { RunState } from '../run.js';
import { runtimeFolder, socketOf } from './runtime-folder.js';
import { ask, askJson, eventsIn, textOf } from './socket-ask.js';

/**
 * The running jobs of this user on this machine, whichever processes they are in, as other programs see them.
 */

/** A running job of some process. */
export interface AttachedRun {
  readonly id: string;
  readonly job: string;
  /** Flink's word for it. */
  readonly state: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly tasks: number;
  /** Where its routes are. */
  readonly socket: string;
}

export interface AttachedRuns {
  /** The oldest first. */
  readonly runs: readonly AttachedRun[];
  /** Processes that have runs and did not tell them in time. */
  readonly silentPids: readonly number[];
}

/** Looks into the user's runtime folder, and removes what processes left there that are gone. */
export async function attachedRuns(folder: string = runtimeFolder()): Promise<AttachedRuns> {
  const runs: AttachedRun[] = [];
  const silentPids: number[] = [];
  await Promise.all(
    namesIn(folder).map(async (name) => {
      const socket = socketOf(folder, name);
      const pid = Number.parseInt(name, 10);
      try {
        runs.push(...(await runsBehind(socket, pid)));
      } catch (error) {
        if (isGone(error)) removeEntry(folder, name);
        else silentPids.push(pid);
      }
    }),
  );
  return { runs: runs.sort((a, b) => a.startedMs - b.startedMs), silentPids };
}

/**
 * The one running job whose id begins so.
 *
 * @throws SluiceError RUN_UNKNOWN  there is none, or there are several
 */
export function runNamed(prefix: string, { runs, silentPids }: AttachedRuns): AttachedRun {
  const found = runs.filter(({ id }) => prefix !== '' && id.startsWith(prefix.toLowerCase()));
  if (found.length === 1) return found[0]!;
  const silent = silentPids.length === 0 ? '' : `; process ${silentPids.join(', ')} did not answer`;
  const what =
    found.length === 0
      ? `no running job has an id that begins with '${prefix}'${silent}`
      : `${found.length} running jobs have an id that begins with '${prefix}': ${found.map(({ id }) => id).join(', ')}`;
  throw new SluiceError('RUN_UNKNOWN', what, { detail: { prefix, found: found.length } });
}

/**
 * Asks a job to stop, or to cancel, and waits until nothing of it is left.
 *
 * @returns  the state it came to
 * @throws SluiceError RUN_UNREACHABLE  its process ended, or refused
 */
export async function endRun({ id, job, socket }: AttachedRun, how: 'stop' | 'cancel'): Promise<RunState> {
  const lost = (why: string): SluiceError =>
    new SluiceError('RUN_UNREACHABLE', `${job} (${id}): ${why}`, { detail: { id } });
  // Before it is asked, so that its end is not missed.
  const events = await ask(socket, 'GET', `/jobs/${id}/events?interval=60s`);
  const ended = lastState(events);
  const asked =
    how === 'stop'
      ? ask(socket, 'POST', `/jobs/${id}/stop`)
      : ask(socket, 'PATCH', `/jobs/${id}?mode=cancel`);
  try {
    const answer = await asked;
    const { statusCode = 0 } = answer;
    answer.resume();
    // 409: it has ended by itself meanwhile.
    if (statusCode !== 202 && statusCode !== 409) throw lost(`it answered ${statusCode}`);
    const state = await ended;
    if (state === null) throw lost('its process ended before it told how the job did');
    return state;
  } finally {
    events.destroy();
  }
}

/**
 * What holds a running job up.
 *
 * @param seconds  how long what limits it is profiled
 * @throws SluiceError RUN_UNREACHABLE  its process ended, or refused
 */
export async function diagnosisOf({ id, job, socket }: AttachedRun, seconds: number): Promise<Diagnosis> {
  const lost = (why: string, cause?: unknown): SluiceError =>
    new SluiceError('RUN_UNREACHABLE', `${job} (${id}): ${why}`, { detail: { id }, cause });
  let answer: IncomingMessage;
  try {
    const path = `/jobs/${id}/diagnosis?seconds=${seconds}`;
    answer = await ask(socket, 'GET', path, seconds * 1_000 + PROFILE_MS_MAX);
  } catch (error) {
    throw lost('it does not answer', error);
  }
  const text = await textOf(answer);
  if (answer.statusCode !== 200) throw lost(`it answered ${answer.statusCode}`);
  return JSON.parse(text) as Diagnosis;
}

/** Beside the time that is sampled: threads are prepared before it, and samples counted after it. */
const PROFILE_MS_MAX = 10_000;

/** Names of entries and sockets, without their endings. */
function namesIn(folder: string): readonly string[] {
  let files: readonly string[] = [];
  try {
    files = readdirSync(folder);
  } catch {
    // no job of this user ever ran, or it left no folder
  }
  const names = files.flatMap((file) => /^(\d+-[0-9a-f]{8})\.(?:json|sock)$/.exec(file)?.[1] ?? []);
  return [...new Set(names)];
}

async function runsBehind(socket: string, pid: number): Promise<readonly AttachedRun[]> {
  const { jobs } = await askJson<{ readonly jobs: readonly OverviewRow[] }>(socket, '/jobs/overview');
  return jobs
    .filter((row) => row['end-time'] < 0)
    .map((row) => ({
      id: row.jid,
      job: row.name,
      state: row.state,
      pid,
      startedMs: row['start-time'],
      durationMs: row.duration,
      tasks: row.tasks.total,
      socket,
    }));
}

interface OverviewRow {
  readonly jid: string;
  readonly name: string;
  readonly state: string;
  readonly 'start-time': number;
  readonly 'end-time': number;
  readonly duration: number;
  readonly tasks: { readonly total: number };
}

/** Null: the stream ended without it. */
async function lastState(events: IncomingMessage): Promise<RunState | null> {
  for await (const { name, data } of eventsIn(events))
    if (name === 'end') return (JSON.parse(data) as { readonly state: RunState }).state;
  return null;
}

/** Nobody listens there any more. */
function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK';
}

function removeEntry(folder: string, name: string): void {
  try {
    rmSync(join(folder, `${name}.json`), { force: true });
    rmSync(join(folder, `${name}.sock`), { force: true });
  } catch {
    // it is tried again by whoever lists next
  }
}
