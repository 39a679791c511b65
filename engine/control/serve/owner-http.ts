import { createServer, type Server } from 'node:http';
import type { DoorRules } from './call.js';
import { ConnectionGuard, HEADER_BYTES_MAX } from './connection-guard.js';
import { requestListener } from './request-listener.js';
import type { RunBoard } from './served-run.js';

const OWNER: DoorRules = {
  isOwner: true,
  token: null,
  allowOrigin: null,
  isLoopback: false, // no browser comes by a socket
  refreshIntervalMs: 3_000,
  canCancel: true,
};

/** A server that listens nowhere: it is handed the connections of the socket. */
export function ownerHttp(board: RunBoard): Server {
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES_MAX, requireHostHeader: false },
    requestListener(board, OWNER),
  );
  new ConnectionGuard(server);
  return server;
}
