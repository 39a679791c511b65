import { shownPath } from '../../base/user-frame.js';
import type { SourcePlaces } from './source-places.js';
import type { InspectedThread } from './thread-inspector.js';

interface Paused {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: {
      readonly scriptId: string;
      readonly lineNumber: number;
      readonly columnNumber?: number;
    };
  }[];
}
interface ScriptParsed {
  readonly scriptId: string;
  readonly url: string;
}

/**
 * The functions of the user that a thread is inside of, the innermost first, a line each. The thread stands still for
 * some milliseconds.
 *
 * @throws SluiceError PROFILE_UNAVAILABLE
 */
export async function stackIn(thread: InspectedThread, places: SourcePlaces): Promise<readonly string[]> {
  const urls = new Map<string, string>();
  thread.onEach<ScriptParsed>('Debugger.scriptParsed', ({ scriptId, url }) => urls.set(scriptId, url));
  await thread.call('Debugger.enable');
  try {
    const pausing = thread.event<Paused>('Debugger.paused');
    await Promise.all([pausing, thread.call('Debugger.pause')]);
    const { callFrames } = await pausing;
    await thread.call('Debugger.resume');
    return callFrames.flatMap(({ functionName, location: { scriptId, lineNumber, columnNumber = 0 } }) => {
      const url = urls.get(scriptId) ?? '';
      const isUsers = url.startsWith('file:') && places.engineModule(url, lineNumber) === null;
      const place = isUsers ? places.placeOf(url, lineNumber, columnNumber) : null;
      if (place === null) return [];
      const { file, line, column } = place;
      return [`${functionName || '(anonymous)'} (${shownPath(file)}:${line}:${column})`];
    });
  } finally {
    await thread.call('Debugger.disable').catch(() => {}); // it has ended meanwhile
  }
}
