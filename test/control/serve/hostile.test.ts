import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../../engine/control/engine.js';
import type { Run } from '../../../engine/control/run.js';
import { ConnectionGuard } from '../../../engine/control/serve/connection-guard.js';
import { type Asked, ask, askJson, askRaw } from '../../kit/http-kit.js';
import { jobPath, until } from '../../kit/run-kit.js';

const hostile = suite('hostile HTTP');
const TOKEN = 'a-token';
const OWN = { Authorization: `Bearer ${TOKEN}` };

let run: Run;
let url: string;

hostile.before(async () => {
  run = await start(jobPath('endless'), {
    params: { sourceRate: 1_000 },
    parallelism: 1,
    serve: { port: 0, token: TOKEN },
    options: { 'sluice.attach': false },
  });
  url = run.url!;
});

hostile.after(async () => {
  await run.cancel();
});

const MB = 1024 * 1024;
const get = (target: string, headers = 'Host: localhost\r\n') => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;

// biome-ignore format: a table
const RAW: readonly (readonly [what: string, bytes: string, status: number])[] = [
  ['bytes that are no HTTP',           '\x00\x01\x02\xff\r\n\r\n',                                             400],
  ['a head of 10 MB',                  get('/config', `Host: localhost\r\nX: ${'x'.repeat(10 * MB)}\r\n`),     431],
  ['many headers of 10 MB together',   get('/config', `Host: localhost\r\n${'X: y\r\n'.repeat(2 * MB)}`),      431],
  ['a URL of 10 KB',                   get(`/config?${'x'.repeat(10_000)}`, 'Host: localhost\r\nConnection: close\r\n'), 414],
  ['no host',                          get('/config', 'Connection: close\r\n'),                                400],
  ['a name that is not this machine\'s', get('/config', 'Host: evil.example\r\nConnection: close\r\n'),        421],
  ['a target with another server',     get('http://evil.example/config', 'Host: localhost\r\nConnection: close\r\n'), 400],
  ['a method that is none',            'BREW /config HTTP/1.1\r\nHost: localhost\r\n\r\n',                     400],
  ['a tunnel',                         'CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n',         405],
  ['two lengths of one body',          'POST /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['a length that is none',            'POST /config HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n', 400],
  ['an expectation nobody knows',      get('/config', 'Host: localhost\r\nExpect: everything\r\n'),            417],
];
for (const [what, bytes, status] of RAW)
  hostile(`${what} is answered with ${status} and an error in JSON`, async () => {
    const text = await askRaw(url, bytes);
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(text.slice(text.indexOf('\r\n\r\n')), /\{"errors":\["[^"].+"\]\}/);
  });

// biome-ignore format: a table
const ASKED: readonly (readonly [what: string, path: string, asked: Asked, status: number])[] = [
  ['a path out of all folders',     '/../../etc/passwd',               {},                                                404],
  ['the same in disguise',          '/%2e%2e/%2e%2e/etc/passwd',       {},                                                404],
  ['the same in the place of an id', '/jobs/..%2f..%2fetc%2fpasswd',   {},                                                400],
  ['a path with a broken escape',   '/jobs/%zz',                       {},                                                400],
  ['a path that is not UTF-8',      '/jobs/%ff%fe',                    {},                                                400],
  ['a NUL in an id',                '/jobs/%00',                       {},                                                400],
  ['another method',                '/config',                         { method: 'POST' },                                405],
  ['a deletion',                    '/jobs/overview',                  { method: 'DELETE' },                              405],
  ['a stop without the token',      '/jobs/:job/stop',                 { method: 'POST' },                                401],
  ['a stop with half the token',    '/jobs/:job/stop',                 { method: 'POST', headers: { Authorization: 'Bearer a-to' } }, 401],
  ['a token of no scheme',          '/jobs/:job/stop',                 { method: 'POST', headers: { Authorization: TOKEN } }, 401],
  ['a body that is not JSON',       '/jobs/:job/stop',                 { method: 'POST', headers: OWN, body: '{"drain":' }, 400],
  ['a body that is a list',         '/jobs/:job/stop',                 { method: 'POST', headers: OWN, body: '[]' },      400],
  ['a body that is not UTF-8',      '/jobs/:job/stop',                 { method: 'POST', headers: OWN, body: new Uint8Array([0x22, 0xff, 0x22]) }, 400],
  ['a compressed body',             '/jobs/:job/stop',                 { method: 'POST', headers: { ...OWN, 'Content-Encoding': 'gzip' }, body: '{}' }, 415],
  ['a body of 100 KB',              '/jobs/:job/stop',                 { method: 'POST', headers: OWN, body: ' '.repeat(100_000) }, 413],
  ['a chunked body of 100 KB',      '/jobs/:job/stop',                 { method: 'POST', headers: { ...OWN, 'Transfer-Encoding': 'chunked' }, body: ' '.repeat(100_000) }, 413],
  ['a mode of Flink 1',             '/jobs/:job?mode=stop',            { method: 'PATCH', headers: OWN },                 400],
];
for (const [what, path, asked, status] of ASKED)
  hostile(`${what} is answered with ${status} and an error in JSON`, async () => {
    const answer = await ask(url, path.replace(':job', run.id), asked);
    assert.is(answer.status, status, answer.text);
    assert.ok(JSON.parse(answer.text).errors[0].length > 5);
    if (status === 405) assert.match(answer.headers.allow!, 'GET');
  });

hostile(
  'names of what every object has are no metrics, and a query of thousands of parts is one',
  async () => {
    const path = `/jobs/${run.id}/vertices/${run.metrics().vertices[0]!.vertex}`;
    assert.equal(await askJson(url, `${path}/metrics?get=__proto__,0.constructor,0.toString`), []);
    assert.equal(await askJson(url, `${path}/metrics?get=${',&'.repeat(3_000)}`), []);
    assert.equal(await askJson(url, `${path}/subtasks/metrics?get=__proto__&agg=min`), []);
  },
);

hostile('a body that nobody reads is not waited for', async () => {
  const text = await askRaw(url, get('/config', 'Host: localhost\r\nContent-Length: 1000000000\r\n'));
  assert.match(text, /^HTTP\/1.1 200 /);
});

hostile('heads that do not come are given up', async () => {
  const server = createServer({ connectionsCheckingInterval: 20 }, (_, response) => response.end('here'));
  const guard = new ConnectionGuard(server);
  server.headersTimeout = 50;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const there = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [half, nothing] = await Promise.all([
    askRaw(there, 'GET / HTTP/1.1\r\nHost: loc'),
    askRaw(there, ''),
  ]);
  assert.match(half, /^HTTP\/1.1 408 .*\{"errors":\[/s);
  assert.match(nothing, /^HTTP\/1.1 408 /);
  guard.close();
  server.close();
});

hostile('a thousand idle connections lock nobody out, are not all kept, and the job goes on', async () => {
  const { recordsIn } = run.metrics();
  const { port } = new URL(url);
  let closed = 0;
  const sockets = await Promise.all(
    Array.from({ length: 1_000 }, () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('close', () => closed++).on('error', () => {});
      return new Promise<Socket>((resolve) =>
        socket.once('connect', () => resolve(socket)).once('close', () => resolve(socket)),
      );
    }),
  );
  assert.is((await askJson(url, '/overview'))['jobs-running'], 1);
  await until(() => closed >= 700);
  await until(() => run.metrics().recordsIn > recordsIn + 200);
  for (const socket of sockets) socket.destroy();
});

hostile('after all that the job has read on, and ends as it is told', async () => {
  const before = run.metrics().recordsIn;
  await until(() => run.metrics().recordsIn > before);
  const { status } = await ask(url, `/jobs/${run.id}?mode=cancel`, { method: 'PATCH', headers: OWN });
  assert.is(status, 202);
  await run.finished.catch(() => {});
  assert.is(run.metrics().state, 'CANCELED');
});

hostile.run();
