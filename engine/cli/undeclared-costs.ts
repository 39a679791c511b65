import type { TaskSummary } from '../control/run.js';

type Undeclared = TaskSummary['undeclared'][number];

/** Less than this share of a vertex's busy time is not worth a line. */
const SHARE_MIN = 0.02;

/** Lines of what rows cost that nobody declared, by vertex, and what to declare; none where it is little. */
export function undeclaredCosts(tasks: readonly TaskSummary[]): string[] {
  const vertices = [...new Set(tasks.map(({ vertex }) => vertex))];
  return vertices.flatMap((vertex) => vertexLines(tasks.filter((task) => task.vertex === vertex)));
}

function vertexLines(subtasks: readonly TaskSummary[]): string[] {
  const busyMs = total(subtasks, (task) => task.busyMs);
  const share = total(subtasks, ({ undeclaredMs }) => undeclaredMs) / busyMs;
  if (!(share >= SHARE_MIN)) return [];
  const edges = new Map<string, Undeclared[]>();
  for (const edge of subtasks.flatMap(({ undeclared }) => undeclared)) {
    edges.set(edge.from, [...(edges.get(edge.from) ?? []), edge]);
  }
  const lines = [...edges].flatMap(([from, written]) => {
    const part = percent(total(written, ({ writeMs }) => writeMs) / busyMs);
    const cures = [...new Set(written.map(({ declaration }) => cureText(declaration)))];
    return [
      `  ${from}, ${part}; declare its result, as its rows were:`,
      ...cures.map((cure) => `    ${cure}`),
    ];
  });
  return [
    `${subtasks[0]!.name}: ${percent(share)} of its time went into rows that nobody declared`,
    ...(lines.length === 0
      ? ['  they come packed; declare them where they are made, in a task above']
      : lines),
  ];
}

function total<E>(all: readonly E[], of: (each: E) => number): number {
  return all.reduce((sum, each) => sum + of(each), 0);
}

/** It is an estimate, and may come to more than all. */
const percent = (share: number): string => `about ${Math.min(100, Math.round(share * 100))} %`;

/** Of rows that were packed nothing is known but that they hold more than plain values. */
function cureText(declaration: string | null): string {
  if (declaration !== null) return `.map(${declaration}, fn)`;
  return '.map(t.record({ … }), fn), with t.list, t.map and t.record for what is nested';
}
