/** A flag as it is read, and as it is told. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** How it is written in help. */
  readonly shown: string;
  readonly meaning: string;
}

// biome-ignore format: a table
export const JOB_FLAGS = {
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
  top: {
    operand: '[id]',
    meaning: 'look at a running job: its graph, who is busy and who waits, and what holds it up',
    flags: { ...COMMON_FLAGS },
  },
  demo: {
    operand: '',
    meaning: 'see backpressure: a job whose sink you slow with a key',
    flags: { ...COMMON_FLAGS },
  },
} as const satisfies Record<string, { operand: string; meaning: string; flags: Record<string, Flag> }>;

export type CommandName = keyof typeof COMMANDS;
