import { setTimeout as wait } from 'node:timers/promises';
import type { CodeOwner, CodeScript } from '../../runtime/codegen/code-map.js';
import type { CalledFunction } from './cpu-samples.js';
import { FUNCTIONS_TEXT, OWNERS_TEXT, SCRIPTS_TEXT } from './task-beacon.js';
import type { InspectedThread } from './thread-inspector.js';
import { profileFrom, type V8Frame, type V8Profile } from './v8-profile.js';

/** What was sampled of one thread. */
export interface ThreadSamples {
  /** From before its functions were inlined until the end. */
  readonly whole: V8Profile;
  /** The part of it that counts. */
  readonly profile: V8Profile;
  readonly scripts: readonly CodeScript[];
  readonly functions: readonly CalledFunction[];
}

const SAMPLE_US = 1_000;
const LEARN_MS = 250;

/**
 * V8's profiler in one thread, worked from outside.
 *
 *   profile/anew  Code that was optimized while nobody profiled does not tell where it is from. So V8 is made to forget
 *                 such code once, as it does when coverage begins. It optimizes it again within some milliseconds, and
 *                 from then on says what it is asked; until then functions are called one by one, which shows what
 *                 belongs to whom. It is one profile from before that until the end: another one would not know the
 *                 loops that were optimized meanwhile.
 *
 * Runs in: the main thread.
 */
export class ThreadProbe {
  readonly #thread: InspectedThread;
  #beganMs = 0;
  #countsFromMs = 0;

  constructor(thread: InspectedThread) {
    this.#thread = thread;
  }

  /** Prepares the thread. Cost: a pause of some 20 to 100 ms in it, and its code slower for about as long. */
  async learn(): Promise<void> {
    const thread = this.#thread;
    await thread.call('Profiler.enable');
    await thread.call('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await thread.call('Profiler.start');
    this.#beganMs = performance.now();
    if (process.env['NODE_V8_COVERAGE'] === undefined) {
      await thread.call('Profiler.startPreciseCoverage', { callCount: false, detailed: false }); // profile/anew
      await thread.call('Profiler.stopPreciseCoverage');
    }
    await wait(LEARN_MS);
  }

  /** From now on samples count. */
  begin(): void {
    this.#countsFromMs = performance.now();
  }

  async end(): Promise<ThreadSamples> {
    const { profile: whole } = await this.#thread.call<{ profile: V8Profile }>('Profiler.stop');
    const scripts = await this.#thread.evaluate<readonly CodeScript[]>(SCRIPTS_TEXT);
    const functions = await this.#functions(whole.nodes.map((node) => node.callFrame));
    await this.#thread.call('Profiler.disable');
    const profile = profileFrom(whole, whole.startTime + (this.#countsFromMs - this.#beganMs) * 1e3);
    return { whole, profile, scripts, functions };
  }

  /** @param frames  some in which the URLs of scripts stand */
  async #functions(frames: readonly V8Frame[]): Promise<readonly CalledFunction[]> {
    const urls = new Map(frames.map(({ scriptId, url }) => [scriptId, url]));
    const owners =
      await this.#thread.evaluate<readonly { owner: CodeOwner; name: string; lines: number }[]>(OWNERS_TEXT);
    const { result } = await this.#thread.call<{ result: { objectId: string } }>('Runtime.evaluate', {
      expression: FUNCTIONS_TEXT,
      objectGroup: GROUP,
    });
    const { result: members } = await this.#properties(result.objectId);
    const found = await Promise.all(
      owners.map(async ({ owner, name, lines }, i): Promise<CalledFunction | null> => {
        const objectId = members.find((member) => member.name === String(i))?.value?.objectId;
        const { internalProperties } = objectId === undefined ? {} : await this.#properties(objectId);
        const location = internalProperties?.find((each) => each.name === '[[FunctionLocation]]')?.value
          ?.value;
        if (location === undefined) return null; // such as one of V8's own
        const { scriptId, lineNumber, columnNumber } = location;
        const frame = {
          functionName: name,
          scriptId,
          url: urls.get(scriptId) ?? '',
          lineNumber,
          columnNumber,
        };
        return { owner, frame, lines };
      }),
    );
    await this.#thread.call('Runtime.releaseObjectGroup', { objectGroup: GROUP });
    return found.filter((each) => each !== null);
  }

  #properties(objectId: string): Promise<Properties> {
    return this.#thread.call('Runtime.getProperties', { objectId, ownProperties: true });
  }
}

interface Property {
  readonly name: string;
  readonly value?: { readonly objectId?: string; readonly value?: V8Frame };
}
interface Properties {
  readonly result: readonly Property[];
  readonly internalProperties?: readonly Property[];
}

const GROUP = 'sluice';
