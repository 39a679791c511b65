import { parseArgs } from 'node:util';
import { SluiceError } from '../base/errors.js';
import { didYouMean, nearestName } from '../base/nearest.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import { EXAMINE_SECONDS } from '../control/diagnosis/examine-seconds.js';
import type { ServeOptions } from '../control/run.js';
import { type ProfileFlags, readProfileFlags, readServeFlag } from './run-flags.js';

/**
 * What a command line asks for. Reading it starts nothing and reads no file.
 */
export type Command =
  | { readonly kind: 'help'; readonly topic: CommandName | null }
  | { readonly kind: 'version' }
  | (JobCommand & { readonly kind: 'job-help' })
  | (JobCommand & RunFlags & { readonly kind: 'run' })
  | (JobCommand & { readonly kind: 'plan'; readonly form: PlanForm })
  | (JobCommand & BenchFlags & { readonly kind: 'bench' })
  | (JobCommand & { readonly kind: 'doctor'; readonly seconds: number; readonly json: boolean })
  | { readonly kind: 'doctor-run'; readonly id: string; readonly seconds: number; readonly json: boolean }
  | { readonly kind: 'ls'; readonly json: boolean }
  | { readonly kind: 'stop'; readonly id: string; readonly isCancel: boolean };

export interface RunFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Null: no HTTP. */
  readonly serve: ServeOptions | null;
  /** Null: nothing is profiled. */
  readonly profile: ProfileFlags | null;
  /** File; null: nothing is traced. */
  readonly trace: string | null;
}

export interface BenchFlags {
  /** Of each measurement. */
  readonly seconds: number;
  readonly json: boolean;
  /** File for the report as a page. */
  readonly html: string | null;
  /** File with an earlier report. */
  readonly compare: string | null;
  /** Module with a function to compare with. */
  readonly against: string | null;
  readonly discardsSinks: boolean;
}

export interface JobCommand {
  readonly job: string;
  readonly params: Readonly<Record<string, string>>;
  /** The strongest first. */
  readonly layers: readonly OptionLayer[];
  readonly configFile: string | null;
}

export type PlanForm = 'text' | 'mermaid' | 'json' | 'codecs' | 'options';
export type CommandName = keyof typeof COMMANDS;
type JobCommandName = Exclude<CommandName, 'ls' | 'stop'>;

interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** How it is written in help. */
  readonly shown: string;
  readonly meaning: string;
}

// biome-ignore format: a table
const JOB_FLAGS = {
  param:         { type: 'string', multiple: true, shown: '--param name=value', meaning: 'a parameter of the job; repeat for more' },
  parallelism:   { type: 'string', shown: '--parallelism N', meaning: 'subtasks of each operator; default: one per core' },
  define:        { type: 'string', short: 'D', multiple: true, shown: '-D key=value', meaning: 'an option; `sluice plan <job> --options` lists them' },
  config:        { type: 'string', shown: '--config file', meaning: 'options from YAML or JSON; a Flink configuration will do' },
  memory:        { type: 'string', shown: '--memory 2g', meaning: 'memory the job may use in all' },
  'no-chaining': { type: 'boolean', shown: '--no-chaining', meaning: 'give each operator a thread of its own' },
} as const satisfies Record<string, Flag>;

// biome-ignore format: a table
const COMMON_FLAGS = {
  help:          { type: 'boolean', short: 'h', shown: '--help', meaning: 'this; with a job, also its parameters' },
} as const satisfies Record<string, Flag>;

