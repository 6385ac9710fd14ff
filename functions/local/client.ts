/**
 * Asks the query API, wherever it is: a deployed Function URL (signed), a local server, or a store's file opened here. What
 * goes wrong on the way is said in one sentence that names the way out.
 */
import { existsSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };
import { queryApi } from '../../shared/api.ts';
import { nearest } from '../../shared/nearest.ts';
import { UsageError } from './exit.ts';
import { DEFAULT_PROFILE, readProfiles } from './profiles.ts';
import { openSqliteStore } from './sqlite-store.ts';

/** Where to ask; the first that is given counts. */
export interface Place {
  readonly db?: string | undefined;
  readonly url?: string | undefined;
  readonly profile?: string | undefined;
  /** Of a signed URL that does not name its region. */
  readonly region?: string | undefined;
}

export interface Question {
  readonly method?: string;
  /** With a query string, beginning with `/`. */
  readonly path: string;
  readonly accept?: string;
  /** JSON. */
  readonly body?: string | null;
}

export interface Client {
  /** For sentences: where it asks. */
  readonly name: string;
  /** The answer, whatever its status; throws where there is none. */
  ask(question: Question): Promise<Response>;
  close(): Promise<void>;
}

export const LOCAL_URL = 'http://127.0.0.1:4600';
const PATIENCE_MS = 30_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
const FUNCTION_URL = /^[a-z0-9]+\.lambda-url\.([a-z0-9-]+)\.on\.aws$/;

export async function openClient(place: Place): Promise<Client> {
  if (place.db !== undefined) return storeClient(place.db);
  const { url, region } = addressOf(place);
  const signed = region ?? FUNCTION_URL.exec(new URL(url).hostname)?.[1] ?? null;
  return urlClient(url, signed);
}

function addressOf({ url, profile, region }: Place): { readonly url: string; readonly region: string | undefined } {
  if (url !== undefined) return { url: checkedUrl(url), region };
  const profiles = readProfiles();
  const known = Object.keys(profiles);
  const saved = profiles[profile ?? DEFAULT_PROFILE];
  if (saved) return { url: checkedUrl(saved.url), region: region ?? saved.region };
  if (profile === undefined) return { url: LOCAL_URL, region };
  const meant = nearest(profile, known);
  const list = known.length === 0 ? 'none is saved' : `saved are ${known.join(', ')}`;
  throw new UsageError(
    `There is no profile ${profile}${meant ? ` (perhaps ${meant}?)` : ''}: ${list}; \`gridwatch profile ${profile} --url URL\` saves it.`,
  );
}

export function checkedUrl(text: string): string {
  const url = URL.parse?.(text) ?? parsed(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(
      `"${text.slice(0, 80)}" is no URL; write it as https://….lambda-url.REGION.on.aws or ${LOCAL_URL}.`,
    );
  return url.href.replace(/\/{1,9}$/, '');
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function storeClient(path: string): Client {
  if (!existsSync(path))
    throw new UsageError(`${path} does not exist; \`gridwatch start FILE --db ${path}\` makes a store.`);
  const store = openSqliteStore(path);
  const api = queryApi({ store, now: Date.now, version: packageJson.version });
  return {
    name: path,
    ask: (question) => api(new Request(`${LOCAL_URL}${question.path}`, initOf(question))),
    close: () => store.close(),
  };
}

const initOf = ({ method = 'GET', accept = 'application/json', body = null }: Question) => ({
  method,
  headers: { Accept: accept, ...(body !== null && { 'Content-Type': 'application/json' }) },
  body,
});

async function urlClient(base: string, region: string | null): Promise<Client> {
  const sign = region === null ? null : (await import('./signer.ts')).signerFor(region);
  const ask = async (question: Question): Promise<Response> => {
    const init = initOf(question);
    const request = { url: `${base}${question.path}`, ...init };
    const { url, headers } = sign ? await sign(request) : request;
    const response = await fetch(url, {
      ...init,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((cause: unknown) => {
      throw unreachable(base, cause);
    });
    const isRefused = response.status === 403 || response.status === 401;
    if (sign && isRefused && !isProblem(response)) throw await refused(base, region ?? '', response);
    return response;
  };
  return { name: base, ask, close: async () => {} };
}

export const isProblem = (response: Response): boolean =>
  response.headers.get('content-type')?.startsWith('application/problem+json') ?? false;

const broken = (code: string, sentence: string, cause?: unknown): Error =>
  Object.assign(new Error(sentence, { cause }), { code });

const REACHED: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known; check the URL (the output queryUrl of the stack)',
  EAI_AGAIN: 'its name could not be looked up; check the network',
  TimeoutError: 'it did not answer within 30 s; try a shorter range, or again in a minute',
};

/** Codes are in the cause, or in the errors of an AggregateError (one per address that was tried). */
function unreachable(base: string, error: unknown): Error {
  const { name, cause }: { name?: unknown; cause?: { code?: unknown; errors?: { code?: unknown }[] } } = Object(error);
  const code = String(cause?.code ?? cause?.errors?.[0]?.code ?? name);
  const local =
    'no gridwatch is serving there; `gridwatch start` does, --db PATH asks a store, --url URL a deployed one';
  const why = REACHED[code] ?? (isLoopback(base) ? local : `the connection failed (${code}); try again`);
  return broken('UNREACHABLE', `Nothing answered at ${base}: ${why}.`, error);
}

const isLoopback = (base: string): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(base).hostname);

/** What AWS itself answers before the function is asked. */
async function refused(base: string, region: string, response: Response): Promise<Error> {
  const text = (await response.text()).slice(0, 2000);
  const type = response.headers.get('x-amzn-errortype') ?? '';
  if (/region/i.test(text))
    return broken('WRONG_REGION', `${base} is not in the region ${region}; name its own with --region REGION.`);
  if (/expired/i.test(text) || /expired/i.test(type))
    return broken(
      'CREDENTIALS_EXPIRED',
      'The AWS credentials have expired; renew them, for example with `aws sso login`.',
    );
  if (/signature|security token/i.test(`${type} ${text}`))
    return broken(
      'BAD_CREDENTIALS',
      'AWS does not accept these credentials; check the keys, the session token and the clock.',
    );
  return broken(
    'DENIED',
    `These AWS credentials may not ask ${base}; allow them lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function, as grantQuery of the construct does.`,
  );
}
