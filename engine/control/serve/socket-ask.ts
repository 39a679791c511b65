import { type IncomingMessage, request } from 'node:http';

/** What is asked of the socket of a process that has runs. */

const ANSWER_MS_MAX = 2_000;

/**
 * Asks, and gives the answer, whose body is still to be read.
 *
 * @throws Error  nobody listens, or no answer came in time
 */
export function ask(
  socket: string,
  method: string,
  path: string,
  answerMsMax: number = ANSWER_MS_MAX,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, method, path, agent: false });
    const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), answerMsMax);
    asked.on('response', (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    asked.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    asked.end();
  });
}

/** @throws Error  as `ask`, or the answer is another than 200 */
export async function askJson<T>(socket: string, path: string): Promise<T> {
  const answer = await ask(socket, 'GET', path);
  const text = await textOf(answer);
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
  return JSON.parse(text) as T;
}

/** The whole body. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A server-sent event. */
export interface SocketEvent {
  readonly name: string;
  readonly data: string;
}

/** The events of an answer, until it ends or its process is gone. */
export async function* eventsIn(answer: IncomingMessage): AsyncGenerator<SocketEvent> {
  let text = '';
  try {
    for await (const chunk of answer.setEncoding('utf8')) {
      text += chunk as string;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const match = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end));
        text = text.slice(end + 2);
        if (match !== null) yield { name: match[1]!, data: match[2]! };
      }
    }
  } catch {
    // its process is gone
  }
}
