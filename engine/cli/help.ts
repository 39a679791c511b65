import type { JobModule } from '../api/job.js';
import { describeParams } from '../api/params.js';
import { COMMANDS, type CommandName } from './command-table.js';
import { EXIT_CODES } from './exit-codes.js';

/** `sluice --help`, or the help of one command. */
export function helpText(topic: CommandName | null): string {
  const names = topic === null ? (Object.keys(COMMANDS) as CommandName[]) : [topic];
  const lines = names.flatMap((name) => [
    `  sluice ${[name, COMMANDS[name].operand].filter((word) => word !== '').join(' ')} [flags]`,
    `      ${COMMANDS[name].meaning}`,
    '',
    ...aligned(Object.values(COMMANDS[name].flags).map(({ shown, meaning }) => [shown, meaning])),
    '',
  ]);
  const head =
    topic === null ? ['Stream processing on every core of one Node.js process.', '', 'Usage:'] : ['Usage:'];
  const examples = [
    'Examples:',
    '  sluice run flight-delays.ts --param input=flights.parquet',
    '  sluice run job.ts --help          lists the parameters of a job',
    '  sluice plan job.ts --options      shows every option and where its value is from',
    '  sluice demo                       shows what backpressure is, in a minute',
    '',
  ];
  const codes = [
    'Exit codes:',
    ...aligned(Object.values(EXIT_CODES).map(([code, meaning]) => [String(code), meaning])),
  ];
  const notes = [
    '',
    CTRL_C[topic ?? 'run'] ?? 'Ctrl-C ends the command, and no job but its own.',
    'Live view and errors are on stderr. NO_COLOR turns colours off.',
    'SLUICE_CHECKED=1 runs the build with assertions.',
    'SLUICE_LOG=credit writes the flow of credit between tasks to stderr, at most some lines a second.',
  ];
  return [...head, ...lines, ...(topic === null ? examples : []), ...codes, ...notes].join('\n');
}

const CTRL_C: Readonly<Partial<Record<CommandName, string>>> = {
  run: 'Ctrl-C stops the inputs and lets what was read reach the outputs; a second one ends at once.',
  bench: 'Ctrl-C ends the run at hand, and what its sinks wrote is removed; a second one ends at once.',
};

/** `sluice run job.ts --help`. */
export function jobHelpText(file: string, job: JobModule<any, any, any>): string {
  const params = describeParams(job.params).map(({ name, kind, isRequired, defaultText }) => [
    `--param ${name}=<${kind}>`,
    isRequired ? 'required' : defaultText === null ? 'optional' : `default: ${defaultText}`,
  ]);
  const options = Object.entries(job.options).map(([key, value]) => [key, String(value)]);
  return [
    `${job.name} (${file})`,
    '',
    ...(params.length === 0 ? ['It has no parameters.'] : ['Parameters:', ...aligned(params)]),
    ...(options.length === 0 ? [] : ['', 'Options the job sets:', ...aligned(options)]),
    '',
    'See sluice --help for what every job understands.',
  ].join('\n');
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left!.length));
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`);
}
