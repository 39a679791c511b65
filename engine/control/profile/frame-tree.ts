/** What a frame is of; colours tell. */
export type FrameKind =
  | 'task'
  | 'operator'
  | 'part'
  | 'user'
  | 'engine'
  | 'native'
  | 'collecting'
  | 'waiting';

/** A frame and what it calls, with the time in it and below. Plain data. */
export interface Frame {
  /** `score job.ts:14` */
  readonly name: string;
  readonly kind: FrameKind;
  /** Milliseconds; never less than its children have together. */
  readonly ms: number;
  /** The largest first. */
  readonly children: readonly Frame[];
}

/** Adds up stacks. */
export class FrameTree {
  readonly #name: string;
  readonly #kind: FrameKind;
  readonly #children = new Map<string, FrameTree>();
  #ms = 0;

  constructor(name: string, kind: FrameKind) {
    this.#name = name;
    this.#kind = kind;
  }

  /** @param stack  the outermost first */
  add(stack: readonly { readonly name: string; readonly kind: FrameKind }[], ms: number): void {
    this.#ms += ms;
    const [first, ...rest] = stack;
    if (first === undefined) return;
    let child = this.#children.get(first.name);
    if (child === undefined) this.#children.set(first.name, (child = new FrameTree(first.name, first.kind)));
    child.add(rest, ms);
  }

  toFrame(): Frame {
    const children = [...this.#children.values()].map((child) => child.toFrame());
    return { name: this.#name, kind: this.#kind, ms: this.#ms, children: bySize(children) };
  }
}

/** One frame over several. */
export function frameOver(name: string, kind: FrameKind, children: readonly Frame[]): Frame {
  return { name, kind, ms: children.reduce((sum, { ms }) => sum + ms, 0), children: bySize(children) };
}

function bySize(frames: readonly Frame[]): readonly Frame[] {
  return frames.filter(({ ms }) => ms > 0).toSorted((a, b) => b.ms - a.ms);
}
