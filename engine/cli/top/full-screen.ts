import { type Key, KeyReader } from './top-keys.js';

/** Input and output of a terminal; tests have one that is made up. */
export interface TerminalStreams {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** Keys and frames over the whole terminal are possible. */
export function isInteractive({ input, output }: TerminalStreams, env: NodeJS.ProcessEnv): boolean {
  return input.isTTY === true && output.isTTY === true && env['TERM'] !== 'dumb';
}

/**
 * The whole of a terminal: its other screen, without a cursor, and each key as it is pressed. Whatever ends the
 * process, the terminal is left as it was found.
 */
export class FullScreen {
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  readonly #keys = new KeyReader((key) => this.#onKey(key));
  #shown: readonly string[] = [];
  #isOpen = false;
  /** Keeps the process until it is told to go on. */
  #asleep: NodeJS.Timeout | undefined;
  /** Told each key but Ctrl-Z, which puts the process to sleep, and Ctrl-L. */
  onKey: (key: Key) => void = () => {};
  /** A frame is wanted: the size is another, or the screen was somebody else's. */
  onRedraw: () => void = () => {};

  readonly #onData = (chunk: Buffer | string): void => this.#keys.feed(chunk.toString());
  readonly #onHangUp = (): void => this.onKey('ctrl-c');
  readonly #onExit = (): void => this.close();
  readonly #onResize = (): void => this.#redraw();
  readonly #onContinue = (): void => {
    this.open();
    this.#redraw();
  };

  constructor({ input, output }: TerminalStreams) {
    this.#input = input;
    this.#output = output;
  }

  /** The last one stays free: some terminals wrap as soon as it is written. */
  get columns(): number {
    return Math.max(20, (this.#output.columns || 80) - 1); // 0: a terminal that does not know
  }

  get rows(): number {
    return Math.max(6, this.#output.rows || 24);
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    clearInterval(this.#asleep);
    process.on('exit', this.#onExit);
    this.#output.on('resize', this.#onResize);
    this.#output.write(OTHER_SCREEN + HIDE_CURSOR);
    this.#input.on('data', this.#onData).on('end', this.#onHangUp).on('error', this.#onHangUp);
    this.#input.setRawMode(true);
    this.#input.resume();
  }

  /** The terminal is as it was. Idempotent. */
  close(): void {
    process.off('SIGCONT', this.#onContinue);
    clearInterval(this.#asleep);
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#shown = [];
    this.#keys.close();
    process.off('exit', this.#onExit);
    this.#output.off('resize', this.#onResize);
    this.#input.off('data', this.#onData).off('end', this.#onHangUp).off('error', this.#onHangUp);
    this.#input.setRawMode(false);
    this.#input.pause();
    this.#output.write(SHOW_CURSOR + FIRST_SCREEN);
  }

  /** Writes the lines that are other than those that are there. A terminal that does not keep up misses frames. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen || this.#output.writableNeedDrain) return;
    const fitting = lines.slice(0, this.rows);
    const changed = fitting.flatMap((line, at) =>
      line === this.#shown[at] ? [] : [`\x1b[${at + 1};1H${line}\x1b[K`],
    );
    const shorter = fitting.length < this.#shown.length ? [`\x1b[${fitting.length + 1};1H\x1b[J`] : [];
    this.#shown = fitting;
    if (changed.length + shorter.length > 0) this.#output.write([...changed, ...shorter].join(''));
  }

  #onKey(key: Key): void {
    if (key === 'ctrl-z') this.#sleep();
    else if (key === 'ctrl-l') this.#redraw();
    else this.onKey(key);
  }

  /** All of it anew. */
  #redraw(): void {
    this.#shown = [];
    this.#output.write(CLEAR);
    this.onRedraw();
  }

  /** As the terminal would do if keys did not come one by one. */
  #sleep(): void {
    if (process.platform === 'win32') return;
    this.close();
    process.once('SIGCONT', this.#onContinue);
    this.#asleep = setInterval(() => {}, ASLEEP_MS);
    process.kill(process.pid, 'SIGTSTP');
  }
}

const ASLEEP_MS = 60_000;

const OTHER_SCREEN = '\x1b[?1049h\x1b[H\x1b[2J';
const FIRST_SCREEN = '\x1b[?1049l';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR = '\x1b[H\x1b[2J';
