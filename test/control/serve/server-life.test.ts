import { createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from '../../../engine/control/engine.js';
import type { ServeOptions, StartOptions } from '../../../engine/control/run.js';
import { ask, askJson, differences } from '../../kit/http-kit.js';
import { failureOf, jobPath, until } from '../../kit/run-kit.js';

const life = suite('the life of a server');

const SERVE = { port: 0, token: 'a-token', allowOrigin: 'https://ui.example' };
const OWN = { Authorization: 'Bearer a-token' };
const endless = (options: StartOptions) =>
  start(jobPath('endless'), {
    parallelism: 1,
    ...options,
    params: { sourceRate: 500, ...options.params },
    options: { 'sluice.attach': false },
  });

/** Each has a port. */
const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

life('a port that is taken is an error with a code, and no thread was started', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const before = threads();
  const error = await failureOf(endless({ serve: { port } }));
  assert.is(error.code, 'SERVE_FAILED');
  assert.match(error.message, `127.0.0.1:${port}: the port is taken`);
  assert.is(threads(), before);
  await new Promise((resolve) => other.close(resolve));
});

// biome-ignore format: a table
const WRONG: readonly (readonly [serve: unknown, code: string, text: string | RegExp])[] = [
  [7, 'ARGUMENT_INVALID', 'it is true, false or an object, not 7'], [{ prot: 1 }, 'ARGUMENT_INVALID', "no member 'prot'; did you mean 'port'?"],
  [{ port: '1' }, 'ARGUMENT_INVALID', 'serve: { port } }): it is a number'], [{ token: '' }, 'ARGUMENT_INVALID', 'token'], [{ token: 'a b' }, 'ARGUMENT_INVALID', 'token'],
  [{ port: 65_536 }, 'OPTION_INVALID', 'start({ serve }): rest.port is a whole number from 0 to 65535'], [{ host: 'nowhere.invalid' }, 'SERVE_FAILED', 'nowhere.invalid:8081'],
];
for (const [serve, code, text] of WRONG)
  life(`serve: ${JSON.stringify(serve)} is refused with ${code}`, async () => {
    const error = await failureOf(endless({ serve: serve as ServeOptions }));
    assert.is(error.code, code);
    assert.match(error.message, text);
  });

life('runs share a server; what has ended stays on it, with why, until the last one ends', async () => {
  const first = await endless({ serve: SERVE });
  const url = first.url!;
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const conflict = await failureOf(endless({ serve: { ...SERVE, token: 'another' } }));
  assert.is(conflict.code, 'SERVE_CONFLICT');
  assert.not.match(conflict.message, /a-token|another-/);

  const failing = await endless({ serve: SERVE, params: { mischief: 'throw', sourceRate: 0 } });
  assert.is(failing.url, url);
  await failureOf(failing.finished);
  await until(() => failing.metrics().state === 'FAILED');
  const job = await askJson(url, `/jobs/${failing.id}`);
  assert.equal([job.state, job['end-time'] > 0, job.timestamps.FAILED], ['FAILED', true, job['end-time']]);
  assert.ok(
    job['status-counts'].FAILED >= 1 && job['status-counts'].RUNNING === 0,
    JSON.stringify(job['status-counts']),
  );
  const { exceptionHistory } = await askJson(url, `/jobs/${failing.id}/exceptions?maxExceptions=5`);
  const exception = {
    ...{
      exceptionName: "'USER_FUNCTION_FAILED'",
      stacktrace: 'string',
      timestamp: 'int',
      taskName: 'string',
    },
    ...{ endpoint: 'string', taskManagerId: 'string', failureLabels: 'empty' },
  };
  assert.equal(differences(exceptionHistory.entries[0], { ...exception, concurrentExceptions: 'empty' }), []);
  const [entry] = exceptionHistory.entries;
  assert.match(entry.taskName, 'generate -> mischief (1/1)');
  assert.match(entry.stacktrace, /Caused by: RangeError: no more than 1000/);

  const overview = await askJson(url, '/overview');
  assert.equal([overview['jobs-running'], overview['jobs-failed']], [1, 1]);
  const cancel = await ask(url, `/jobs/${first.id}`, { method: 'PATCH', headers: OWN });
  assert.equal([cancel.status, cancel.text], [202, '{}']);
  assert.is((await failureOf(first.finished)).code, 'RUN_ABORTED');
  for (let code = ''; code !== 'ECONNREFUSED'; ) {
    const error = await ask(url, '/config').catch((error: NodeJS.ErrnoException) => error);
    code = (error as NodeJS.ErrnoException).code ?? 'it answers';
    assert.ok(code !== 'it answers'); // connections that were kept alive are reset once
  }
});

