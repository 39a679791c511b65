import type { ServerResponse } from 'node:http';

/** What a route answers: a text, or a stream that it writes itself. */
export type Answer = TextAnswer | StreamAnswer;

export interface TextAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export interface StreamAnswer {
  readonly type: string;
  /** Called once the head has been written; ends the response itself. */
  readonly stream: (response: ServerResponse) => void;
}

const JSON_TYPE = 'application/json; charset=UTF-8';

export function json(body: unknown, status = 200): TextAnswer {
  return { status, type: JSON_TYPE, text: JSON.stringify(body) };
}

/** A request that is not answered as it was asked, with the status that says why. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, what: string, headers: Readonly<Record<string, string>> = {}) {
    super(what);
    this.status = status;
    this.headers = headers;
  }
}

/** In the form of Flink. */
export function refusalJson(status: number, what: string): TextAnswer {
  return json({ errors: [what] }, status);
}
