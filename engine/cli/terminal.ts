/**
 * A block of lines at the bottom of a terminal, redrawn in place, and left whole whatever ends the process.
 *
 * While it is shown, anything else written to stdout or stderr (by the job, by warnings) goes above it.
 */
export class LiveBlock {
  readonly #stream: NodeJS.WriteStream;
  readonly #theirWrites = new Map<NodeJS.WriteStream, NodeJS.WriteStream['write']>();
  readonly #onExit = () => this.close();
  #lineCount = 0;
  /** Others left the cursor within a line. */
  #isMidLine = false;
  #isOpen = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  get columns(): number {
    return Math.max(20, this.#stream.columns || 80); // 0: a terminal that does not know
  }

  get rows(): number {
    return Math.max(6, this.#stream.rows || 24);
  }

  draw(lines: readonly string[]): void {
    if (!this.#isOpen) this.#open();
    const start = this.#isMidLine ? '\n' : '';
    this.#isMidLine = false;
    this.#write(`${start}${this.#home()}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
    this.#lineCount = lines.length;
  }

  /** What was drawn last stays; the cursor comes back. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#onExit);
    for (const [stream, write] of this.#theirWrites) stream.write = write;
    this.#theirWrites.clear();
    this.#lineCount = 0;
    this.#stream.write(SHOW_CURSOR);
  }

  #open(): void {
    this.#isOpen = true;
    process.on('exit', this.#onExit);
    for (const stream of new Set([process.stdout, process.stderr])) {
      if (!stream.isTTY) continue;
      this.#theirWrites.set(stream, stream.write);
      const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
      stream.write = ((...args: unknown[]) => {
        this.#stepAside(args[0]);
        return write(...args);
      }) as NodeJS.WriteStream['write'];
    }
    this.#write(HIDE_CURSOR);
  }

  #stepAside(chunk: unknown): void {
    if (this.#lineCount > 0) this.#write(`${this.#home()}\x1b[J`);
    this.#lineCount = 0;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk.slice(-1)) : chunk;
    this.#isMidLine = bytes instanceof Uint8Array && bytes.length > 0 && bytes.at(-1) !== 0x0a;
  }

  #home(): string {
    return this.#lineCount > 0 ? `\x1b[${this.#lineCount}A\r` : '\r';
  }

  #write(text: string): void {
    const write = this.#theirWrites.get(this.#stream) ?? this.#stream.write;
    write.call(this.#stream, text);
  }
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
