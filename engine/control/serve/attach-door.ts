import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { makeRuntimeFolder, runtimeFolder, socketOf } from './runtime-folder.js';
import { RunBoard, type ServedRun } from './served-run.js';

/**
 * The socket by which other programs of the same user find the runs of this process, and the file that names it. It is
 * there while any of them goes on. HTTP is loaded when somebody comes.
 *
 * Runs in: the main thread.
 */
class AttachDoor {
  readonly board = new RunBoard();
  readonly #entry: string;
  readonly #socket: string;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  #http: Promise<HttpServer> | null = null;
  #isClosed = false;
  readonly #onExit = (): void => this.close();

  constructor(folder: string) {
    const name = `${process.pid}-${randomBytes(4).toString('hex')}`;
    this.#entry = join(folder, `${name}.json`);
    this.#socket = socketOf(folder, name);
    this.#server = createServer((socket) => this.#admit(socket));
    this.#server.on('error', () => this.close()); // a run that cannot be found is a run nevertheless
    this.#server.listen(this.#socket, () => this.#announce());
    this.#server.unref();
    process.on('exit', this.#onExit);
  }

  /** Leaves nothing behind. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off('exit', this.#onExit);
    this.#server.close();
    // Answers that are being written have this turn of the event loop.
    setImmediate(() => {
      for (const socket of this.#connections) socket.destroy();
    });
    for (const path of [this.#entry, this.#socket]) removeQuietly(path);
  }

  #announce(): void {
    if (this.#isClosed) return;
    try {
      if (process.platform !== 'win32') chmodSync(this.#socket, OWNER_ONLY);
      const entry = JSON.stringify({ pid: process.pid, socket: this.#socket });
      writeFileSync(this.#entry, entry, { mode: OWNER_ONLY, flag: 'wx' });
    } catch {
      this.close();
    }
  }

  #admit(socket: Socket): void {
    socket.on('error', () => {});
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    this.#http ??= import('./owner-http.js').then(({ ownerHttp }) => ownerHttp(this.board));
    this.#http.then(
      (http) => http.emit('connection', socket),
      () => socket.destroy(),
    );
  }
}

const OWNER_ONLY = 0o600;

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // whoever lists the runs removes it
  }
}

let door: AttachDoor | null = null;
let shown = 0;

/** Lets other programs find a run until it has ended. Never throws: where there is no place for it, it is not found. */
export function showToOwner(run: ServedRun): void {
  if (door === null) {
    const folder = runtimeFolder();
    if (!makeRuntimeFolder(folder)) return;
    door = new AttachDoor(folder);
  }
  const mine = door;
  mine.board.add(run);
  shown++;
  void run.ended.then(() => {
    shown--;
    if (shown > 0) return;
    door = null;
    mine.close();
  });
}
