import type { Diagnosis } from '../../control/diagnosis/diagnosis.js';
import type { Metrics } from '../../control/metrics/metrics.js';
import type { FlameGraph } from '../../control/profile/flame-graph.js';
import type { RunState } from '../../control/run.js';
import type { WatchedRun } from '../../control/serve/watched-run.js';
import { formatElapsed } from '../quantities.js';
import type { Canvas } from './canvas.js';
import { flameFrames } from './flame-view.js';
import type { FullScreen } from './full-screen.js';
import { RunPast, type RunPicture } from './run-picture.js';
import type { Key } from './top-keys.js';
import { afterKey, flameSubtask, TOP_BEGIN, topBounds } from './top-state.js';
import { bodyRows, renderTop } from './top-view.js';

/** How a session ended: somebody left, or the run ended. */
export type SessionEnd =
  | { readonly kind: 'left'; readonly key: Key }
  /** Null: its process went away before it told. */
  | { readonly kind: 'ended'; readonly state: RunState | null; readonly elapsedMs: number };

export interface SessionOptions {
  readonly colors: Canvas['colors'];
  readonly isUnicode: boolean;
  /** How often figures are asked for. */
  readonly intervalMs: number;
  /** Lines below the head, made anew for each frame. */
  readonly panel?: (canvas: Canvas) => readonly string[];
  readonly keys?: readonly string[];
  /** Sees a key first; true: it was meant for whoever shows the run. */
  readonly onKey?: (key: Key) => boolean;
}

/** How often it is asked what holds the run up, and for a flame graph that is shown. */
const ASK_MS = 1_000;
/** Figures so old are said to be. */
const OLD_MS = 3_000;

/**
 * A run on a screen, until somebody leaves or the run ends. The screen is opened and closed by the caller.
 *
 * Runs in: the main thread.
 */
export class TopSession {
  readonly #run: WatchedRun;
  readonly #screen: FullScreen;
  readonly #options: SessionOptions;
  readonly #past = new RunPast();
  readonly #leaving = new AbortController();
  #state = TOP_BEGIN;
  #metrics: Metrics | null = null;
  #metricsAtMs = 0;
  #diagnosis: Diagnosis | null = null;
  #flame: FlameGraph | null = null;
  #onLeave: (key: Key) => void = () => {};

  constructor(run: WatchedRun, screen: FullScreen, options: SessionOptions) {
    this.#run = run;
    this.#screen = screen;
    this.#options = options;
  }

  async run(): Promise<SessionEnd> {
    const left = new Promise<SessionEnd>((resolve) => {
      this.#onLeave = (key) => resolve({ kind: 'left', key });
    });
    this.#screen.onKey = (key) => this.#onKey(key);
    this.#screen.onRedraw = () => this.#draw();
    const timer = setInterval(() => void this.#ask(), ASK_MS);
    try {
      return await Promise.race([left, this.#watch()]);
    } finally {
      clearInterval(timer);
      this.#leaving.abort();
      this.#screen.onKey = () => {};
      this.#screen.onRedraw = () => {};
    }
  }

  async #watch(): Promise<SessionEnd> {
    const figures = this.#run.figures(this.#options.intervalMs, this.#leaving.signal);
    void this.#ask();
    for (;;) {
      const next = await figures.next();
      if (next.done) return { kind: 'ended', state: next.value, elapsedMs: this.#metrics?.elapsedMs ?? 0 };
      this.#metrics = next.value;
      this.#metricsAtMs = performance.now();
      this.#past.add(next.value);
      this.#draw();
    }
  }

  /** What does not come by itself. A process that does not answer shows by the age of its figures. */
  async #ask(): Promise<void> {
    const { view } = this.#state;
    const asked = this.#state;
    const vertex = this.#metrics?.vertices[asked.vertex]?.vertex;
    try {
      const [diagnosis, flame] = await Promise.all([
        this.#run.diagnosis(),
        view === 'flame' && vertex !== undefined ? this.#run.flameGraph(vertex, flameSubtask(asked)) : null,
      ]);
      this.#diagnosis = diagnosis;
      if (flame !== null && this.#isOfFlame(asked)) this.#flame = flame;
    } catch {
      // it is asked again
    }
    this.#draw();
  }

  #isOfFlame(asked: typeof TOP_BEGIN): boolean {
    const { view, vertex } = this.#state;
    return view === 'flame' && vertex === asked.vertex && flameSubtask(this.#state) === flameSubtask(asked);
  }

  #onKey(key: Key): void {
    if (this.#options.onKey?.(key)) {
      this.#draw();
      return;
    }
    const picture = this.#picture();
    const before = this.#state;
    const after = this.#after(key, picture);
    if (after === 'quit') {
      this.#onLeave(key);
      return;
    }
    this.#state = after;
    if (after.view === 'flame' && before.view !== 'flame' && before.view !== 'help') {
      this.#flame = null;
      void this.#ask();
    }
    this.#draw();
  }

  #after(key: Key, picture: RunPicture | null): typeof TOP_BEGIN | 'quit' {
    if (picture === null) return key === 'q' || key === 'F10' || key === 'ctrl-c' ? 'quit' : this.#state;
    const page = bodyRows(picture, this.#state, this.#canvas) - 1;
    const bounds = topBounds(
      this.#state,
      picture.metrics,
      flameFrames(this.#flame).length,
      Math.max(1, page),
    );
    return afterKey(this.#state, key, bounds);
  }

  get #canvas(): Canvas {
    const { columns, rows } = this.#screen;
    const { colors, isUnicode } = this.#options;
    return { columns, rows, colors, isUnicode };
  }

  #picture(): RunPicture | null {
    if (this.#metrics === null) return null;
    const ageMs = performance.now() - this.#metricsAtMs;
    return {
      id: this.#run.id,
      links: this.#run.links,
      metrics: this.#metrics,
      past: this.#past,
      diagnosis: this.#diagnosis,
      flame: this.#flame,
      note: ageMs < OLD_MS ? null : `its process has not answered for ${formatElapsed(ageMs)}`,
      panel: this.#options.panel?.(this.#canvas) ?? [],
      keys: this.#options.keys ?? [],
    };
  }

  #draw(): void {
    const picture = this.#picture();
    if (picture !== null) this.#screen.draw(renderTop(picture, this.#state, this.#canvas));
  }
}
