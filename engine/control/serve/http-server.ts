import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { SluiceError } from '../../base/errors.js';
import type { DoorRules } from './call.js';
import { ConnectionGuard, HEADER_BYTES_MAX } from './connection-guard.js';
import { requestListener } from './request-listener.js';
import type { RunBoard } from './served-run.js';

export interface HttpSettings extends Omit<DoorRules, 'isOwner' | 'isLoopback'> {
  /** 0: any that is free. */
  readonly port: number;
  readonly address: string;
}

/** Answers HTTP at an address until it is closed. Keeps nothing alive. */
export class HttpServer {
  readonly url: string;
  readonly #server: Server;
  readonly #guard: ConnectionGuard;

  /** @throws SluiceError SERVE_FAILED  the port is taken, or the address is none of this machine's */
  static async open(settings: HttpSettings, board: RunBoard): Promise<HttpServer> {
    const { port, address } = settings;
    const rules = { ...settings, isOwner: false, isLoopback: isLoopback(address) };
    const server = createServer(
      { maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false, connectionsCheckingInterval: CHECK_MS },
      requestListener(board, rules),
    );
    const guard = new ConnectionGuard(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(failed(settings, error)));
      server.listen({ port, host: address, exclusive: true }, resolve);
    });
    return new HttpServer(server, guard);
  }

  private constructor(server: Server, guard: ConnectionGuard) {
    server.unref();
    const { address, port } = server.address() as AddressInfo;
    this.url = `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
    this.#server = server;
    this.#guard = guard;
  }

  /** Takes no more requests; answers that are being written have this turn of the event loop. */
  close(): void {
    this.#server.close();
    setImmediate(() => this.#guard.close());
  }
}

/** How often requests that do not come are looked for. */
const CHECK_MS = 1_000;

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.');
}

function failed({ address, port }: HttpSettings, error: NodeJS.ErrnoException): SluiceError {
  const why =
    error.code === 'EADDRINUSE'
      ? 'the port is taken'
      : error.code === 'EACCES'
        ? 'the port is not allowed to this user'
        : error.message;
  return new SluiceError('SERVE_FAILED', `HTTP cannot be served at ${address}:${port}: ${why}`, {
    detail: { address, port, code: error.code ?? '' },
    cause: error,
  });
}
