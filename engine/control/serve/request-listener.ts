import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, Refusal, refusalJson } from './answer.js';
import type { DoorRules } from './call.js';
import { placeOf } from './route-table.js';
import type { RunBoard } from './served-run.js';

/** No request that means anything here is longer. */
const BODY_BYTES_MAX = 64 * 1024;
const URL_CHARACTERS_MAX = 8 * 1024;

const ACTS: ReadonlySet<string> = new Set(['PATCH', 'POST']);

/**
 * Answers requests: every one with a status, and with `{"errors":[…]}` where it is not answered as it was asked.
 * Nothing that is sent here can throw past it.
 */
export function requestListener(
  board: RunBoard,
  rules: DoorRules,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    response.on('error', () => {}); // whoever asked has left
    request.on('error', () => {});
    void answerTo(request, response, board, rules)
      .catch((error: unknown) => refusalOf(error))
      .then((answer) => write(request, response, answer, rules));
  };
}

async function answerTo(
  request: IncomingMessage,
  response: ServerResponse,
  board: RunBoard,
  rules: DoorRules,
): Promise<Answer> {
  const { method = '', url = '' } = request;
  const { host } = request.headers;
  if (host === undefined && request.httpVersion === '1.1')
    throw new Refusal(400, 'the header Host is missing');
  if (rules.isLoopback) refuseStrangeHost(host);
  if (url.length > URL_CHARACTERS_MAX)
    throw new Refusal(414, `the URL is longer than ${URL_CHARACTERS_MAX} characters`);
  if (!url.startsWith('/')) throw new Refusal(400, 'the request target is a path');
  const [path = '', query = ''] = url.split('#')[0]!.split(/\?(.*)/s);
  const place = placeOf(path);
  if (method === 'OPTIONS') return optionsAnswer(response, place.methods);
  if (!place.methods.includes(method))
    throw new Refusal(405, `${method} is not possible here`, { Allow: place.methods.join(', ') });
  if (ACTS.has(method)) {
    refuseStrangers(request, rules);
    await readBody(request);
  }
  return place.answer(method, new URLSearchParams(query), board, rules);
}

/** A page of another site that had its name point to this machine could else read what is here. */
function refuseStrangeHost(host: string | undefined): void {
  if (host === undefined || /^(localhost|[\d.]+|\[[0-9a-f:.]+\])(:\d+)?$/i.test(host)) return;
  throw new Refusal(421, 'this address is asked for by its number, or as localhost');
}

function refuseStrangers({ headers }: IncomingMessage, rules: DoorRules): void {
  if (!rules.canCancel) throw new Refusal(403, 'web.cancel.enable is off');
  if (rules.isOwner) return;
  if (rules.token === null)
    throw new Refusal(403, 'this server can only be read from: it was started without a token');
  const given = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];
  if (given === undefined || !timingSafeEqual(digest(given), digest(rules.token)))
    throw new Refusal(401, 'Authorization: Bearer with the token of this server is needed', {
      'WWW-Authenticate': 'Bearer',
    });
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Reads it to its end, so that the connection can go on, and refuses what is not an object of JSON. */
async function readBody(request: IncomingMessage): Promise<void> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new Refusal(415, 'the body is sent as it is, not compressed');
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  if (bytes === 0) return;
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new Refusal(400, `the body is not JSON in UTF-8: ${(error as Error).message}`);
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal(400, 'the body is an object');
}

const tooLarge = (): Refusal => new Refusal(413, `the body is larger than ${BODY_BYTES_MAX} bytes`);

function optionsAnswer(response: ServerResponse, methods: readonly string[]): Answer {
  const all = [...methods, 'OPTIONS'].join(', ');
  response.setHeader('Allow', all);
  response.setHeader('Access-Control-Allow-Methods', all);
  response.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type');
  return { status: 204, type: '', text: '' };
}

function refusalOf(error: unknown): Answer & { readonly headers?: Refusal['headers'] } {
  if (error instanceof Refusal)
    return { ...refusalJson(error.status, error.message), headers: error.headers };
  return refusalJson(500, error instanceof Error ? error.message : String(error));
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer & { readonly headers?: Refusal['headers'] },
  { allowOrigin }: DoorRules,
): void {
  if (response.destroyed) return;
  if (allowOrigin !== null) {
    response.setHeader('Access-Control-Allow-Origin', allowOrigin);
    response.setHeader('Vary', 'Origin');
  }
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.type !== '') response.setHeader('Content-Type', answer.type);
  // What a request goes on to send is not waited for.
  const hasRest = !request.complete && hasBody(request);
  if (hasRest) response.setHeader('Connection', 'close');
  if ('stream' in answer) {
    response.writeHead(200);
    if (request.method === 'HEAD') response.end();
    else answer.stream(response);
    return;
  }
  response.writeHead(answer.status, { 'Content-Length': Buffer.byteLength(answer.text) });
  response.end(answer.text, () => {
    if (hasRest) request.destroy();
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
