/**
 * Questions to the query API. Few at a time, because the deployed function answers few at a time; a busy server is asked
 * again. Whether the server is there at all is known in one place (`connection`), and the whole page says it once.
 */
import { problemIn } from './answers.ts';

export interface Problem {
  /** `gone` nobody answers; `refused` not allowed; `bad` the question; `missing` no such thing; `broken` the server. */
  readonly kind: 'gone' | 'refused' | 'bad' | 'missing' | 'broken';
  readonly title: string;
  readonly detail: string;
}
export type Answer<T> = { readonly data: T } | { readonly problem: Problem };

const AT_ONCE = 3;
const PATIENCE_MS = 20_000;
const BUSY = [429, 503];
const AGAIN_MS = [700, 2000];

const GONE: Problem = {
  kind: 'gone',
  title: 'The server does not answer',
  detail: 'Start gridwatch again, or check the connection; this page goes on by itself.',
};
const STRANGE: Problem = {
  kind: 'broken',
  title: 'The answer has another form',
  detail: 'The server may have been updated since this page was opened: reload the page.',
};
const REFUSED_DETAIL =
  'Open the dashboard through `gridwatch dashboard` with AWS credentials that may call the query API.';

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export interface Connection {
  readonly isGone: boolean;
  /** Of the last answer. */
  readonly answeredMs: number | null;
}
let connection: Connection = { isGone: false, answeredMs: null };
const listeners = new Set<(state: Connection) => void>();
export const currentConnection = (): Connection => connection;
export function onConnection(listener: (state: Connection) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function tell(state: Connection): void {
  connection = state;
  for (const listener of listeners) listener(state);
}

/** `path` is relative to the page, so that it also works behind a proxy. */
export async function ask<T>(
  path: string,
  is: (value: unknown) => value is T,
  init: RequestInit = {},
): Promise<Answer<T>> {
  const response = await inTurn(() => patiently(path, init));
  if (response === null) {
    if (!init.signal?.aborted) tell({ ...connection, isGone: true });
    return { problem: GONE };
  }
  tell({ isGone: false, answeredMs: Date.now() });
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => undefined);
  if (!response.ok) return { problem: problemOf(response.status, body) };
  return is(body) ? { data: body } : { problem: STRANGE };
}

async function patiently(path: string, init: RequestInit): Promise<Response | null> {
  for (const againMs of [...AGAIN_MS, null]) {
    const response = await once(path, init);
    if (againMs === null || response === null || !BUSY.includes(response.status)) return response;
    await pause(againMs);
  }
  return null;
}

async function once(path: string, init: RequestInit): Promise<Response | null> {
  const tooLong = AbortSignal.timeout(PATIENCE_MS);
  const signal = init.signal ? AbortSignal.any([init.signal, tooLong]) : tooLong;
  try {
    const response = await fetch(path, { ...init, signal, headers: { Accept: 'application/json', ...init.headers } });
    // What a proxy says when nobody is behind it.
    return response.status === 502 || response.status === 504 ? null : response;
  } catch {
    return null;
  }
}

export function problemOf(status: number, body: unknown): Problem {
  const { title, detail } = problemIn(body);
  const kind =
    status === 401 || status === 403 ? 'refused' : status === 404 ? 'missing' : status < 500 ? 'bad' : 'broken';
  const usual = {
    refused: ['You may not read this', REFUSED_DETAIL],
    missing: ['There is no such thing', 'The link may be old.'],
    bad: ['The question cannot be answered', 'Reset the range and the filters.'],
    broken: ['The server could not answer', 'Its log says why. The page asks again by itself.'],
  }[kind];
  return { kind, title: title ?? usual[0] ?? '', detail: detail ?? usual[1] ?? '' };
}
