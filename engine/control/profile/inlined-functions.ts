import type { CalledFunction, TimeOwner } from './cpu-samples.js';
import type { V8Frame, V8Node } from './v8-profile.js';

/** A function that may be behind a line of which V8 tells no more than its number. */
export interface InlinedFunction {
  readonly owner: TimeOwner;
  readonly frame: V8Frame;
}

/** Functions by the lines of their files. See profile/inlined. */
export class InlinedFunctions {
  readonly #called: readonly CalledFunction[];
  /** Seen by themselves, by line: how often. */
  readonly #seen = new Map<number, (InlinedFunction & { ticks: number })[]>();
  readonly #starts: (InlinedFunction & { readonly line: number })[] = [];

  constructor(called: readonly CalledFunction[]) {
    this.#called = called;
  }

  /** Notes that a function was on the stack as itself. */
  note({ callFrame: frame, positionTicks = [] }: V8Node, owner: TimeOwner): void {
    if (owner === 'engine' || owner === 'waiting') return; // not below generated code
    this.#starts.push({ owner, frame, line: frame.lineNumber + 1 });
    for (const { line, ticks } of positionTicks) {
      const there = this.#seen.get(line) ?? [];
      const same = there.find((each) => each.owner === owner && each.frame.scriptId === frame.scriptId);
      if (same !== undefined) same.ticks += ticks;
      else this.#seen.set(line, [...there, { owner, frame, ticks }]);
    }
  }

  /** @returns  what is most likely there; null: nothing was seen that could be */
  at(line: number): InlinedFunction | null {
    const seen = this.#seen.get(line)?.toSorted((a, b) => b.ticks - a.ticks)[0];
    if (seen !== undefined) return seen;
    const around = this.#called
      .filter(({ frame, lines }) => line > frame.lineNumber && line <= frame.lineNumber + lines)
      .toSorted((a, b) => a.lines - b.lines)[0];
    if (around !== undefined) return around;
    return this.#starts.filter((each) => each.line <= line).toSorted((a, b) => b.line - a.line)[0] ?? null;
  }
}
