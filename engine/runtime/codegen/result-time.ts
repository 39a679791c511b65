import type { Column } from './accumulators.js';
import type { CodeWriter } from './code-writer.js';

/**
 * Generates when an operator by key gives out its results, and which table a row is added to until then: `core.tab`.
 *
 * Rows are given out by `core.emitSlot(table, slot, ms)`; `core.mergeSlot(table, slot, from, f)` adds what a slot of
 * another table holds.
 */
export interface ResultTime {
  /** What its tables have beside keys and accumulators. */
  readonly columns: readonly Column[];
  /** Whether its tables are put together. */
  readonly merges: boolean;
  /** Condition under which `core.tab` takes a row of that time, which is late otherwise; null: it takes every row. */
  takes(ts: string): string | null;
  /** Statements to run when a row has been added to a slot of a table; '' for none. */
  added(tab: string, slot: string, ts: string, onBlocked: string): string;
  /** Initial values of its members. */
  fields(): readonly string[];
  /** Writes its members: `onWatermark`, `resume`, and its own. */
  members(code: CodeWriter): void;
}

/** Results over all time: with every row, or once at the end of the input. */
export class ForeverTime implements ResultTime {
  readonly columns = [];
  readonly merges = false;
  readonly #emit: 'changes' | 'final';

  constructor(emit: 'changes' | 'final') {
    this.#emit = emit;
  }

  takes(): null {
    return null;
  }

  added(tab: string, slot: string, ts: string, onBlocked: string): string {
    if (this.#emit === 'final') return '';
    return `core.emitSlot(${tab}, ${slot}, ${ts});\nif (core.blocked) { ${onBlocked} }`;
  }

  fields(): readonly string[] {
    return ['this.tab = new Table(-Infinity, Infinity);', 'this.next = 0;'];
  }

  members(code: CodeWriter): void {
    code.line(`onWatermark(watermarkMs) {
  this.watermarkMs = watermarkMs;
  this.hasPending = ${this.#emit === 'final'} && watermarkMs === Infinity;
  if (this.hasPending) this.resume();
  else this.forwardWatermark(watermarkMs);
}
resume() {
  while (this.next < this.tab.size) {
    if (this.blocked) return;
    this.emitSlot(this.tab, this.next++, -Infinity);
  }
  this.hasPending = false;
  this.forwardWatermark(this.watermarkMs);
}`);
  }
}