// biome-ignore format: a table
export const COMMANDS = {
  run: {
    operand: '<job>',
    meaning: 'run a job on every core',
    flags: {
      ...JOB_FLAGS,
      json:      { type: 'boolean', shown: '--json', meaning: 'print one JSON object at the end, on stdout' },
      quiet:     { type: 'boolean', short: 'q', shown: '--quiet', meaning: 'print nothing but errors' },
      serve:     { type: 'string', shown: '--serve [port]', meaning: 'answer HTTP as Flink does, at 8081; read-only unless SLUICE_TOKEN is set' },
      profile:   { type: 'string', shown: '--profile file', meaning: 'where time goes, as flame graphs: out.html or out.cpuprofile' },
      trace:     { type: 'string', shown: '--trace file', meaning: 'tasks, waits and buffers over time, for ui.perfetto.dev: out.json' },
      'profile-seconds': { type: 'string', shown: '--profile-seconds n', meaning: 'how long, from the first records on; default: 5' },
      ...COMMON_FLAGS,
    },
  },
  plan: {
    operand: '<job>',
    meaning: 'show what would run',
    flags: {
      ...JOB_FLAGS,
      mermaid:   { type: 'boolean', shown: '--mermaid', meaning: 'as a Mermaid diagram' },
      codecs:    { type: 'boolean', shown: '--codecs', meaning: 'the generated code of every exchange' },
      json:      { type: 'boolean', shown: '--json', meaning: 'as canonical JSON' },
      options:   { type: 'boolean', shown: '--options', meaning: 'every option, its value and where that is from' },
      ...COMMON_FLAGS,
    },
  },
  bench: {
    operand: '<job>',
    meaning: 'measure a job: sustainable throughput, latency, where time goes; nothing of it is committed',
    flags: {
      ...JOB_FLAGS,
      seconds:   { type: 'string', shown: '--seconds n', meaning: 'length of each measurement; default: 2' },
      'discard-sinks': { type: 'boolean', shown: '--discard-sinks', meaning: 'sinks write nothing; else they write as always, and it is removed' },
      against:   { type: 'string', shown: '--against module', meaning: 'its default export gets the same records, in one thread' },
      compare:   { type: 'string', shown: '--compare file', meaning: 'with what `sluice bench --json` wrote before' },
      html:      { type: 'string', shown: '--html file', meaning: 'write a report as a page of its own' },
      json:      { type: 'boolean', shown: '--json', meaning: 'print the report as one JSON object, on stdout' },
      ...COMMON_FLAGS,
    },
  },
  doctor: {
    operand: '<job or id>',
    meaning: 'say what holds a job up: run it for a while and commit nothing, or look at a running one',
    flags: {
      ...JOB_FLAGS,
      seconds:   { type: 'string', shown: '--seconds n', meaning: 'how long; default: 5, and 1 for a running one' },
      json:      { type: 'boolean', shown: '--json', meaning: 'print the diagnosis as one JSON object, on stdout' },
      ...COMMON_FLAGS,
    },
  },
  ls: {
    operand: '',
    meaning: 'list the running jobs of this user on this machine',
    flags: {
      json:      { type: 'boolean', shown: '--json', meaning: 'as a JSON array, on stdout' },
      ...COMMON_FLAGS,
    },
  },
  stop: {
    operand: '<id>',
    meaning: 'stop a running job, by the first digits of its id, and wait for its end',
    flags: {
      cancel:    { type: 'boolean', shown: '--cancel', meaning: 'end it at once; nothing of it becomes visible' },
      ...COMMON_FLAGS,
    },
  },
} as const satisfies Record<string, { operand: string; meaning: string; flags: Record<string, Flag> }>;

/** Flags that are given at most once. */
const ONCE = [
  'parallelism',
  'config',
  'memory',
  'serve',
  'seconds',
  'html',
  'compare',
  'against',
  'profile',
  'profile-seconds',
  'trace',
] as const;
const SECONDS = { min: 0.05, max: 3_600 } as const;

/**
 * @param args  what follows `sluice`
 * @throws SluiceError COMMAND_INVALID  with the nearest command or flag
 * @throws SluiceError PARAM_DUPLICATE  a parameter is given twice
 */
export function readCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help' || first === '-h') return { kind: 'help', topic: null };
  if (first === 'help') return { kind: 'help', topic: isCommand(rest[0]) ? rest[0] : null };
  if (first === '--version' || first === '-v' || first === 'version') return { kind: 'version' };
  if (!isCommand(first)) {
    const isFlag = first.startsWith('-');
    const isFile = /\.[cm]?[jt]sx?$/.test(first);
    const hint = isFile
      ? `; did you mean 'sluice run ${first}'?`
      : didYouMean(first, isFlag ? ['--help', '--version'] : Object.keys(COMMANDS)) ||
        `; there is ${Object.keys(COMMANDS).join(', ')}`;
    throw new SluiceError('COMMAND_INVALID', `there is no ${isFlag ? 'flag' : 'command'} '${first}'${hint}`);
  }
  if (first === 'ls' || first === 'stop') return readRunsCommand(first, rest);
  if (first === 'doctor') {
    const ofRun = readRunDoctor(rest);
    if (ofRun !== null) return ofRun;
  }
  return readJobCommand(first, first === 'run' ? withServePort(rest) : rest);
}

