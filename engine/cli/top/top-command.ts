import { SluiceError } from '../../base/errors.js';
import {
  type AttachedRun,
  type AttachedRuns,
  attachedRuns,
  runNamed,
} from '../../control/serve/attached-runs.js';
import { type WatchedRun, watchAttached } from '../../control/serve/watched-run.js';
import { EXIT_CODES } from '../exit-codes.js';
import { colorsOf } from '../ink.js';
import { formatElapsed } from '../quantities.js';
import { type EndSignal, SignalListener } from '../signal-listener.js';
import { hasUnicode } from './canvas.js';
import { FullScreen, isInteractive, type TerminalStreams } from './full-screen.js';
import { chooseRun } from './run-chooser.js';
import { RunPast } from './run-picture.js';
import { type SessionEnd, TopSession } from './top-session.js';
import { renderOnce } from './top-view.js';

const FIGURES_MS = 500;
/** Of text that goes to no terminal. */
const TEXT_COLUMNS = 80;

/**
 * Shows a running job of this user, until it ends or whoever looks at it leaves. Where there is no terminal to draw on,
 * or no keys come, one frame as text.
 *
 * @param id  null: the only one, or the one that is chosen
 * @returns   the exit code: 0, also where the run ended meanwhile, however it ended
 * @throws SluiceError RUN_UNKNOWN      there is no such run, or several and nobody to choose
 * @throws SluiceError RUN_UNREACHABLE  its process went away
 */
export async function topCommand(
  { id }: { readonly id: string | null },
  streams: TerminalStreams = { input: process.stdin, output: process.stdout },
): Promise<number> {
  const found = await attachedRuns();
  const isLive = isInteractive(streams, process.env);
  const run = id === null ? onlyRun(found, isLive) : runNamed(id, found);
  if (isLive) return watchLive(run, found.runs, streams);
  streams.output.write(await frameOnce(await watchAttached(run!), streams.output.columns || TEXT_COLUMNS));
  return EXIT_CODES.finished[0];
}

/** Null: somebody has to choose. */
function onlyRun({ runs, silentPids }: AttachedRuns, canChoose: boolean): AttachedRun | null {
  const [run, ...others] = runs;
  if (run === undefined) {
    const silent = silentPids.length === 0 ? '' : `; process ${silentPids.join(', ')} did not answer`;
    throw new SluiceError('RUN_UNKNOWN', `no job is running${silent}`);
  }
  if (others.length === 0) return run;
  if (canChoose) return null;
  const names = runs.map(({ id, job }) => `${id.slice(0, 8)} (${job})`).join(', ');
  throw new SluiceError('RUN_UNKNOWN', `${runs.length} jobs are running, name one: ${names}`);
}

async function watchLive(
  named: AttachedRun | null,
  runs: readonly AttachedRun[],
  streams: TerminalStreams,
): Promise<number> {
  const screen = new FullScreen(streams);
  let attached = named;
  const end = await onScreen(screen, async () => {
    if (attached === null) {
      const choice = await chooseRun(runs, screen);
      if (typeof choice === 'string') return { kind: 'left', key: choice };
      attached = choice;
    }
    const look = { colors: colorsOf(streams.output, process.env), isUnicode: hasUnicode(process.env) };
    return new TopSession(await watchAttached(attached), screen, { ...look, intervalMs: FIGURES_MS }).run();
  });
  if (end.kind !== 'ended') return exitCodeOfEnd(end);
  const { id, job } = attached!;
  if (end.state === null)
    throw new SluiceError('RUN_UNREACHABLE', `${job} (${id}): its process went away`, { detail: { id } });
  streams.output.write(`${job} (${id.slice(0, 8)}) ${end.state} after ${formatElapsed(end.elapsedMs)}\n`);
  return EXIT_CODES.finished[0];
}

export type ScreenEnd = SessionEnd | { readonly kind: 'signalled'; readonly signal: EndSignal };

/** Gives the screen to somebody, and the terminal back whatever comes of it, signals included. */
export async function onScreen(screen: FullScreen, show: () => Promise<SessionEnd>): Promise<ScreenEnd> {
  let onSignal: (signal: EndSignal) => void = () => {};
  const listener = new SignalListener((signal) => onSignal(signal));
  const signalled = new Promise<ScreenEnd>((resolve) => {
    onSignal = (signal) => {
      resolve({ kind: 'signalled', signal });
      screen.onKey('ctrl-c'); // whoever has the screen leaves, and so lets go of what it holds
    };
  });
  try {
    screen.open();
    return await Promise.race([show(), signalled]);
  } finally {
    screen.close();
    listener.release();
  }
}

export function exitCodeOfEnd(end: ScreenEnd): number {
  if (end.kind === 'signalled') return end.signal.code;
  const isInterrupted = end.kind === 'left' && end.key === 'ctrl-c';
  return isInterrupted ? EXIT_CODES.interrupted[0] : EXIT_CODES.finished[0];
}

/** A look at a run as text; of one that has just ended, what it came to. */
async function frameOnce(run: WatchedRun, columns: number): Promise<string> {
  const leaving = new AbortController();
  try {
    const figures = await run.figures(FIGURES_MS, leaving.signal).next();
    if (figures.done) return `${run.job} (${run.id.slice(0, 8)}) ${figures.value ?? 'has ended'}\n`;
    const picture = {
      id: run.id,
      links: run.links,
      metrics: figures.value,
      past: new RunPast(),
      diagnosis: await run.diagnosis().catch(() => null),
      ...{ flame: null, note: null, panel: [], keys: [] },
    };
    return `${renderOnce(picture, columns).join('\n')}\n`;
  } finally {
    leaving.abort();
  }
}
