import { buildJob } from '../api/build-job.js';
import { loadJob } from '../control/job-file/job-loader.js';
import type { EffectiveOption } from '../control/options/options.js';
import { explainJson, explainMermaid, explainText } from '../plan/explain.js';
import { explainCodecs } from '../plan/explain-codecs.js';
import { jobGraph } from '../plan/job-graph.js';
import type { Command } from './command.js';
import { commandLayers, optionsOf } from './option-layers.js';

/** The text that `sluice plan` prints. Reads no input and checks no output of the job. */
export async function planCommand(command: Command & { readonly kind: 'plan' }): Promise<string> {
  const layers = await commandLayers(command);
  const { job } = await loadJob(command.job);
  const { options, entries } = optionsOf(layers, job);
  if (command.form === 'options') return optionsText(entries);
  const { parallelism, maxParallelism, chaining } = options;
  const { plan } = buildJob(job, {
    params: command.params,
    parallelism,
    ...(maxParallelism !== null && { maxParallelism }),
  });
  const graph = jobGraph(plan, { parallelism, chaining });
  if (command.form === 'mermaid') return explainMermaid(graph);
  if (command.form === 'codecs') return explainCodecs(plan, graph);
  return command.form === 'json' ? explainJson(plan, graph) : explainText(plan, graph);
}

/** A line per option: key, value, where it is from; its meaning below. */
export function optionsText(entries: readonly EffectiveOption[]): string {
  const keyWidth = Math.max(...entries.map(({ key }) => key.length));
  const valueWidth = Math.max(...entries.map(({ value }) => value.length));
  return entries
    .map(
      ({ key, value, origin, meaning }) =>
        `${key.padEnd(keyWidth)}  ${value.padEnd(valueWidth)}  ${origin}\n    ${meaning}\n`,
    )
    .join('');
}
