import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../engine/control/engine.js';
import { failureOf, jobPath, rowsOf, until } from '../kit/run-kit.js';

/** Async functions in threads, against a real HTTP server. */
const http = suite('async functions and HTTP');

interface Asked {
  readonly url: string;
  readonly server: Server;
  /** Requests without an answer: how many there are, were at most, and were given up. */
  open: number;
  most: number;
  aborted: number;
}

async function asked(answer: (n: number, times: number, response: ServerResponse) => void): Promise<Asked> {
  const times = new Map<number, number>();
  const server = createServer((request, response) => {
    const n = Number(request.url!.slice(1));
    times.set(n, (times.get(n) ?? 0) + 1);
    state.most = Math.max(state.most, ++state.open);
    response.on('close', () => {
      state.open--;
      if (!response.writableEnded) state.aborted++;
    });
    answer(n, times.get(n)!, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: Asked = { url, server, open: 0, most: 0, aborted: 0 };
  return state;
}

function closeAll({ server }: Asked): void {
  server.closeAllConnections();
  server.close();
}

http('answers come in the order of their rows, a failed call is repeated, capacity holds', async () => {
  const service = await asked((n, times, response) => {
    if (n % 5 === 0 && times === 1) response.writeHead(503).end();
    else setTimeout(() => response.end(String(n * n)), n % 3);
  });
  try {
    const params = { url: service.url, count: 60, capacity: 4 };
    const run = await start(jobPath('asks'), { params, outputs: { answers: 'live' } });
    const rows = await rowsOf(run.outputs['answers']!);
    await run.finished;
    assert.equal(
      rows,
      Array.from({ length: 60 }, (_, n) => ({ n, square: n * n, attempt: n % 5 === 0 ? 2 : 1 })),
    );
    assert.ok(service.most > 1 && service.most <= 4, `${service.most} at a time`);
  } finally {
    closeAll(service);
  }
});

http('whoever waits for answers is said to, and gives the calls up when the run is cancelled', async () => {
  const service = await asked(() => {
    // It never answers.
  });
  try {
    const run = await start(jobPath('asks'), {
      params: { url: service.url, count: 100_000_000, capacity: 3, ordered: false },
      outputs: { answers: 'live' },
    });
    await until(() => run.diagnose().findings.some(({ cause }) => cause === 'async-wait'));
    await until(() => service.open === 3);
    const [finding] = run.diagnose().findings;
    assert.match(finding!.reason, /as many calls as may be at a time, 3, wait/);
    await until(() => run.metrics('1s').vertices[1]!.asyncRatio > 0.5);
    await run.cancel();
    await failureOf(run.finished);
    await until(() => service.aborted === 3);
  } finally {
    closeAll(service);
  }
});

http.run();
