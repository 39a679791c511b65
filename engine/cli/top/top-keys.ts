/** Keys of a terminal as it sends them, by name. */

/** What a key is called here: a printable character is its own name. */
export type Key = string;

// biome-ignore format: a table
const SEQUENCES: Readonly<Record<string, Key>> = {
  '\x1b[A': 'up',     '\x1bOA': 'up',     '\x1b[B': 'down',   '\x1bOB': 'down',
  '\x1b[C': 'right',  '\x1bOC': 'right',  '\x1b[D': 'left',   '\x1bOD': 'left',
  '\x1b[5~': 'page-up',  '\x1b[6~': 'page-down',
  '\x1b[H': 'home',   '\x1bOH': 'home',   '\x1b[1~': 'home',  '\x1b[7~': 'home',
  '\x1b[F': 'end',    '\x1bOF': 'end',    '\x1b[4~': 'end',   '\x1b[8~': 'end',
  '\x1bOP': 'F1',     '\x1b[11~': 'F1',   '\x1b[[A': 'F1',
  '\x1bOQ': 'F2',     '\x1b[12~': 'F2',   '\x1b[[B': 'F2',
  '\x1bOR': 'F3',     '\x1b[13~': 'F3',   '\x1b[[C': 'F3',
  '\x1b[21~': 'F10',
  '\r': 'enter',      '\n': 'enter',      '\x7f': 'backspace', '\b': 'backspace',
  '\t': 'tab',        '\x03': 'ctrl-c',   '\x0c': 'ctrl-l',   '\x1a': 'ctrl-z',
};

/** A sequence of a terminal: `ESC [ … letter`, `ESC O letter`, or what the console of Linux makes of F1 to F5. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const SEQUENCE = /^\x1b(?:\[\[[A-E]|\[[0-9;?]*[ -/]*[@-~]|O[@-~])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const BEGUN = /^\x1b(?:\[\[?[0-9;?]*|O)?$/;

/** The rest of a sequence comes at once, or it was the key Esc; over a slow line not quite at once. */
const ESCAPE_MS = 50;

/** Makes keys of what a terminal sends, also where that comes in pieces. What no key stands for is left out. */
export class KeyReader {
  readonly #onKey: (key: Key) => void;
  #begun = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(onKey: (key: Key) => void) {
    this.#onKey = onKey;
  }

  feed(text: string): void {
    clearTimeout(this.#timer);
    let rest = this.#begun + text;
    this.#begun = '';
    while (rest !== '') {
      if (BEGUN.test(rest)) {
        this.#begun = rest;
        this.#timer = setTimeout(() => this.#giveUp(), ESCAPE_MS);
        return;
      }
      const taken = SEQUENCE.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0)!);
      rest = rest.slice(taken.length);
      this.#tell(taken);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#begun = '';
  }

  /** Nothing followed. */
  #giveUp(): void {
    this.#begun = '';
    this.#onKey('escape');
  }

  #tell(taken: string): void {
    const key = taken === '\x1b' ? 'escape' : (SEQUENCES[taken] ?? (/^[ -~]$/.test(taken) ? taken : null));
    if (key !== null) this.#onKey(key);
  }
}
