import { parseArgs } from 'node:util';
import { SluiceError } from '../base/errors.js';
import { didYouMean, nearestName } from '../base/nearest.js';
import type { OptionLayer } from '../base/option-catalogue.js';
import { EXAMINE_SECONDS } from '../control/diagnosis/examine-seconds.js';
import type { ServeOptions } from '../control/run.js';
import { COMMANDS, type CommandName, type Flag, JOB_FLAGS } from './command-table.js';
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
  | { readonly kind: 'stop'; readonly id: string; readonly isCancel: boolean }
  /** Null: the only run there is, or the one that is chosen. */
  | { readonly kind: 'top'; readonly id: string | null }
  | { readonly kind: 'demo' };

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
type RunsCommandName = 'ls' | 'stop' | 'top';
type JobCommandName = Exclude<CommandName, RunsCommandName | 'demo'>;

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
  if (first === 'ls' || first === 'stop' || first === 'top') return readRunsCommand(first, rest);
  if (first === 'demo') return readDemo(rest);
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
function readRunsCommand(name: RunsCommandName, args: readonly string[]): Command {
  const { values, positionals } = readFlags(name, args);
  if (values.has('help')) return { kind: 'help', topic: name };
  const [id, surplus] = name === 'ls' ? [undefined, ...positionals] : positionals;
  if (surplus !== undefined) throw invalid(name, `'${surplus}' is one too many`);
  if (name === 'ls') return { kind: 'ls', json: values.has('json') };
  if (name === 'top') return { kind: 'top', id: id ?? null };
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

function readDemo(args: readonly string[]): Command {
  const { values, positionals } = readFlags('demo', args);
  if (values.has('help')) return { kind: 'help', topic: 'demo' };
  if (positionals[0] !== undefined) throw invalid('demo', `'${positionals[0]}' is one too many`);
  return { kind: 'demo' };
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
