import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { refusalJson } from './answer.js';

/** Of both together; a system may give a process as few as 1024, and sinks need some. */
const CONNECTIONS_MAX = 256;
const HEADERS_MS_MAX = 5_000;
const REQUEST_MS_MAX = 10_000;
const KEEP_ALIVE_MS = 5_000;
/** Longest wait for whoever does not read what he asked for. */
const SILENCE_MS_MAX = 60_000;
export const HEADER_BYTES_MAX = 16 * 1024;

/** Errors of the parser and the server that have a status of their own. */
const STATUS_BY_CODE: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, `the headers are larger than ${HEADER_BYTES_MAX} bytes`],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the chunk extensions are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request did not come in time'],
};

/**
 * Keeps a server from those who only hold connections: heads and bodies that do not come are waited for no longer than
 * some seconds, and where there are too many connections the one that has done nothing for the longest time makes room.
 * No connection keeps the process alive.
 */
export class ConnectionGuard {
  /** Those that are about nothing, the longest first. */
  readonly #idle = new Set<Socket>();
  readonly #busy = new Set<Socket>();

  constructor(server: Server) {
    server.headersTimeout = HEADERS_MS_MAX;
    server.requestTimeout = REQUEST_MS_MAX;
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.setTimeout(SILENCE_MS_MAX);
    server.on('connection', (socket: Socket) => this.#admit(socket));
    server.on('request', ({ socket }, response) => {
      this.#idle.delete(socket);
      this.#busy.add(socket);
      response.on('close', () => {
        if (this.#busy.delete(socket) && !socket.destroyed) this.#idle.add(socket);
      });
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
    server.on('connect', (_, socket) => answerRaw(socket as Socket, 405, 'CONNECT is not possible here'));
    server.on('checkExpectation', (_, response) => {
      const { type, text } = refusalJson(417, 'Expect knows 100-continue alone');
      response.writeHead(417, { 'Content-Type': type, Connection: 'close' }).end(text);
    });
  }

  /** Ends all, those in the middle of an answer too. */
  close(): void {
    for (const socket of [...this.#idle, ...this.#busy]) socket.destroy();
  }

  #admit(socket: Socket): void {
    socket.unref();
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#idle.delete(socket);
      this.#busy.delete(socket);
    });
    this.#idle.add(socket);
    if (this.#idle.size + this.#busy.size <= CONNECTIONS_MAX) return;
    const [longest] = this.#idle;
    (longest ?? socket).destroy();
  }
}

/** Their parser goes on to complain about what follows. */
const refused = new WeakSet<Socket>();

function refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (refused.has(socket)) return;
  refused.add(socket);
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, what] = STATUS_BY_CODE[code] ?? [400, 'this is not HTTP'];
  answerRaw(socket, status, what);
}

/** Where there is no response to write into. What is still on its way is read, or the answer would be lost with it. */
function answerRaw(socket: Socket, status: number, what: string): void {
  const { type, text } = refusalJson(status, what);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

const LINGER_MS = 500;
