import { type Categories, CategoryField } from './categories.js';
import type { PlacedField, RowLayout } from './row-layout.js';
import { linesText } from './source-text.js';

/** Source that finds the ids of the categories of a row, for the codec of one layout. */
export class CategoryCode {
  readonly #fields: readonly PlacedField[];
  readonly #view: string;

  /** @param hasIds  values of categories may lie in rows as ids */
  constructor(layout: RowLayout, view: string, hasIds: boolean) {
    this.#fields = hasIds ? layout.fields.filter(({ kind }) => kind === 'category') : [];
    this.#view = view;
  }

  /** What the free names of `statements` are bound to. @param numberOf  of a field among those of the run */
  bindings(categories: Categories, numberOf: (field: PlacedField) => number): Record<string, unknown> {
    return Object.fromEntries(
      this.#fields.map((field) => [this.#writer(field), new CategoryField(categories, numberOf(field))]),
    );
  }

  /** Finds the ids; before the row is measured and before `idOf`, in the same scope. */
  statements(values: (field: PlacedField) => string): string {
    const lines = this.#fields.map((field) => {
      const value = values(field);
      const id = `${this.#writer(field)}.idOf(${value})`;
      return `const ${this.idOf(field)} = ${field.nullable ? `${value} === null ? -1 : ${id}` : id};`;
    });
    return linesText(lines);
  }

  /** The local that holds the id of a field's value, -1 where it has none; null if the field never has one. */
  idOf(field: PlacedField): string | null {
    return this.#fields.some(({ index }) => index === field.index) ? `${this.#view}$c${field.index}` : null;
  }

  /** An expression for values without an id, or, for those with one, another; null: the id itself. */
  orId(field: PlacedField, withId: string | null, without: string): string {
    const id = this.idOf(field);
    return id === null ? without : `${id} >= 0 ? ${withId ?? id} : ${without}`;
  }

  /** The string of an id: an expression of what `categoryBindings` binds. */
  textOf(id: string): string {
    return `(catTexts[${id}] ?? cat.load(${id}))`;
  }

  #writer(field: PlacedField): string {
    return `${this.#view}cat${field.index}`;
  }
}

/** What the free names are bound to by which code finds the string of an id, and the hash of one that it wrote. */
export function categoryBindings(categories: Categories): Readonly<Record<string, unknown>> {
  return { cat: categories, catTexts: categories.texts, catHashes: categories.hashes };
}
