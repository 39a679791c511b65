import type { SlidingWindow } from '../../plan/logical-plan.js';
import type { Column } from './accumulators.js';
import type { CodeWriter } from './code-writer.js';
import type { ResultTime } from './result-time.js';
import { openText } from './window-text.js';

/**
 * Results of sliding windows. A row is added once, to the table of its slice: of the intervals that every window is
 * made of without a rest. What a window costs does not grow with the number of its slices; no result is ever taken
 * apart, so whatever can be put together can be asked for.
 *
 * Slices that the watermark has completed form two stacks, as of a queue. Those in the back are added to the back
 * aggregate of each key when they are completed. Those in front hold suffixes: each aggregate includes those of the
 * same key in all later slices in front. So the result of a key is that of its earliest slice in front, put together
 * with its back aggregate. When a slice leaves the front, its keys go on to the next slices that have them; when the
 * earliest slice of the back is to leave, all slices become the front (a flip): from the latest to the earliest, each
 * adds what the next one of the same key holds. So each slice is added twice, whatever the size of windows.
 *
 * `groups` has the keys: their back aggregates, whether there is one (`mark` is 1), and the slice (`link`, its number
 * in `slices`, or -1) and slot (`linkSlot`) at which their front begins. In a slice of the front, `link` and `linkSlot`
 * tell the next slice of the key, and `mark` its slot in `groups`.
 *
 * What grows with the rows of a key, as a list of them does, stays in its slice, and is put together when a window is
 * given out: that costs as much as there is to give out.
 *
 * A row may come for a slice that is completed while windows with it are ahead. It is added alone to the table `late`,
 * and from there to all that include it. With allowed lateness the slices are kept as they were besides (`kept`), for
 * the results that such a row gives out anew.
 */
export class SlidingTime implements ResultTime {
  readonly columns: readonly Column[] = [
    { name: 'link', array: 'Int32Array', initial: '-1' },
    { name: 'linkSlot', array: 'Int32Array', initial: '-1' },
    { name: 'mark', array: 'Int32Array', initial: '0' },
  ];
  readonly merges = true;
  readonly #window: SlidingWindow;
  readonly #latenessMs: number;
  readonly #sliceMs: number;
  readonly #site: number;
  readonly #grows: boolean;
  /** Adds what may be held by many slices: not what grows with the rows. */
  readonly #carry: string;

  /** @param grows  whether some of what is kept grows with the rows */
  constructor(window: SlidingWindow, latenessMs: number, site: number, grows: boolean) {
    this.#grows = grows;
    this.#carry = grows ? 'carrySlot' : 'mergeSlot';
    this.#window = window;
    this.#latenessMs = latenessMs;
    this.#sliceMs = greatestCommonDivisor(window.sizeMs, window.slideMs);
    this.#site = site;
  }

  takes(ts: string): string {
    return `(${ts} >= core.tab.startMs && ${ts} < core.tab.endMs) || core.openSlice(${ts})`;
  }

  added(tab: string, _slot: string, _ts: string, onBlocked: string): string {
    const blocked = this.#latenessMs === 0 ? '' : `\nif (core.blocked) { ${onBlocked} }`;
    return `if (${tab} === core.late) core.takeLate();${blocked}`;
  }

