/** What tests ask a server, and what they hold its answers against. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** In place of the port of the URL. */
  readonly socketPath?: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** @param path  sent as it is, however strange */
export function ask(
  url: string,
  path: string,
  { method = 'GET', headers = {}, body, socketPath }: Asked = {},
) {
  return new Promise<Answered>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const where = socketPath === undefined ? { host: hostname, port } : { socketPath };
    const asked = request({ ...where, path, method, headers, agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode!,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

export async function askJson(url: string, path: string, asked: Asked = {}): Promise<any> {
  const { status, text } = await ask(url, path, asked);
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  return JSON.parse(text);
}

/** Bytes as they are, and all that comes back until the other side closes. */
export function askRaw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {}); // the other side may close while we write
    socket.on('close', () => resolve(text));
  });
}

/** The types of a value, as one can hold it against a list: arrays by what their first item is. */
export type Shape = string | { readonly [name: string]: Shape } | readonly Shape[];

/** A shape that any of these fits; `int` is a number without a fraction. */
export const either = (...shapes: readonly string[]): string => shapes.join('|');

/** Where a value is not of a shape; every member is named and no other is there. `?` after a name: it may be absent. */
export function differences(value: unknown, shape: Shape, at = ''): readonly string[] {
  if (typeof shape === 'string') {
    const kinds = shape.split('|');
    return kinds.some((kind) => fits(value, kind)) ? [] : [`${at}: ${JSON.stringify(value)} is not ${shape}`];
  }
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${at}: not a list`];
    return value.flatMap((item, index) => differences(item, shape[0] as Shape, `${at}[${index}]`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: not an object`];
  const wanted = new Map(
    Object.entries(shape as Readonly<Record<string, Shape>>).map(([name, each]) => [
      name.replace(/\?$/, ''),
      each,
    ]),
  );
  const missing = Object.keys(shape)
    .filter((name) => !name.endsWith('?') && !Object.hasOwn(value, name))
    .map((name) => `${at}.${name}: missing`);
  return [
    ...missing,
    ...Object.entries(value).flatMap(([name, each]) => {
      const inner = wanted.get(name);
      return inner === undefined
        ? [`${at}.${name}: not in the list`]
        : differences(each, inner, `${at}.${name}`);
    }),
  ];
}

function fits(value: unknown, kind: string): boolean {
  if (kind === 'null') return value === null;
  if (kind === 'int') return Number.isSafeInteger(value) || value === 2 ** 63;
  if (kind === 'hex32') return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
  if (kind === 'empty')
    return Array.isArray(value) ? value.length === 0 : Object.keys(value as object).length === 0;
  if (kind.startsWith("'")) return value === kind.slice(1, -1);
  return typeof value === kind;
}

/** A metric as the text format of Prometheus has it. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf)$/;

/**
 * Reads the text format, version 0.0.4, and is strict about it: each line is HELP, TYPE or a sample without a
 * timestamp, HELP and TYPE stand once before the samples of their name, these stand together, and no sample is twice.
 *
 * @throws Error  the line, and what is wrong with it
 */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family & { samples: Family['samples'][number][] }>();
  const heads = new Map<string, { help?: string; type?: string }>();
  const seen = new Set<string>();
  let current = '';
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const head = new RegExp(`^# (HELP|TYPE) (${NAME}) (.*)$`).exec(line);
    if (head !== null) {
      const [, what, name, rest] = head as unknown as [string, 'HELP' | 'TYPE', string, string];
      const known = heads.get(name) ?? {};
      if (families.has(name)) fail('a head after its samples');
      const key = what === 'HELP' ? 'help' : 'type';
      if (known[key] !== undefined) fail('a head twice');
      if (what === 'TYPE' && !/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) fail('no such type');
      if (what === 'HELP' && /\\(?![\\n])/.test(rest)) fail('a wrong escape');
      heads.set(name, { ...known, [key]: rest });
      continue;
    }
    const sample = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`).exec(line);
    if (sample === null) return fail('neither a head nor a sample');
    const [, written, labelText = '', number] = sample as unknown as [
      string,
      string,
      string | undefined,
      string,
    ];
    const whole = written.replace(/_(sum|count)$/, '');
    const name = heads.get(whole)?.type === 'summary' ? whole : written;
    const { help, type } = heads.get(name) ?? {};
    if (help === undefined || type === undefined) return fail('a sample without its heads');
    if (!NUMBER.test(number)) fail('not a number');
    if (name !== current && families.has(name)) fail('samples of a name apart');
    current = name;
    const labels = labelsIn(labelText, fail);
    const id = `${written} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (seen.has(id)) fail('a sample twice');
    seen.add(id);
    const value = Number(number.replace('Inf', 'Infinity'));
    if (type === 'counter' && !(value >= 0)) fail('a counter below 0');
    const family = families.get(name) ?? { help, type, samples: [] };
    family.samples.push({ labels, value });
    families.set(name, family);
  }
  for (const name of heads.keys())
    if (!families.has(name)) throw new Error(`heads without a sample: ${name}`);
  return families;
}

function labelsIn(text: string, fail: (why: string) => never): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const match = LABEL.exec(rest);
    if (match === null) return fail('not labels');
    const [all, name, value, comma] = match as unknown as [string, string, string, string];
    if (Object.hasOwn(labels, name)) fail('a label twice');
    if (comma === ',' && all.length === rest.length) fail('a comma at the end');
    labels[name] = value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
    rest = rest.slice(all.length);
  }
  return labels;
}
