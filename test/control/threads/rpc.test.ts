import { execFileSync } from 'node:child_process';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SluiceError } from '../../../engine/base/errors.js';
import { type Client, connect, type Service, serve } from '../../../engine/control/threads/rpc.js';

const test = suite('control/rpc');

class Api {
  readonly label = 'not a method';
  #finish: ((value: string) => void) | undefined;

  async add(a: number, b: number): Promise<number> {
    return a + b;
  }

  twice(value: string): string {
    return value + value;
  }

  never(): Promise<string> {
    return new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  finish(value: string): void {
    this.#finish?.(value);
  }

  async failCoded(): Promise<void> {
    const cause = new SluiceError('INPUT_INVALID', 'flights.parquet', { cause: new TypeError('byte 12') });
    throw new SluiceError('TASK_FAILED', 'source, subtask 3', { detail: { subtask: 3, last: false }, cause });
  }

  async failPlain(): Promise<void> {
    throw Object.assign(new RangeError('out of range'), { code: 'ERR_USER' });
  }

  async failOddly(): Promise<void> {
    const error = Object.assign(new Error('odd'), { detail: { run: () => 1, size: 2 }, other: () => 2 });
    error.cause = error;
    throw error;
  }

  async failWithoutError(): Promise<void> {
    throw Object.create(null);
  }

  async giveFunction(): Promise<unknown> {
    return () => 1;
  }

  /** A view that the receiving side cannot deserialise. */
  async giveHugeView(): Promise<unknown> {
    return new Uint8Array(new SharedArrayBuffer(2 ** 32), 0, 16);
  }

  async take(value: unknown): Promise<unknown> {
    return typeof value;
  }
}

interface Pair {
  readonly client: Client<Api>;
  readonly service: Service;
  readonly near: MessagePort;
  readonly far: MessagePort;
}

const opened: Pair[] = [];

function open(explain?: () => Promise<unknown>, signal?: AbortSignal): Pair {
  const { port1: near, port2: far } = new MessageChannel();
  const service = serve(far, new Api());
  const options = { name: 'worker 4', ...(explain && { explain }), ...(signal && { signal }) };
  const pair = { client: connect<Api>(near, options), service, near, far };
  opened.push(pair);
  return pair;
}

async function failureOf(call: Promise<unknown>): Promise<SluiceError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  assert.ok('error' in outcome, `it failed, and did not answer ${JSON.stringify(outcome)}`);
  return outcome.error;
}

const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));

// Both ends of these connections live in this thread and hold nothing, so the test itself must hold the process.
const held = setInterval(() => {}, 1_000);
test.after(() => clearInterval(held));