  fields(): readonly string[] {
    return [
      'this.open = new Map();', // slices not completed, by start
      'this.late = new Table(0, 0);',
      'this.tab = this.late;', // takes no row before it is opened
      'this.done = [];', // completed slices, by time
      'this.first = 0;', // those before it have left
      'this.front = 0;', // those before it are the front
      'this.slices = [];', // completed slices by number
      'this.numbers = [];', // numbers that are free
      'this.groups = new Table(0, 0);',
      'this.result = new Table(0, 0);', // one slot, put together
      'this.passedMs = -Infinity;', // end of the last window that the watermark has passed
      'this.flipAt = -1;', // slices from here on have been flipped; -1: no flip is on
      'this.isFiring = false;',
      'this.next = 0;',
      ...(this.#latenessMs === 0 ? [] : ['this.kept = new Map();']), // completed slices as they were, by start
    ];
  }

  members(code: CodeWriter): void {
    this.#rowMembers(code);
    this.#firingMembers(code);
    this.#stackMembers(code);
    this.#lateMembers(code);
    if (this.#grows) this.#gatherMembers(code);
  }

  #rowMembers(code: CodeWriter): void {
    const { sizeMs, slideMs, offsetMs } = this.#window;
    code.line(`openSlice(ts) {
  ${openText('startMs', 'ts', this.#sliceMs, offsetMs)}
  ${openText('lastMs', 'startMs', slideMs, offsetMs)}
  if (lastMs + ${sizeMs - 1 + this.#latenessMs} <= this.watermarkMs) return false;
  if (startMs < this.passedMs) {
    this.tab = this.late = new Table(startMs, startMs);
    return true;
  }
  let slice = this.open.get(startMs);
  if (slice === undefined) {
    this.checkWindow(${this.#site}, ts, startMs - ${sizeMs}, lastMs + ${sizeMs});
    this.open.set(startMs, slice = new Table(startMs, startMs + ${this.#sliceMs}));
  }
  this.tab = slice;
  return true;
}`);
  }

  #firingMembers(code: CodeWriter): void {
    const { sizeMs, slideMs, offsetMs } = this.#window;
    const last = `Math.floor((this.watermarkMs + 1 - ${sizeMs + offsetMs}) / ${slideMs}) * ${slideMs} + ${sizeMs + offsetMs}`;
    code.line(`onWatermark(watermarkMs) {
  this.watermarkMs = watermarkMs;
  this.hasPending = true;
  this.resume();
}
resume() {
  for (;;) {
    if (!this.isFiring) {
      const startMs = this.nextWindow();
      if (startMs === Infinity || startMs + ${sizeMs - 1} > this.watermarkMs) break;
      this.result.startMs = startMs;
      this.result.endMs = this.passedMs = startMs + ${sizeMs};
      this.isFiring = true;
      this.next = 0;
      this.leave(startMs);
      this.complete();
    }
    if (this.flipAt >= 0 && !this.flip()) return;
    const groups = this.groups, endMs = this.passedMs - 1;
    while (this.next < groups.size) {
      if (this.blocked) return;
      const g = this.next++;
      const id = groups.link[g];
      if (id < 0 && groups.mark[g] === 0) continue;
      this.result.begin(groups, g);
      if (id >= 0) this.${this.#carry}(this.result, 0, this.slices[id], groups.linkSlot[g]);
      if (groups.mark[g] === 1) this.${this.#carry}(this.result, 0, groups, g);${this.#grows ? '\n      this.gather(g);' : ''}
      this.emitSlot(this.result, 0, endMs);
    }
    this.isFiring = false;
  }
  // Windows without rows have passed too.
  this.passedMs = Math.max(this.passedMs, ${last});
  this.hasPending = false;${this.#latenessMs === 0 ? '' : '\n  this.forgetSlices();'}
  this.forwardWatermark(this.watermarkMs);
}
/** Start of the next window that has rows; Infinity: none has. */
nextWindow() {
  const { done } = this;
  const nextMs = this.passedMs - ${sizeMs - slideMs};
  if (this.first < done.length && done[done.length - 1].startMs >= nextMs) return nextMs;
  let firstMs = Infinity;
  for (const slice of this.open.values()) if (slice.startMs < firstMs) firstMs = slice.startMs;
  return Math.ceil((firstMs - ${sizeMs - this.#sliceMs + offsetMs}) / ${slideMs}) * ${slideMs} + ${offsetMs};
}`);
  }

