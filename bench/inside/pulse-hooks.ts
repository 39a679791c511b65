/**
 * Hands classes of the engine to pulse-switch.ts as their modules are loaded: those of the release are in chunks that
 * export little, and a copy joined into a bench program would be patched in vain.
 */

/** Classes that measure, and what shows where one is. */
const MEASURING = ['TaskClock', 'HeapWatch'];

interface Loaded {
  readonly source?: unknown;
}

/** Source: Node.js, module customization hooks. */
export async function load(
  url: string,
  context: object,
  nextLoad: (url: string, context: object) => Promise<Loaded>,
): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  if (!url.startsWith('file:') || loaded.source === null || loaded.source === undefined) return loaded;
  const text = String(loaded.source instanceof Uint8Array ? Buffer.from(loaded.source) : loaded.source);
  const made = MEASURING.filter((name) => text.includes(`var ${name} = class {`));
  if (made.length === 0) return loaded;
  return { ...loaded, source: `${text}\nglobalThis.sluiceMeasuring?.({ ${made.join(', ')} });\n` };
}
