import type { OptionLayer } from '../base/option-catalogue.js';
import { readConfigFile } from '../control/options/config-file.js';
import { machineSurroundings } from '../control/options/machine-memory.js';
import { type EffectiveOptions, effectiveOptions } from '../control/options/options.js';
import type { JobCommand } from './command.js';

/** The layers a command line stands for, the strongest first: flags, `-D`, the configuration file. */
export async function commandLayers({ layers, configFile }: JobCommand): Promise<readonly OptionLayer[]> {
  return configFile === null ? layers : [...layers, await readConfigFile(configFile)];
}

/** What holds for a job that is started with these layers. */
export function optionsOf(
  layers: readonly OptionLayer[],
  job: { readonly options: Readonly<Record<string, unknown>> },
): EffectiveOptions {
  return effectiveOptions([...layers, { origin: 'job()', values: job.options }], machineSurroundings());
}
