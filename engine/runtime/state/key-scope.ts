import { compile } from '../../records/compile.js';
import type { FieldSpec } from '../../records/schema.js';
import { keyArray, keyEquals } from '../codegen/keyed-table.js';
import type { KeyScope } from './keyed-state-backend.js';

/**
 * Generates the class of a KeyScope for keys of these columns: an open-addressing index over the key hash that every
 * record carries, from which keys can be removed, so that slots are used again.
 *
 * @param keys  the key fields; null for fields of undeclared rows
 */
export function keyScopeClass(keys: readonly (FieldSpec | null)[]): new () => KeyScope {
  return compile('keys', keyScopeText(keys), [], []);
}

function keyScopeText(keys: readonly (FieldSpec | null)[]): string {
  const columns = keys.map((field, i) => ({ name: `k${i}`, array: keyArray(field) }));
  const names = columns.map(({ name }) => name);
  const parameters = ['h', ...names].join(', ');
  const make = ({ name, array }: (typeof columns)[number]): string =>
    `this.${name} = ${array === 'Array' ? '[]' : `new ${array}(48)`};`;
  const grow = ({ name, array }: (typeof columns)[number]): string =>
    array === 'Array' ? '' : `this.${name} = grown(this.${name}, cap);`;
  const equal = keys.map((field, i) => keyEquals(field, `this.k${i}[s]`, `k${i}`));
  const forget = columns.flatMap(({ name, array }) =>
    array === 'Array' ? `this.${name}[s] = undefined;` : [],
  );
  return `const grown = (old, cap) => { const next = new old.constructor(cap); next.set(old); return next; };
return class Keys {
  constructor() {
    this.columns = [];
    this.clear();
  }
  clear() {
    this.slot = -1;
    this.count = 0;
    this.size = 0;
    this.version = 0;
    this.cap = 48;
    this.mask = 63;
    this.shift = 26;
    this.free = [];
    this.index = new Int32Array(64);
    this.hashes = new Int32Array(48);
    this.live = new Int32Array(48);
    ${columns.map(make).join('\n    ')}
  }
  enter(${parameters}) {
    const index = this.index, mask = this.mask;
    let b = Math.imul(h, -1640531527) >>> this.shift;
    for (;;) {
      const s = index[b] - 1;
      if (s < 0) { this.slot = this.insert(${parameters}); return; }
      if (${['this.hashes[s] === h', ...equal].join(' && ')}) { this.slot = s; return; }
      b = (b + 1) & mask;
    }
  }
  reenter(slot) {
    this.slot = slot;
  }
  leave() {
    const s = this.slot;
    this.slot = -1;
    if (this.live[s] === 0) this.remove(s);
  }
  insert(${parameters}) {
    let s;
    if (this.free.length > 0) s = this.free.pop();
    else {
      if (this.size === this.cap) this.grow();
      s = this.size++;
    }
    this.hashes[s] = h;
    ${names.map((name) => `this.${name}[s] = ${name};`).join('\n    ')}
    this.live[s] = 0;
    this.count++;
    this.version++;
    for (const column of this.columns) column.open(s);
    this.place(h, s);
    return s;
  }
  place(h, s) {
    const index = this.index, mask = this.mask;
    let b = Math.imul(h, -1640531527) >>> this.shift;
    while (index[b] !== 0) b = (b + 1) & mask;
    index[b] = s + 1;
  }
  grow() {
    const cap = this.cap = this.cap * 2;
    this.mask = this.mask * 2 + 1;
    this.shift--;
    this.hashes = grown(this.hashes, cap);
    this.live = grown(this.live, cap);
    ${columns.map(grow).join('\n    ')}
    this.index = new Int32Array(this.mask + 1);
    for (let s = 0; s < this.size; s++) this.place(this.hashes[s], s);
  }
  remove(s) {
    const index = this.index, mask = this.mask, hashes = this.hashes;
    let hole = Math.imul(hashes[s], -1640531527) >>> this.shift;
    while (index[hole] !== s + 1) hole = (hole + 1) & mask;
    // Whoever stands behind and belongs before the hole moves into it: no search may end at a gap too early.
    for (let b = (hole + 1) & mask; index[b] !== 0; b = (b + 1) & mask) {
      const home = Math.imul(hashes[index[b] - 1], -1640531527) >>> this.shift;
      if (((b - home) & mask) < ((b - hole) & mask)) continue;
      index[hole] = index[b];
      hole = b;
    }
    index[hole] = 0;
    this.live[s] = -1;
    ${forget.join('\n    ')}
    this.count--;
    this.version++;
    this.free.push(s);
  }
  keyOf(s) {
    return [${names.map((name) => `this.${name}[s]`).join(', ')}];
  }
};`;
}
