import { keyText } from '../../records/source-text.js';
import type { CodeOwner, CodeScript } from './code-map.js';

/** Collects the lines of a generated function, and whose each of them is. */
export class CodeWriter {
  readonly #lines: string[] = [];
  readonly #owners: (readonly [line: number, owner: CodeOwner])[] = [];
  readonly #names: NameSupply;
  #depth = 0;
  #owner: CodeOwner = 'engine';

  constructor(names: NameSupply) {
    this.#names = names;
  }

  line(text: string): void {
    if (this.#owners.at(-1)?.[1] !== this.#owner) this.#owners.push([this.#lines.length + 1, this.#owner]);
    for (const each of text.split('\n')) this.#lines.push('  '.repeat(this.#depth) + each);
  }

  /** `header {` … `}` around what `body` writes. */
  block(header: string, body: () => void): void {
    this.line(`${header} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.line('}');
  }

  /** What `body` writes takes this owner's time. */
  as<T>(owner: CodeOwner, body: () => T): T {
    const before = this.#owner;
    this.#owner = owner;
    const result = body();
    this.#owner = before;
    return result;
  }

  /** Declares a constant of a fresh name for an expression and returns the name. */
  constant(hint: string, expression: string): string {
    const name = this.#names.fresh(hint);
    this.line(`const ${name} = ${expression};`);
    return name;
  }

  fresh(hint: string): string {
    return this.#names.fresh(hint);
  }

  get lineCount(): number {
    return this.#lines.length;
  }

  /** From which line on, counted from 1, the code is whose. */
  get owners(): CodeScript['owners'] {
    return this.#owners;
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}

/** Names that do not clash within one generated module. */
export class NameSupply {
  #next = 0;

  fresh(hint: string): string {
    return `${hint.replace(/\W/g, '_')}_${this.#next++}`;
  }
}

/** Values given to generated code, by name. */
export class Bindings {
  readonly values: Record<string, unknown> = {};
  readonly #names: NameSupply;

  constructor(names: NameSupply) {
    this.#names = names;
  }

  /** Gives a value a name that generated code may use. */
  bind(hint: string, value: unknown): string {
    for (const [name, existing] of Object.entries(this.values)) if (existing === value) return name;
    const name = this.#names.fresh(hint);
    this.values[name] = value;
    return name;
  }
}

/** Text of an object literal; a field called `__proto__` is an own property too. */
export function objectLiteral(entries: readonly (readonly [field: string, value: string])[]): string {
  if (entries.length === 0) return '{}';
  return `{ ${entries.map(([field, value]) => `${keyText(field)}: ${value}`).join(', ')} }`;
}
