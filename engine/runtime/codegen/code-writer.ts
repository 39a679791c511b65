import { keyText } from '../../records/source-text.js';

/** Collects the lines of a generated function, and the values that the generated code refers to by name. */
export class CodeWriter {
  readonly #lines: string[] = [];
  readonly #names: NameSupply;
  #depth = 0;

  constructor(names: NameSupply) {
    this.#names = names;
  }

  line(text: string): void {
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

  /** Declares a constant of a fresh name for an expression and returns the name. */
  constant(hint: string, expression: string): string {
    const name = this.#names.fresh(hint);
    this.line(`const ${name} = ${expression};`);
    return name;
  }

  fresh(hint: string): string {
    return this.#names.fresh(hint);
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