/** `--serve 8080` and `--serve` alone: a number that follows is its port. */
function withServePort(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--serve');
  if (at < 0) return args;
  const port = args[at + 1];
  const hasPort = port !== undefined && /^\d+$/.test(port);
  return [
    ...args.slice(0, at),
    `--serve=${hasPort ? port : ''}`,
    ...withServePort(args.slice(at + (hasPort ? 2 : 1))),
  ];
}

/** Commands about jobs that run already. */
function readRunsCommand(name: 'ls' | 'stop', args: readonly string[]): Command {
  const { values, positionals } = readFlags(name, args);
  if (values.has('help')) return { kind: 'help', topic: name };
  const [id, surplus] = name === 'stop' ? positionals : [undefined, ...positionals];
  if (surplus !== undefined) throw invalid(name, `'${surplus}' is one too many`);
  if (name === 'ls') return { kind: 'ls', json: values.has('json') };
  if (id === undefined) throw invalid(name, 'the id of a job is missing; sluice ls lists them');
  return { kind: 'stop', id, isCancel: values.has('cancel') };
}

/** `sluice doctor 3fa2`: a job file has a dot in its name. Null: it is about a job file. */
function readRunDoctor(args: readonly string[]): Command | null {
  const { values, positionals } = readFlags('doctor', args);
  const [id, surplus] = positionals;
  if (id === undefined || !/^[0-9a-f]{1,32}$/i.test(id)) return null;
  if (values.has('help')) return { kind: 'help', topic: 'doctor' };
  if (surplus !== undefined) throw invalid('doctor', `'${surplus}' is one too many`);
  const ofJobs = [...values.keys()].find((flag) => Object.hasOwn(JOB_FLAGS, flag));
  if (ofJobs !== undefined)
    throw invalid('doctor', `--${ofJobs} is for a job file, and '${id}' runs already`);
  const seconds = readSeconds('doctor', (flag) => values.get(flag) ?? [], EXAMINE_SECONDS.default);
  const { max } = EXAMINE_SECONDS;
  if (seconds > max) throw invalid('doctor', `a running job is looked at for ${max} seconds at most`);
  return { kind: 'doctor-run', id, seconds, json: values.has('json') };
}

function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(COMMANDS, word);
}

function readJobCommand(name: JobCommandName, args: readonly string[]): Command {
  const { values, positionals } = readFlags(name, args);
  const given = (flag: string) => (values.get(flag) ?? []) as readonly string[];
  const has = (flag: string) => values.has(flag);
  for (const flag of ONCE) {
    if (given(flag).length > 1) throw invalid(name, `--${flag} is given more than once`);
  }
  const [job, ...surplus] = positionals;
  if (job === undefined) {
    if (has('help')) return { kind: 'help', topic: name };
    throw invalid(name, 'a job file is missing');
  }
  if (surplus.length > 0)
    throw invalid(name, `'${surplus[0]}' follows the job file; parameters are given as --param name=value`);
  const common = {
    job,
    params: readParams(given('param')),
    layers: readLayers(name, values),
    configFile: given('config')[0] ?? null,
  };
  if (has('help')) return { kind: 'job-help', ...common };
  if (name === 'run')
    return {
      kind: 'run',
      ...common,
      json: has('json'),
      quiet: has('quiet'),
      serve: readServeFlag(given('serve')),
      profile: readProfileFlags(given),
      trace: given('trace')[0] ?? null,
    };
  if (name === 'bench') return { kind: 'bench', ...common, ...readBenchFlags(given, has) };
  if (name === 'doctor')
    return { kind: 'doctor', ...common, seconds: readSeconds(name, given, 5), json: has('json') };
  const forms = (['mermaid', 'json', 'codecs', 'options'] as const).filter(has);
  if (forms.length > 1) throw invalid(name, `--${forms[0]} and --${forms[1]} exclude each other`);
  return { kind: 'plan', ...common, form: forms[0] ?? 'text' };
}

