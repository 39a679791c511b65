import type { LogicalPlan, PlannedPartitioner, PlanOperator } from './logical-plan.js';

/**
 * The fields anybody downstream can observe in the output of each operator, by uid.
 *
 * What is not listed need not be read by a source, decoded from a row, or sent through an exchange. Lists of declared
 * rows are in schema order, and may be empty: then only the number of rows matters. For undeclared rows a list
 * holds names in order of first use, and null means that all fields count.
 */
export function requiredFields(plan: LogicalPlan): ReadonlyMap<string, readonly string[] | null> {
  const required = new Map<string, readonly string[] | null>();
  const byUid = new Map(plan.operators.map((operator) => [operator.uid, operator]));
  const neededOf = (uid: string): Needed => {
    const names = required.get(uid) ?? null;
    return names === null ? null : new Set(names);
  };
  const sideFields = (uid: string): Needed =>
    plan.edges
      .filter(({ from, to }) => from === uid && byUid.get(to)!.config.kind === 'side-output')
      .reduce<Needed>((all, { to }) => union(all, neededOf(to)), new Set());
  for (const operator of [...plan.operators].reverse()) {
    let needed: Needed = new Set();
    for (const edge of plan.edges.filter(({ from }) => from === operator.uid)) {
      const consumer = byUid.get(edge.to)!;
      if (consumer.config.kind === 'side-output') continue; // its rows are not those of the output
      needed = union(needed, inputFields(consumer, neededOf(edge.to), sideFields(edge.to), edge.input ?? 0));
      needed = union(needed, partitionerFields(edge.partitioner));
    }
    const isEnd = operator.config.kind === 'sink' || operator.config.kind === 'output';
    required.set(operator.uid, inSchemaOrder(operator, isEnd ? null : needed));
  }
  return required;
}

/** Null: all fields. */
type Needed = ReadonlySet<string> | null;

/** What is observed of a row to find its subtask. */
function partitionerFields(partitioner: PlannedPartitioner): Needed {
  if (partitioner.kind === 'hash') return new Set(partitioner.fields);
  if (partitioner.kind !== 'custom') return new Set();
  return partitioner.observed === null ? null : new Set(partitioner.observed);
}

/** What an operator observes of one of its inputs, if these fields of its output matter, and these of side outputs. */
function inputFields(
  { config, output, onError }: PlanOperator,
  outputNeeded: Needed,
  sidesNeeded: Needed,
  input: number,
): Needed {
  if (onError?.kind === 'dead-letter') return null; // the whole row is in the letter
  switch (config.kind) {
    case 'source':
    case 'input':
    case 'side-output':
      return new Set();
    case 'event-time':
      return union(
        union(outputNeeded, new Set([config.field])),
        config.generator === undefined ? new Set() : setOf(config.generator.observed),
      );
    case 'filter':
      return union(outputNeeded, config.observed === null ? null : new Set(config.observed));
    case 'map':
    case 'flat-map':
    case 'async':
      return config.observed === null ? null : new Set(config.observed);
    case 'process':
      return config.observed === null ? null : new Set(config.observed);
    case 'keyed-co-process': {
      const observed = config.observed[input] ?? null;
      return observed === null ? null : new Set([...config.keys[input]!, ...observed]);
    }
    case 'keyed-process':
      return config.observed === null ? null : new Set([...config.keys, ...config.observed]);
    case 'co-map':
    case 'co-flat-map':
    case 'join': {
      const observed = config.observed[input] ?? null;
      return observed === null ? null : new Set(observed);
    }
    case 'pick':
      return new Set(config.fields.filter((field) => outputNeeded === null || outputNeeded.has(field)));
    case 'split':
      return config.branches.reduce<Needed>(
        (needed, { observed }) => union(needed, observed === null ? null : new Set(observed)),
        union(outputNeeded, sidesNeeded),
      );
    case 'with': {
      // Every column is computed, needed or not: its function may do more than return a value.
      const added = new Set(config.columns.map(({ name }) => name));
      const passed =
        outputNeeded === null ? null : new Set([...outputNeeded].filter((name) => !added.has(name)));
      return config.columns.reduce<Needed>(
        (needed, { observed }) => union(needed, observed === null ? null : new Set(observed)),
        passed,
      );
    }
    case 'window-aggregate':
    case 'keyed-aggregate': {
      const fields = config.aggregates.flatMap(({ field, where }) => [field ?? [], where ?? []].flat());
      return union(new Set([...config.keys, ...fields]), sidesNeeded);
    }
    case 'window-reduce':
    case 'keyed-reduce': {
      const fields = output.fields?.map(({ name }) => name) ?? null;
      return fields && union(new Set([...config.keys, ...fields]), sidesNeeded);
    }
    case 'sink':
    case 'output':
      return null;
  }
}

const setOf = (fields: readonly string[] | null): Needed => (fields === null ? null : new Set(fields));

function union(a: Needed, b: Needed): Needed {
  return a === null || b === null ? null : new Set([...a, ...b]);
}

function inSchemaOrder({ output }: PlanOperator, needed: Needed): readonly string[] | null {
  if (output.fields === null) return needed === null ? null : [...needed];
  if (needed === null) return output.fields.map(({ name }) => name);
  return output.fields.filter(({ name }) => needed.has(name)).map(({ name }) => name);
}
