import { readFileSync } from 'node:fs';
import { SluiceError } from '../../../engine/base/errors.js';
import type { TaskAssignment } from '../../../engine/control/threads/protocol.js';
import { serve } from '../../../engine/control/threads/rpc.js';

/** Entry of the pool tests: an agent that does what a test asks, also the worst. */
export class EchoAgent {
  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  async sleep(ms: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ms;
  }

  async failCoded(): Promise<void> {
    const cause = new TypeError('the cause');
    throw new SluiceError('USER_FUNCTION_FAILED', 'map, subtask 1', { detail: { subtask: 1 }, cause });
  }

  /** What V8 says of the isolate; the process must allow natives. */
  async compilesOnOwnThread(): Promise<boolean> {
    return !new Function('return %IsConcurrentRecompilationSupported()')();
  }

  /** Waits in shared memory until the word is not 0: the thread answers nothing meanwhile. */
  async blockOn(words: Int32Array): Promise<string> {
    Atomics.wait(words, 0, 0);
    return 'woken';
  }

  /** Counts in shared memory for ever, and never yields. */
  async countIn(words: Int32Array): Promise<void> {
    for (;;) Atomics.add(words, 0, 1);
  }

  /** Reads a pipe that nobody writes to: a call to the system that no termination ends. */
  async readPipe(path: string): Promise<void> {
    readFileSync(path);
  }

  async exit(code: number): Promise<void> {
    process.exit(code);
  }

  /** Throws outside of every call, a little later. */
  async throwLater(message: string): Promise<void> {
    setTimeout(() => {
      throw Object.assign(new RangeError(message), { code: 'USER_MADE' });
    }, 1);
  }

  /** As `throwLater`, says so in shared memory, and leaves a heap that the thread takes long to give back. */
  async throwHeavy(words: Int32Array): Promise<void> {
    const kept = Array.from({ length: 2_000_000 }, (_, index) => ({ index }));
    setTimeout(() => {
      Atomics.store(words, 0, 1);
      Atomics.notify(words, 0);
      throw new RangeError(`on the way out with ${kept.length}`);
    }, 100);
  }

  async rejectLater(message: string): Promise<void> {
    setTimeout(() => void Promise.reject(new RangeError(message)), 1);
  }

  async fillHeap(): Promise<number> {
    const kept: unknown[] = [];
    for (let i = 0; ; i++) {
      kept.push({ i, text: `record ${i}` });
      if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export default async function runEcho({ port }: TaskAssignment): Promise<void> {
  const service = serve(port, new EchoAgent());
  await service.closed;
  await service.close();
}