test.after.each(async () => {
  for (const { client, far } of opened.splice(0)) {
    client.close();
    far.close();
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(unhandled.splice(0), []);
});

test('a call answers with the value that the method gives, async or not', async () => {
  const { client } = open();
  assert.is(await client.call('add', [2, 3]), 5);
  assert.is(await client.call('twice', ['ab']), 'abab');
  assert.is(client.pendingCount, 0);
});

test('call/code: an error keeps its code, detail, causes and stack across threads', async () => {
  const { client } = open();
  const error = await failureOf(client.call('failCoded', []));
  assert.instance(error, SluiceError);
  assert.is(error.code, 'TASK_FAILED');
  assert.is(error.severity, 'job');
  assert.is(error.message, 'TASK_FAILED: source, subtask 3');
  assert.equal(error.detail, { subtask: 3, last: false });
  assert.match(error.stack ?? '', /failCoded/);
  const cause = error.cause as SluiceError;
  assert.is(cause.code, 'INPUT_INVALID');
  assert.is((cause.cause as Error).name, 'TypeError');

  const plain = (await failureOf(client.call('failPlain', []))) as Error & { code: string };
  assert.is(plain.name, 'RangeError');
  assert.is(plain.code, 'ERR_USER');
});

test('call/code: an error that cannot be cloned as it is still crosses with its message', async () => {
  const { client } = open();
  const odd = await failureOf(client.call('failOddly', []));
  assert.is(odd.message, 'odd');
  assert.is((odd.cause as Error).message, 'odd');
  assert.match((await failureOf(client.call('failWithoutError', []))).message, /not an Error/);
});

test('call/methods: what the object does not define itself is no method', async () => {
  const { client } = open();
  const untyped = client as unknown as Client<Record<string, () => void>>;
  for (const name of ['constructor', 'valueOf', '__defineGetter__', 'label', 'missing']) {
    const error = await failureOf(untyped.call(name, []));
    assert.is(error.code, 'CONTROL_CALL_FAILED', name);
    assert.is(error.detail['reason'], 'method-unknown', name);
  }
});

test('call/settles: a timeout ends a call and names method, worker and time', async () => {
  const { client } = open();
  const error = await failureOf(client.call('never', [], { timeoutMs: 5 }));
  assert.is(error.code, 'CONTROL_CALL_FAILED');
  assert.is(error.message, 'CONTROL_CALL_FAILED: never on worker 4: no answer within 5 ms');
  assert.equal(error.detail, { method: 'never', worker: 'worker 4', reason: 'timeout' });
  await client.call('finish', ['late']);
  assert.is(await client.call('add', [1, 1], { timeoutMs: 1000 }), 2, 'a late answer harms nobody');
});

test('call/settles: an abort ends a call, before it starts or while it is in flight', async () => {
  const { client } = open();
  const controller = new AbortController();
  const call = client.call('never', [], { signal: controller.signal });
  controller.abort(new Error('enough'));
  const error = await failureOf(call);
  assert.is(error.detail['reason'], 'aborted');
  assert.is((error.cause as Error).message, 'enough');
  const refused = await failureOf(client.call('add', [1, 2], { signal: controller.signal }));
  assert.is(refused.detail['reason'], 'aborted');
  assert.is(await client.call('add', [1, 2]), 3, 'the connection itself goes on');
});

test('call/settles: when the other side closes, calls in flight fail with what explains it', async () => {
  let explained = 0;
  const { client, far } = open(async () => {
    explained++;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return new SluiceError('WORKER_EXITED', 'worker 4 ended with exit code 3');
  });
  const calls = [client.call('never', []), client.call('never', [])];
  await client.call('add', [1, 2]);
  far.close();
  for (const call of calls) {
    const error = await failureOf(call);
    assert.is(error.detail['reason'], 'closed');
    assert.match(error.message, /^CONTROL_CALL_FAILED: never on worker 4: .*exit code 3$/);
    assert.is((error.cause as SluiceError).code, 'WORKER_EXITED');
  }
  assert.is(explained, 1);
  assert.is(client.isOpen, false);
  assert.match((await failureOf(client.call('add', [1, 2]))).message, /add on worker 4.*exit code 3/);
});

test('call/settles: closing the client, or aborting its signal, fails calls in flight and later ones', async () => {
  const { client, service } = open();
  const call = client.call('never', []);
  client.close(new Error('the run is over'));
  assert.match((await failureOf(call)).message, /the run is over/);
  assert.match((await failureOf(client.call('add', [1, 2]))).message, /the run is over/);
  await service.closed;

  const controller = new AbortController();
  const second = open(undefined, controller.signal);
  const pending = second.client.call('never', []);
  controller.abort(new Error('cancelled by the user'));
  assert.match((await failureOf(pending)).message, /cancelled by the user/);
  await second.service.closed;
  const third = open(undefined, controller.signal);
  assert.is(third.client.isOpen, false, 'a client with an aborted signal begins closed');
});

test('call/settles: arguments and results that cannot cross threads fail their own call only', async () => {
  const { client } = open();
  const refused = await failureOf(client.call('take', [() => 1]));
  assert.is(refused.detail['reason'], 'argument-not-cloneable');
  const unreadable = await failureOf(client.call('giveFunction', []));
  assert.is(unreadable.detail['reason'], 'answer-unreadable');
  assert.is(await client.call('add', [1, 2]), 3);
});

test('call/settles: a message that the receiver cannot read ends the calls in flight', async () => {
  const { client } = open();
  const answer = await failureOf(client.call('giveHugeView', []));
  assert.is(answer.detail['reason'], 'answer-unreadable');
  assert.is(await client.call('add', [1, 2]), 3);
  const huge = new Uint8Array(new SharedArrayBuffer(2 ** 32), 0, 16);
  const request = await failureOf(client.call('take', [huge]));
  assert.is(request.detail['reason'], 'closed');
});

test('a timeout out of range is refused', () => {
  const { client } = open();
  for (const timeoutMs of [0, -1, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => client.call('add', [1, 2], { timeoutMs }),
      (error: SluiceError) => error.code === 'ARGUMENT_INVALID',
    );
  }
});

test('a failure that nobody waits for is not an unhandled rejection', async () => {
  const { client } = open();
  void client.call('failCoded', []);
  void client.call('never', [], { timeoutMs: 1 });
  void client.call('never', []);
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.close();
  void client.call('add', [1, 2]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(unhandled, []);
});

test('a closing service first answers what is in flight', async () => {
  const { client, service } = open();
  const call = client.call('never', []);
  await client.call('add', [1, 2]);
  const closing = service.close();
  await client.call('finish', ['the answer']);
  assert.is(await call, 'the answer');
  await closing;
  assert.match((await failureOf(client.call('add', [1, 2]))).message, /gone|closed/);
});

test('call/quiet: an open connection keeps no process alive, and a call in flight does', async () => {
  const { client, far } = open();
  const before = portCount();
  const call = client.call('never', []);
  assert.is(portCount(), before + 1);
  await client.call('finish', ['x']);
  await call;
  assert.is(portCount(), before);
  far.close();

  const rpc = new URL('../../../engine/control/threads/rpc.js', import.meta.url).href;
  const program = `
    import { MessageChannel } from 'node:worker_threads';
    import { connect, serve } from ${JSON.stringify(rpc)};
    const { port1, port2 } = new MessageChannel();
    serve(port2, { async later() { await new Promise((r) => setTimeout(r, 20)); return 'ok'; } });
    const client = connect(port1, { name: 'w' });
    process.stdout.write(await client.call('later', []));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 });
  assert.is(out.toString(), 'ok');
});

function portCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
}

test.run();
