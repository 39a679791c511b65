import { SluiceError } from '../base/errors.js';
import type { EngineOptions } from '../base/option-catalogue.js';
import { CategoryArena, type CategorySpec, createCategoryArena } from '../memory/category-arena.js';
import type { SharedMemory } from '../memory/region.js';
import type { JobGraph } from '../plan/job-graph.js';
import { Categories } from '../records/categories.js';
import type { RunCategories } from '../runtime/chain-spec.js';

/** Names of the category fields that travel between tasks. Fields of one name are one, whatever stream they are of. */
function categoryFields(graph: JobGraph): readonly string[] {
  const fields = graph.exchanges.flatMap((exchange) => exchange.fields.fields ?? []);
  return [...new Set(fields.filter(({ kind }) => kind === 'category').map(({ name }) => name))].sort();
}

/** What the categories of a job need; null: they have none, or shall travel as strings. */
export function categorySpec(graph: JobGraph, options: EngineOptions): CategorySpec | null {
  const fields = categoryFields(graph).length;
  const { categoryValuesMax, categoryBytesMax } = options;
  if (fields === 0 || categoryValuesMax === 0) return null;
  return { values: categoryValuesMax, bytes: categoryBytesMax, fields };
}

export function createCategories(spec: CategorySpec | null, attempt: number): SharedMemory | null {
  return spec === null ? null : createCategoryArena(spec, attempt);
}

/** The categories of a run for the tasks of the calling thread. @throws SluiceError ARENA_INVALID */
export function attachCategories(
  memory: SharedMemory | null,
  attempt: number,
  graph: JobGraph,
): RunCategories | null {
  if (memory === null) return null;
  return { known: new Categories(new CategoryArena(memory, attempt)), fields: categoryFields(graph) };
}

/** Tells once of each field that its values travel as strings, and why. Runs in: the main thread. */
export class CategoryWatch {
  readonly #arena: CategoryArena;
  readonly #fields: readonly string[];
  readonly #spec: CategorySpec;
  readonly #told = new Set<string>();

  constructor(memory: SharedMemory, attempt: number, graph: JobGraph, spec: CategorySpec) {
    this.#arena = new CategoryArena(memory, attempt);
    this.#fields = categoryFields(graph);
    this.#spec = spec;
  }

  /** @returns  CATEGORY_SPILLED for each field of which it was not told yet */
  look(): readonly SluiceError[] {
    return this.#fields.flatMap((field, number) => {
      const { isFull, isDistinct } = this.#arena.spilled(number);
      if ((!isFull && !isDistinct) || this.#told.has(field)) return [];
      this.#told.add(field);
      const { values, bytes } = this.#spec;
      const why = isDistinct
        ? 'hardly any value comes twice'
        : `the categories of the run have more than ${values} values or ${bytes} bytes`;
      const what = `values of the category '${field}' travel as strings: ${why}`;
      return [new SluiceError('CATEGORY_SPILLED', what, { detail: { field, values, bytes } })];
    });
  }
}
