import { createCategoryArena } from '../../engine/memory/category-arena.js';
import type { Part, Scenario } from './lockstep-engine.js';

/**
 * Threads that intern texts in one arena, at once. Each tells of every text the id it got and what that id stands for
 * in its own eyes: `AB=0:AB`, or `AB=-1`.
 *
 * @param texts  by thread; hashes are chosen here so that texts of equal first characters meet in one slot
 */
export function categories(
  room: { readonly values: number; readonly bytes: number },
  ...texts: readonly (readonly string[])[]
): Scenario {
  const part = (own: readonly string[]): Part => {
    return ([memory], { CategoryArena }) => {
      const arena = new CategoryArena(memory!, 1);
      return own
        .map((text) => {
          const id = arena.intern(Buffer.from(text), 2 * text.length + 1, text.charCodeAt(0));
          if (id < 0) return `${text}=-1`;
          const start = arena.startOf(id);
          return `${text}=${id}:${arena.buf.toString('latin1', start, start + (arena.wordOf(id) >> 1))}`;
        })
        .join();
    };
  };
  return {
    memory: () => [createCategoryArena({ ...room, fields: 1 }, 1)],
    threads: texts.map(part) as unknown as Scenario['threads'],
  };
}

/** Two threads note of one field, at once, why its values travel as strings; each tells what it then sees. */
export function spilling(): Scenario {
  const part = (note: 'noteFull' | 'noteDistinct'): Part => {
    return ([memory], { CategoryArena }) => {
      const arena = new CategoryArena(memory!, 1);
      arena[note](0);
      const { isFull, isDistinct } = arena.spilled(0);
      return [isFull && 'full', isDistinct && 'distinct'].filter((each) => each !== false).join();
    };
  };
  return {
    memory: () => [createCategoryArena({ values: 1, bytes: 8, fields: 1 }, 1)],
    threads: [part('noteFull'), part('noteDistinct')],
  };
}

/** What may be: whoever got an id sees the text itself behind it, a text has one id, and an id one text. */
export function areCategories(results: readonly string[]): boolean {
  const idOf = new Map<string, string>();
  for (const each of results.join().split(',')) {
    const [, text, id, seen] = /^(\w+)=(-?\d+)(?::(.*))?$/.exec(each) ?? [];
    if (text === undefined || id === undefined) return false;
    if (id === '-1') continue;
    if (seen !== text || (idOf.get(text) ?? id) !== id) return false;
    idOf.set(text, id);
  }
  return new Set(idOf.values()).size === idOf.size;
}