  #stackMembers(code: CodeWriter): void {
    const keep = this.#latenessMs > 0;
    code.line(`/** Slices before a window leave it. */
leave(startMs) {
  const { done, groups } = this;
  for (; this.first < done.length && done[this.first].startMs < startMs; this.first++) {
    const slice = done[this.first];
    if (this.first < this.front) {
      for (let s = 0; s < slice.size; s++) {
        groups.link[slice.mark[s]] = slice.link[s];
        groups.linkSlot[slice.mark[s]] = slice.linkSlot[s];
      }
    } else this.flipAt = 0; // the back aggregates include it
    this.slices[slice.id] = null;
    this.numbers.push(slice.id);
  }
}
/** The slices that end with the window enter it. */
complete() {
  const entering = [];
  for (const slice of this.open.values()) if (slice.startMs < this.passedMs) entering.push(slice);
  entering.sort((a, b) => a.startMs - b.startMs);
  if (this.flipAt >= 0) {
    this.done.splice(0, this.first);
    this.first = 0;
    this.flipAt = this.front = this.done.length;
    this.groups = new Table(0, 0);
  }
  this.tab = this.late;
  for (const slice of entering) {
    this.open.delete(slice.startMs);
    ${keep ? 'this.kept.set(slice.startMs, slice);\n    this.enter(this.copyOf(slice));' : 'this.enter(slice);'}
  }
}
enter(slice) {
  this.number(slice);
  this.done.push(slice);
  if (this.flipAt < 0) this.addToBack(slice);
}
number(slice) {
  slice.id = this.numbers.length > 0 ? this.numbers.pop() : this.slices.length;
  this.slices[slice.id] = slice;
}
addToBack(slice) {
  const { groups } = this;
  for (let s = 0; s < slice.size; s++) {
    const g = groups.slotOf(slice, s);
    this.${this.#carry}(groups, g, slice, s);
    groups.mark[g] = 1;
  }
}
/** Makes suffixes of slices, a number of them; false: not of all yet. */
flip() {
  const { groups, slices } = this;
  let left = ${FLIP_SLOTS};
  while (this.flipAt > 0) {
    if (left <= 0) return false;
    const slice = this.done[--this.flipAt];
    left -= slice.size;
    for (let s = 0; s < slice.size; s++) {
      const g = groups.slotOf(slice, s);
      const id = groups.link[g], slot = groups.linkSlot[g];
      if (id >= 0) this.${this.#carry}(slice, s, slices[id], slot);
      slice.link[s] = id;
      slice.linkSlot[s] = slot;
      slice.mark[s] = g;
      groups.link[g] = slice.id;
      groups.linkSlot[g] = s;
    }
  }
  this.flipAt = -1;
  for (let i = this.front; i < this.done.length; i++) this.addToBack(this.done[i]);
  return true;
}`);
  }

  /** Of rows for slices that are completed. */
  #lateMembers(code: CodeWriter): void {
    const { sizeMs, slideMs } = this.#window;
    const keep = this.#latenessMs > 0;
    code.line(`/** Adds the row in \`late\` to all that includes its slice. */
takeLate() {
  const { late } = this;${keep ? '\n  this.addToKept(late);' : ''}
  if (late.startMs < this.passedMs - ${sizeMs - slideMs}) return;
  const { done } = this;
  let at = done.length;
  while (at > this.first && done[at - 1].startMs >= late.startMs) at--;
  let slice = done[at];
  if (slice === undefined || slice.startMs !== late.startMs) {
    this.number(slice = new Table(late.startMs, late.startMs));
    done.splice(at, 0, slice);
    if (at < this.front) this.front++;
  }
  if (at < this.front) this.addToFront(slice, late);
  else {
    this.mergeSlot(slice, slice.slotOf(late, 0), late, 0);
    this.addToBack(late);
  }
}
addToFront(slice, late) {
  const { groups, slices } = this;
  let tab = groups, slot = groups.slotOf(late, 0);
  const g = slot;
  // Earlier slices include those after them.
  while (tab.link[slot] >= 0 && slices[tab.link[slot]].startMs < slice.startMs) {
    const id = tab.link[slot];
    slot = tab.linkSlot[slot];
    tab = slices[id];
    this.${this.#carry}(tab, slot, late, 0);
  }
  if (tab.link[slot] === slice.id) {
    this.mergeSlot(slice, tab.linkSlot[slot], late, 0);
    return;
  }
  const s = slice.slotOf(late, 0);
  this.mergeSlot(slice, s, late, 0);
  slice.link[s] = tab.link[slot];
  slice.linkSlot[s] = tab.linkSlot[slot];
  slice.mark[s] = g;
  if (slice.link[s] >= 0) this.${this.#carry}(slice, s, slices[slice.link[s]], slice.linkSlot[s]);
  tab.link[slot] = slice.id;
  tab.linkSlot[slot] = s;
}`);
    if (keep) this.#keptMembers(code);
  }

  #gatherMembers(code: CodeWriter): void {
    code.line(`/** Adds to the result what only slices have of a key. */
gather(g) {
  for (let i = this.first; i < this.done.length; i++) {
    const s = this.done[i].find(this.groups, g);
    if (s >= 0) this.gatherSlot(this.result, 0, this.done[i], s);
  }
}`);
  }

  #keptMembers(code: CodeWriter): void {
    const { sizeMs, slideMs, offsetMs } = this.#window;
    const first = `Math.ceil((late.startMs - ${sizeMs - this.#sliceMs + offsetMs}) / ${slideMs}) * ${slideMs} + ${offsetMs}`;
    code.line(`copyOf(slice) {
  const copy = new Table(slice.startMs, slice.endMs);
  for (let s = 0; s < slice.size; s++) this.mergeSlot(copy, copy.slotOf(slice, s), slice, s);
  return copy;
}
/** Adds a late row to its slice, and gives out anew the windows that are kept and have it. */
addToKept(late) {
  let slice = this.kept.get(late.startMs);
  if (slice === undefined) this.kept.set(late.startMs, slice = new Table(late.startMs, late.startMs));
  this.mergeSlot(slice, slice.slotOf(late, 0), late, 0);
  let startMs = ${first};
  for (; startMs <= late.startMs && startMs + ${sizeMs} <= this.passedMs; startMs += ${slideMs}) {
    if (startMs + ${sizeMs - 1 + this.#latenessMs} <= this.watermarkMs) continue;
    const { result } = this;
    result.begin(late, 0);
    result.startMs = startMs;
    result.endMs = startMs + ${sizeMs};
    for (const each of this.kept.values()) {
      if (each.startMs < startMs || each.startMs >= result.endMs) continue;
      const s = each.find(late, 0);
      if (s >= 0) this.mergeSlot(result, 0, each, s);
    }
    this.emitSlot(result, 0, result.endMs - 1);
  }
}
/** Drops the slices that no row can reach any more. */
forgetSlices() {
  for (const { startMs } of this.kept.values()) {
    ${openText('lastMs', 'startMs', slideMs, offsetMs)}
    if (lastMs + ${sizeMs - 1 + this.#latenessMs} <= this.watermarkMs) this.kept.delete(startMs);
  }
}`);
  }
}

/** Slots that a flip goes through before others get their turn: about a millisecond. */
const FLIP_SLOTS = 20_000;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
