import { SluiceError } from '../../base/errors.js';
import type { HttpServer, HttpSettings } from './http-server.js';
import { RunBoard, type ServedRun } from './served-run.js';

/** A run's share of the one HTTP server of the process. */
export interface HttpLease {
  readonly url: string;
  /** Shows the run, and gives the share back when it has ended. */
  show(run: ServedRun): void;
  /** Gives it back without a run. */
  release(): void;
}

interface Door {
  readonly settings: HttpSettings;
  readonly board: RunBoard;
  readonly server: Promise<HttpServer>;
  leases: number;
}

let door: Door | null = null;

/**
 * Opens the server, or joins those who have it open in the same way.
 *
 * @throws SluiceError SERVE_FAILED    nothing can listen at this address
 * @throws SluiceError SERVE_CONFLICT  it is open in another way
 */
export async function leaseHttp(settings: HttpSettings): Promise<HttpLease> {
  if (door !== null && differenceOf(door.settings, settings) !== null)
    throw conflict(differenceOf(door.settings, settings)!, (await door.server).url);
  const mine = (door ??= openDoor(settings));
  mine.leases++;
  const release = (): void => {
    mine.leases--;
    if (mine.leases > 0) return;
    if (door === mine) door = null;
    void mine.server.then(
      (server) => server.close(),
      () => {},
    );
  };
  try {
    const { url } = await mine.server;
    return {
      url,
      release,
      show: (run) => {
        mine.board.add(run);
        void run.ended.then(release);
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

function openDoor(settings: HttpSettings): Door {
  const board = new RunBoard();
  const server = import('./http-server.js').then((module) => module.HttpServer.open(settings, board));
  server.catch(() => {}); // whoever leases it is told
  return { settings, board, server, leases: 0 };
}

/** The member in which they differ; the token is named and not shown. */
function differenceOf(a: HttpSettings, b: HttpSettings): keyof HttpSettings | null {
  return (Object.keys(a) as (keyof HttpSettings)[]).find((name) => a[name] !== b[name]) ?? null;
}

function conflict(member: string, url: string): SluiceError {
  const what = `a run of this process is served at ${url} already, with another ${member}`;
  return new SluiceError('SERVE_CONFLICT', what, { detail: { url, member } });
}
