import { EventEmitter } from 'node:events';
import type { TerminalStreams } from '../../engine/cli/top/full-screen.js';

/** What a terminal understands of what is written to it here; anything else makes a test fail. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const PIECE = /\x1b\[(\??)([\d;]*)([A-Za-z])|\n|[^\x1b\n]+/gu;

/** A terminal that is made up: it shows what a person would see, and types what it is told to. */
export class FakeTerminal {
  columns: number;
  rows: number;
  isRaw = false;
  hasCursor = true;
  isOtherScreen = false;
  /** All that was written, in order. */
  written = '';
  readonly streams: TerminalStreams;
  readonly #input = new EventEmitter();
  readonly #output = new EventEmitter();
  #lines: string[] = [];
  #row = 0;
  #column = 0;

  constructor(columns = 80, rows = 24, colors = 0) {
    this.columns = columns;
    this.rows = rows;
    const input = Object.assign(this.#input, {
      isTTY: true,
      setRawMode: (isRaw: boolean) => {
        this.isRaw = isRaw;
      },
      resume: () => {},
      pause: () => {},
    });
    const output = Object.assign(this.#output, {
      isTTY: true,
      writableNeedDrain: false,
      hasColors: (count = 16) => colors >= count,
      write: (text: string) => this.#take(text),
    });
    Object.defineProperty(output, 'columns', { get: () => this.columns });
    Object.defineProperty(output, 'rows', { get: () => this.rows });
    this.streams = { input, output } as unknown as TerminalStreams;
  }

  /** What is on the screen that is shown, without spaces at the ends of lines. */
  get lines(): readonly string[] {
    return Array.from({ length: this.rows }, (_, row) => (this.#lines[row] ?? '').trimEnd());
  }

  get text(): string {
    return this.lines.join('\n');
  }

  type(keys: string): void {
    this.#input.emit('data', Buffer.from(keys));
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.#output.emit('resize');
  }

  #take(text: string): boolean {
    this.written += text;
    let taken = 0;
    for (const match of text.matchAll(PIECE)) {
      const [piece, mode, numbers = '', letter] = match;
      taken += piece.length;
      if (letter === undefined) this.#print(piece);
      else this.#act(`${mode}${letter}`, numbers, piece.slice(1));
    }
    if (taken !== text.length) throw new Error(`not understood: ${JSON.stringify(text)}`);
    return true;
  }

  #print(piece: string): void {
    if (piece === '\n') {
      this.#row++;
      this.#column = 0;
      return;
    }
    const before = (this.#lines[this.#row] ?? '').padEnd(this.#column);
    this.#lines[this.#row] =
      before.slice(0, this.#column) + piece + before.slice(this.#column + piece.length);
    this.#column += piece.length;
    if (this.#column > this.columns) throw new Error(`wider than ${this.columns}: ${piece}`);
    if (this.#row >= this.rows) throw new Error(`lower than ${this.rows}: ${piece}`);
  }

  #act(what: string, numbers: string, sequence: string): void {
    const [first = 1, second = 1] = numbers === '' ? [] : numbers.split(';').map(Number);
    if (what === 'm') return;
    if (what === 'H') [this.#row, this.#column] = [first - 1, second - 1];
    else if (what === 'K') this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    else if (what === 'J' && numbers === '2') this.#lines = [];
    else if (what === 'J') {
      this.#lines.length = Math.min(this.#lines.length, this.#row + 1);
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    } else if (numbers === '1049') this.#switch(what === '?h');
    else if (numbers === '25') this.hasCursor = what === '?h';
    else throw new Error(`not understood: ${sequence}`);
  }

  #switch(isOther: boolean): void {
    this.isOtherScreen = isOther;
    this.#lines = [];
    this.#row = this.#column = 0;
  }
}
