import { canonicalJson } from '../base/json.js';
import type { LogicalPlan } from './logical-plan.js';

/** The first thing in which two plans differ, and the operator it belongs to. */
export interface PlanDifference {
  readonly uid: string | null;
  readonly text: string;
}

/** Null when the plans are equal. */
export function planDifference(a: LogicalPlan, b: LogicalPlan): PlanDifference | null {
  for (const key of ['version', 'job', 'params', 'maxParallelism'] as const) {
    const text = firstDifference(a[key], b[key], key);
    if (text !== null) return { uid: null, text };
  }
  for (let i = 0; i < Math.max(a.operators.length, b.operators.length); i++) {
    const [one, other] = [a.operators[i], b.operators[i]];
    const text = firstDifference(
      one,
      other,
      one === undefined ? `operator ${i + 1}` : `operator '${one.name}'`,
    );
    if (text !== null) return { uid: one?.uid ?? null, text };
  }
  const text = firstDifference(a.edges, b.edges, 'edges');
  return text === null ? null : { uid: null, text };
}

function firstDifference(a: unknown, b: unknown, path: string): string | null {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    // A uid follows from the rest: what it follows from says more.
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort((x, y) => rank(x) - rank(y));
    for (const key of keys) {
      const [one, other] = [(a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]];
      const text = firstDifference(one, other, `${path}, ${key}`);
      if (text !== null) return text;
    }
    return null;
  }
  return a === b ? null : `${path}: ${show(a)} and then ${show(b)}`;
}

const rank = (key: string): number => (key === 'uid' ? 1 : 0);

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = canonicalJson(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

const SHOWN_MAX = 60;
