/**
 * Question: what does it cost to measure a job all the time and to look at it, how soon is a change seen and named, and how
 * often is the right thing named?
 * Non-goals: what a profile costs, jobs of many tasks, machines with other numbers of cores.
 *
 * Bottlenecks are drawn from seeds 0 to 224. What is measured, from when to when, is in the head of each program.
 */
import { fileURLToPath } from 'node:url';
import type { BenchSuite, Figure, Probe } from './kit/suite.js';

const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const probe = (
  program: string,
  figures: Readonly<Record<string, Figure>>,
  flags: readonly string[] = [],
): Probe => ({
  figures,
  argv: (size) => [...flags, compiled(program), size],
});

const CHANGES = ['sink-stalls', 'key-turns-hot', 'function-slows'];
const ofChanges = (name: string): Readonly<Record<string, Figure>> =>
  Object.fromEntries(CHANGES.map((change) => [`${name}/${change}`, { unit: 'ms' }]));

const probes: readonly Probe[] = [
  probe('./inside/metrics-cost.js', { 'metrics-cost': { unit: 'of the rate without', bar: '>= 0.99' } }, [
    '--import',
    compiled('./inside/pulse-switch.js'),
  ]),
  probe('./inside/attached-cost.js', { 'attached-cost': { unit: 'of the rate without', bar: '>= 0.98' } }),
  probe('./probes/step-changes.js', {
    'level-ms': { unit: 'ms', bar: '<= 1000' },
    ...ofChanges('level-ms'),
    'diagnosis-ms': { unit: 'ms', bar: '<= 3000' },
    ...ofChanges('diagnosis-ms'),
  }),
  {
    ...probe('./probes/planted-bottlenecks.js', {
      'diagnosis-correct': { unit: 'of the draws', bar: '>= 0.95' },
      'diagnosis-correct/draws': { unit: 'draws' },
      'healthy-accused': { unit: 'of the healthy', bar: '= 0' },
    }),
    onceMs: 1_200_000,
  },
];

export const pulse: BenchSuite = {
  name: 'pulse',
  question:
    'what it costs to measure and to look, how soon a change is seen and named, and how often rightly',
  nonGoals: 'what a profile costs, jobs of many tasks, other numbers of cores than those here',
  seed: 0,
  comparisons: [],
  probes,
};
