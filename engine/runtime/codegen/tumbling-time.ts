import type { TumblingWindow } from '../../plan/logical-plan.js';
import type { CodeWriter } from './code-writer.js';
import type { ResultTime } from './result-time.js';
import { openText } from './window-text.js';

/**
 * Results of tumbling windows: a table per window, a pane, so that a window that fired is dropped as a whole. With
 * allowed lateness a pane stays for that long, and each row that it still takes gives out its key's result anew.
 */
export class TumblingTime implements ResultTime {
  readonly columns = [];
  readonly merges = false;
  readonly #window: TumblingWindow;
  readonly #latenessMs: number;
  readonly #site: number;

  constructor(window: TumblingWindow, latenessMs: number, site: number) {
    this.#window = window;
    this.#latenessMs = latenessMs;
    this.#site = site;
  }

  takes(ts: string): string {
    return `(${ts} >= core.tab.startMs && ${ts} < core.tab.endMs) || core.openPane(${ts})`;
  }

  added(tab: string, slot: string, _ts: string, onBlocked: string): string {
    if (this.#latenessMs === 0) return '';
    const ms = `${tab}.endMs - 1`;
    const anew = `core.emitSlot(${tab}, ${slot}, ${ms});\n  if (core.blocked) { ${onBlocked} }`;
    return `if (${ms} <= core.watermarkMs) {\n  ${anew}\n}`;
  }

  fields(): readonly string[] {
    return [
      'this.panes = new Map();',
      'this.none = new Table(0, 0);',
      'this.tab = this.none;',
      'this.firing = null;',
      'this.next = 0;',
      ...(this.#latenessMs === 0 ? [] : ['this.firedMs = -Infinity;']),
    ];
  }

  members(code: CodeWriter): void {
    const { sizeMs, offsetMs } = this.#window;
    const stays = this.#latenessMs > 0;
    const isDue = `pane.endMs - 1 <= this.watermarkMs${stays ? ' && pane.endMs - 1 > this.firedMs' : ''}`;
    const leave = `this.panes.delete(this.firing.startMs);
      if (this.tab === this.firing) this.tab = this.none;`;
    code.line(`openPane(ts) {
  ${openText('startMs', 'ts', sizeMs, offsetMs)}
  if (startMs + ${sizeMs - 1 + this.#latenessMs} <= this.watermarkMs) return false;
  let pane = this.panes.get(startMs);
  if (pane === undefined) {
    this.checkWindow(${this.#site}, ts, startMs, startMs + ${sizeMs});
    this.panes.set(startMs, pane = new Table(startMs, startMs + ${sizeMs}));
  }
  this.tab = pane;
  return true;
}
onWatermark(watermarkMs) {
  this.watermarkMs = watermarkMs;
  this.hasPending = true;
  this.resume();
}
/** The earliest pane whose window the watermark has passed. */
due() {
  let first = null;
  for (const pane of this.panes.values()) {
    if (${isDue} && (first === null || pane.startMs < first.startMs)) first = pane;
  }
  return first;
}
resume() {
  for (;;) {
    if (this.firing === null) {
      this.firing = this.due();
      if (this.firing === null) break;
      ${stays ? 'this.firedMs = this.firing.endMs - 1;' : leave}
      this.next = 0;
    }
    const pane = this.firing;
    while (this.next < pane.size) {
      if (this.blocked) return;
      this.emitSlot(pane, this.next++, pane.endMs - 1);
    }
    this.firing = null;
  }
  this.hasPending = false;${stays ? '\n  this.forgetPanes();' : ''}
  this.forwardWatermark(this.watermarkMs);
}`);
    if (stays) this.#forget(code);
  }

  #forget(code: CodeWriter): void {
    code.line(`/** Drops the panes that no row can reach any more. */
forgetPanes() {
  this.firedMs = this.watermarkMs;
  for (const pane of this.panes.values()) {
    if (pane.endMs + ${this.#latenessMs - 1} > this.watermarkMs) continue;
    this.panes.delete(pane.startMs);
    if (this.tab === pane) this.tab = this.none;
  }
}`);
  }
}
