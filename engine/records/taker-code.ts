import { keptScalarText, takenMisfitText, takenText } from './scalar-code.js';
import {
  type FieldSpec,
  ITEMS_MAX,
  isScalarKind,
  RESERVED_NAMES,
  type TypeSpec,
  type Variant,
} from './schema.js';
import { keyText, linesText, memberText } from './source-text.js';

/**
 * Source that takes values of one type: a function per record, list, map and union inside it.
 *
 * To take a value is to check it and to make a copy of plain data, member by member, each read once: what follows sees
 * no getter, no proxy and nobody else's hands.
 */

/** Source of `take(value, reporter, site, field)`. Its free names: none. */
export function takerSource(spec: TypeSpec): string {
  return new TakerCode().source(spec);
}

class TakerCode {
  readonly #functions: string[] = [];
  readonly #paths: string[] = [];
  readonly #locals: string[] = [];

  source(spec: TypeSpec): string {
    const root = this.#function(spec, 'field');
    return linesText([
      `let field = '', at = 0, core = null, site = 0, isRefused = false;`,
      ...this.#locals.map((local) => `let ${local};`),
      'const paths = [',
      ...this.#paths.map((path) => `() => ${path},`),
      '];',
      'function bad(place, expected, value) {',
      'isRefused = true;',
      'core.badField(site, paths[place](), expected, value);',
      '}',
      ...this.#functions,
      'return function take(value, reporter, atSite, name) {',
      'field = name; core = reporter; site = atSite; at = 0; isRefused = false;',
      'try {',
      `return ${root}(value);`,
      '} catch (error) {',
      'if (isRefused) throw error;',
      'core.badAccess(site, paths[at](), error);',
      '}',
      '};',
    ]);
  }

  /** Name of the function that takes a value which is at `path`. */
  #function(spec: TypeSpec, path: string): string {
    const { parts } = spec;
    const name = `t${this.#functions.length}`;
    const at = this.#functions.push('') - 1;
    const place = this.#place(path);
    const misfit = (text: string): string => `if (${text}) bad(${place}, ${expectedText(spec)}, v);`;
    const isObject = misfit(`typeof v !== 'object' || v === null || Array.isArray(v)`);
    const lines: string[] = [`function ${name}(v) {`];
    if (parts === undefined) lines.push(...this.#value(spec, 'v', path, 'x'), 'return x;');
    else if ('fields' in parts) lines.push(isObject, ...this.#record(parts.fields, path, ''));
    else if ('variants' in parts) lines.push(isObject, ...this.#union(parts.tag, parts.variants, path));
    else if (spec.kind === 'list') {
      lines.push(misfit('!Array.isArray(v)'), 'const n = v.length;');
      lines.push(
        `if (n > ${ITEMS_MAX}) bad(${place}, ${expectedText(spec)}, { toString: () => n + ' items' });`,
      );
      const index = this.#local();
      lines.push('const r = [];', `for (let i = 0; i < n; i++) {`, `${index} = i;`);
      lines.push(...this.#value(parts.item, 'v[i]', `${path} + '[' + ${index} + ']'`, 'x'));
      lines.push('r.push(x);', '}', 'return r;');
    } else {
      const key = this.#local();
      const keyPath = `${path} + '[' + JSON.stringify(${key}) + ']'`;
      lines.push(misfit('!(v instanceof Map)'));
      lines.push(
        `if (v.size > ${ITEMS_MAX}) bad(${place}, ${expectedText(spec)}, { toString: () => v.size + ' entries' });`,
      );
      lines.push('const r = new Map();', 'for (const [k, given] of v) {');
      lines.push(
        `if (typeof k !== 'string' || !k.isWellFormed()) bad(${place}, 'a Map with strings as keys', k);`,
      );
      lines.push(`${key} = k;`);
      const reserved = RESERVED_NAMES.map((each) => `k === '${each}'`).join(' || ');
      lines.push(
        `if (${reserved}) bad(${this.#place(keyPath)}, 'a key: every object has such a member', k);`,
      );
      lines.push(...this.#value(parts.item, 'given', keyPath, 'x'), 'r.set(k, x);', '}', 'return r;');
    }
    this.#functions[at] = linesText([...lines, '}']);
    return name;
  }

  #record(fields: readonly FieldSpec[], path: string, tag: string): string[] {
    const lines: string[] = [];
    const members = fields.map((field, i) => {
      const own = `${path} + ${JSON.stringify(memberText('', field.name))}`;
      lines.push(...this.#value(field, memberText('v', field.name), own, `x${i}`));
      return `${keyText(field.name)}: x${i}`;
    });
    return [...lines, `return { ${[...(tag === '' ? [] : [tag]), ...members].join(', ')} };`];
  }

  #union(tag: string, variants: readonly Variant[], path: string): string[] {
    const own = `${path} + ${JSON.stringify(memberText('', tag))}`;
    const place = this.#place(own);
    const names = variants.map(({ name }) => JSON.stringify(name));
    return [
      `at = ${place};`,
      `const tag = ${memberText('v', tag)};`,
      'switch (tag) {',
      ...variants.flatMap(({ fields }, i) => [
        `case ${names[i]}: {`,
        ...this.#record(fields, path, `${keyText(tag)}: ${names[i]}`),
        '}',
      ]),
      '}',
      `bad(${place}, ${JSON.stringify(`one of ${names.join(', ')}`)}, tag);`,
    ];
  }

  /** Declares the local `into` with what is taken of an expression, which is evaluated once. */
  #value(spec: TypeSpec, expression: string, path: string, into: string): string[] {
    const place = this.#place(path);
    const given = `${into}g`;
    const read = `at = ${place}; const ${given} = ${expression}${spec.nullable ? ' ?? null' : ''};`;
    const orNull = (text: string): string => (spec.nullable ? `(${given} === null ? null : ${text})` : text);
    if (!isScalarKind(spec.kind)) {
      return [read, `const ${into} = ${orNull(`${this.#function(spec, path)}(${given})`)};`];
    }
    const condition = takenMisfitText(spec.kind, given);
    const check = spec.nullable ? `${given} !== null && (${condition})` : condition;
    return [
      read,
      `if (${check}) bad(${place}, ${expectedText(spec)}, ${given});`,
      `const ${into} = ${orNull(keptScalarText(spec.kind, given))};`,
    ];
  }

  #place(path: string): number {
    return this.#paths.push(path) - 1;
  }

  #local(): string {
    const local = `i${this.#locals.length}`;
    this.#locals.push(local);
    return local;
  }
}

function expectedText({ kind, nullable }: TypeSpec): string {
  const expected = takenText(kind);
  return JSON.stringify(nullable ? `${expected}; or null` : expected);
}