life('events tell the figures again and again, and the end once', async () => {
  const run = await endless({ serve: SERVE });
  const url = run.url!;
  const stream = ask(url, `/jobs/${run.id}/events?interval=100ms&window=10s`);
  await until(() => run.metrics().recordsIn > 200);
  assert.is((await ask(url, `/jobs/${run.id}/stop`, { method: 'POST' })).status, 401);
  const stop = await ask(url, `/jobs/${run.id}/stop`, {
    method: 'POST',
    headers: OWN,
    body: '{"drain":true}',
  });
  assert.is(stop.status, 202);
  assert.match(JSON.parse(stop.text)['request-id'], /^[0-9a-f]{32}$/);
  const { headers, text } = await stream;
  assert.is(headers['content-type'], 'text/event-stream; charset=utf-8');
  const events = text.split('\n\n').slice(0, -1);
  const seen = events.map((event) => /^event: (metrics|end)\ndata: (.*)$/.exec(event)!);
  assert.equal([...new Set(seen.slice(0, -1).map(([, name]) => name))], ['metrics']);
  const read = seen.slice(0, -1).map(([, , data]) => JSON.parse(data!).recordsIn);
  assert.ok(read.length >= 2 && read.at(-1) > 200, `${read}`);
  assert.equal(
    read,
    [...read].sort((a, b) => a - b),
  );
  assert.equal(
    [seen.at(-1)![1], JSON.parse(seen.at(-1)![2]!)],
    ['end', { id: run.id, job: 'endless', state: 'STOPPED', status: 'FINISHED' }],
  );
  assert.is((await run.finished).state, 'STOPPED');
});

life('without a token nobody ends a run; pages of the origin that was named may read it', async () => {
  const run = await endless({ serve: { port: 0, allowOrigin: 'https://ui.example' } });
  const url = run.url!;
  for (const [method, path] of [
    ['PATCH', ''],
    ['POST', '/stop'],
  ] as const) {
    const { status, text } = await ask(url, `/jobs/${run.id}${path}`, { method, headers: OWN });
    assert.is(status, 403);
    assert.match(text, 'without a token');
  }
  assert.is((await askJson(url, '/config')).features['web-cancel'], false);
  const asked = await ask(url, '/jobs', { headers: { Origin: 'https://ui.example' } });
  assert.is(asked.headers['access-control-allow-origin'], 'https://ui.example');
  const before = await ask(url, `/jobs/${run.id}`, { method: 'OPTIONS' });
  assert.equal(
    [before.status, before.headers['access-control-allow-methods']],
    [204, 'GET, HEAD, PATCH, OPTIONS'],
  );
  const head = await ask(url, '/jobs', { method: 'HEAD' });
  assert.equal([head.status, head.text, Number(head.headers['content-length']) > 10], [200, '', true]);
  await run.cancel();
});

life('web.cancel.enable takes the token its power; a run that is not served says so', async () => {
  const quiet = await endless({});
  assert.is(quiet.url, null);
  await quiet.cancel();
  const run = await start(jobPath('endless'), {
    ...{ parallelism: 1, params: { sourceRate: 500 }, serve: SERVE },
    options: {
      'web.cancel.enable': false,
      'rest.flamegraph.enabled': false,
      'web.refresh-interval': '1 s',
      'sluice.attach': false,
    },
  });
  assert.is((await ask(run.url!, `/jobs/${run.id}`, { method: 'PATCH', headers: OWN })).status, 403);
  const config = await askJson(run.url!, '/config');
  assert.equal([config.features['web-cancel'], config['refresh-interval']], [false, 1_000]);
  const [vertex] = run.metrics().vertices;
  const graph = await askJson(run.url!, `/jobs/${run.id}/vertices/${vertex!.vertex}/flamegraph`);
  assert.equal(graph, { endTimestamp: -2 }, 'flame graphs can be forbidden');
  await run.cancel();
});

life.run();