function readBenchFlags(
  given: (flag: string) => readonly string[],
  has: (flag: string) => boolean,
): BenchFlags {
  return {
    seconds: readSeconds('bench', given, 2),
    json: has('json'),
    html: given('html')[0] ?? null,
    compare: given('compare')[0] ?? null,
    against: given('against')[0] ?? null,
    discardsSinks: has('discard-sinks'),
  };
}

function readSeconds(
  name: CommandName,
  given: (flag: string) => readonly string[],
  byDefault: number,
): number {
  const [written] = given('seconds');
  const seconds = written === undefined ? byDefault : Number(written);
  if (written?.trim() === '' || !(seconds >= SECONDS.min && seconds <= SECONDS.max))
    throw invalid(name, `--seconds is a number from ${SECONDS.min} to ${SECONDS.max}, not '${written}'`);
  return seconds;
}

function readFlags(
  name: CommandName,
  args: readonly string[],
): { readonly values: ReadonlyMap<string, readonly string[]>; readonly positionals: readonly string[] } {
  const flags: Record<string, Flag> = COMMANDS[name].flags;
  const options = Object.fromEntries(
    Object.entries(flags).map(([flag, { type, short, multiple = false }]) => [
      flag,
      { type, multiple, ...(short !== undefined && { short }) },
    ]),
  );
  // Not strict, so that the messages can be ours.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<string, readonly string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) throw unknownFlag(name, token.rawName, flags);
    if (flag.type === 'boolean' && token.value !== undefined)
      throw invalid(name, `${token.rawName} takes no value`);
    const isMissing = token.value === undefined || (!token.inlineValue && /^--\w/.test(token.value));
    if (flag.type === 'string' && isMissing)
      throw invalid(name, `${token.rawName} needs a value: ${flag.shown}`);
    values.set(token.name, [...(values.get(token.name) ?? []), token.value ?? '']);
  }
  return { values, positionals };
}

function unknownFlag(name: CommandName, given: string, flags: Record<string, Flag>): SluiceError {
  const nearest = nearestName(given.replace(/^-+/, ''), Object.keys(flags));
  const hint = nearest === undefined ? `; see sluice ${name} --help` : `; did you mean '--${nearest}'?`;
  return invalid(name, `there is no flag '${given}'${hint}`);
}

/** Own names only: a parameter may be called `constructor`. */
function readParams(pairs: readonly string[]): Readonly<Record<string, string>> {
  const params: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const [name, value] = splitPair('--param', pair);
    if (name in params)
      throw new SluiceError(
        'PARAM_DUPLICATE',
        `parameter '${name}' is given twice: '${params[name]}' and '${value}'`,
      );
    params[name] = value;
  }
  return params;
}

function readLayers(
  name: CommandName,
  values: ReadonlyMap<string, readonly string[]>,
): readonly OptionLayer[] {
  const layers: OptionLayer[] = [];
  const add = (origin: string, key: string, value: unknown) =>
    layers.push({ origin, values: { [key]: value } });
  const [parallelism] = values.get('parallelism') ?? [];
  const [memory] = values.get('memory') ?? [];
  if (parallelism !== undefined) add('--parallelism', 'parallelism.default', parallelism);
  if (memory !== undefined) add('--memory', 'sluice.memory', memory);
  if (values.has('no-chaining')) add('--no-chaining', 'pipeline.operator-chaining.enabled', false);
  const defined: Record<string, string> = {};
  for (const pair of values.get('define') ?? []) {
    const [key, value] = splitPair('-D', pair);
    if (Object.hasOwn(defined, key))
      throw invalid(name, `-D ${key} is given twice: '${defined[key]}' and '${value}'`);
    defined[key] = value;
  }
  if (Object.keys(defined).length > 0) layers.push({ origin: '-D', values: defined });
  return layers;
}

function splitPair(flag: string, pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1)];
  throw new SluiceError('COMMAND_INVALID', `${flag} takes name=value, not '${pair}'`);
}

function invalid(name: CommandName, what: string): SluiceError {
  return new SluiceError('COMMAND_INVALID', `sluice ${name}: ${what}`);
}
