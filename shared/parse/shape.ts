/**
 * Families of log shapes. The first row whose test holds names the record's shape and, unless it says `null`, what kind of
 * record it is. A new shape is a row here, aliases in `fields.ts` where it uses new names, and a fixture.
 */
import type { RecordKind } from '../record.ts';
import { type Screened, screened } from '../screen.ts';
import type { Evidence } from './evidence.ts';

interface Shape {
  readonly name: string;
  /** `null`: a final failure or a success, as the status says. */
  readonly kind: RecordKind | null;
  readonly test: (evidence: Evidence) => boolean;
}

const text = (pattern: RegExp | Screened): Shape['test'] => {
  const screen = pattern instanceof RegExp ? screened(pattern) : pattern;
  return ({ text: all }) => screen.test(all.length > 60_000 ? all.slice(0, 60_000) : all);
};

const RETRY_NOTICE = screened(
  /\bRetrying\b[^\n]{0,200}? in \d[\d.]{0,20} ?(?:s\b|sec|ms\b)|\bRetrying request\b|\bretrying,? (?:once|\d{1,3} attempts? remaining|in \d)|[,;(–—-] ?retrying\b|\bRetry error\. Retry count: \d|\bas it raised\b|\bRetrying in \d|\bReconnecting\b|\bwill (?:be )?retr(?:y|ied)\b|\bthis was (?:attempt|the \d)/i,
);

/** Structured loggers, by the names of their fields. */
const LOGGERS: readonly { readonly name: string; readonly test: (keys: ReadonlySet<string>) => boolean }[] = [
  { name: 'pino', test: (keys) => ['level', 'time', 'pid', 'hostname'].every((key) => keys.has(key)) },
  {
    name: 'powertools',
    test: (keys) => keys.has('functionarn') || keys.has('coldstart') || keys.has('functionrequestid'),
  },
  {
    name: 'lambda-json',
    test: (keys) => keys.has('requestid') && keys.has('timestamp') && (keys.has('level') || keys.has('loglevel')),
  },
  { name: 'winston', test: (keys) => keys.has('level') && keys.has('message') },
  { name: 'json', test: () => true },
];
export const loggerOf = ({ logger }: Pick<Evidence, 'logger'>): string | null =>
  logger === null ? null : (LOGGERS.find(({ test }) => test(logger))?.name ?? null);

export const SHAPES: readonly Shape[] = [
  { name: 'own-log', kind: null, test: (e) => e.isJson && e.facts.get('service')?.value === 'gridwatch' },
  {
    name: 'litellm-payload',
    kind: null,
    test: (e) =>
      e.isJson && (e.keys.has('errorinformation') || e.keys.has('customllmprovider') || e.keys.has('litellmcallid')),
  },
  { name: 'otel-genai', kind: null, test: ({ keys: seen }) => [...seen].some((key) => key.startsWith('genai')) },
  {
    name: 'llmgrid-trace',
    kind: null,
    test: (e) =>
      e.isJson && e.keys.has('traceid') && e.keys.has('route') && (e.keys.has('tenantid') || e.keys.has('projectid')),
  },
  {
    name: 'access-line',
    kind: 'attempt',
    test: (e) => e.isJson && ['httpmethod', 'path', 'status'].every((key) => e.keys.has(key)),
  },
  ...LOGGERS.map(({ name, test }) => ({ name, kind: null, test: (e: Evidence) => e.isJson && test(e.keys) })),
  { name: 'openai-node-line', kind: null, test: text(/\[log_[0-9a-z]{4,12}[,\]]/) },
  { name: 'ai-sdk', kind: null, test: text(/\bAI_[A-Z]\w{2,40}Error\b|\bAPICallError\b/) },
  { name: 'axios', kind: null, test: text(/\bAxiosError\b/) },
  { name: 'openai-node', kind: null, test: text(/\bheaders: (?:Headers|\{)|requestID: |\berror: \{\s{1,20}message: /) },
  { name: 'python-traceback', kind: null, test: text(/Traceback \(most recent call last\):/) },
  { name: 'tenacity', kind: 'retry-notice', test: text(/\bas it raised\b|\bFinished call to\b/) },
  {
    name: 'openai-python',
    kind: null,
    test: text(/\bError code: ?\d{3}\b|\bopenai\.(?:\w{1,40}\.)?[A-Z]\w{2,40}Error\b/),
  },
  { name: 'litellm-text', kind: null, test: text(/\blitellm\b|Received Model Group=|\bLiteLLM\b/) },
  // One answer, told by the HTTP client and at level DEBUG by the SDK above it and the transport below: three shapes, so that
  // they are echoes of each other and never three calls.
  { name: 'httpx-line', kind: 'attempt', test: text(/\bHTTP Request: [A-Z]{3,7} https?:/) },
  { name: 'sdk-answer-line', kind: 'attempt', test: text(/\bHTTP Response: [A-Z]{3,7} /) },
  { name: 'transport-line', kind: 'attempt', test: text(/receive_response_headers\.complete/) },
  { name: 'sdk-retry-line', kind: 'retry-notice', test: text(RETRY_NOTICE) },
  {
    name: 'access-line',
    kind: 'attempt',
    test: text(
      / [1-5]\d\d (?:[1-5]\d\d|-) \d{1,12} \d{1,12} "(?:GET|POST) https?:|"(?:GET|POST) \/[^\s"]{1,400}(?: HTTP\/\d(?:\.\d)?)?" [1-5]\d\d\b|\b(?:GET|POST) \/[^\s"]{1,400}(?: HTTP\/\d(?:\.\d)?"?)? (?:- |-> |→ )?[1-5]\d\d\b|[|\]]\s{0,3}[1-5]\d\d\s{0,3}\|.{0,80}\|\s{1,4}(?:GET|POST)\s{1,8}"?\//,
    ),
  },
  { name: 'sse-error', kind: null, test: text(/^event: error\b/m) },
  { name: 'node-inspect', kind: null, test: text(/^\s{0,8}(?:status|statusCode|code|type): ['"\d]/m) },
  { name: 'text', kind: null, test: () => true },
];

/** Lines of `[log_…]` say themselves whether the SDK goes on. */
const ENDED = screened(/no more retries left|\berror; /);

/** Records of gateways and tracers, whoever carries them. */
const OF_CALLS = new Set(['own-log', 'litellm-payload', 'otel-genai', 'llmgrid-trace']);

export function shapeOf(evidence: Evidence): { name: string; kind: RecordKind | null } {
  const row = SHAPES.find(({ test }) => test(evidence)) as Shape;
  const kind = row.kind ?? kindIn(evidence, row.name);
  // A logger may carry the lines of the HTTP client and the SDK: a try stays a try.
  const isItsOwn = row.kind !== null || OF_CALLS.has(row.name);
  return { name: isItsOwn ? row.name : (loggerOf(evidence) ?? row.name), kind };
}

/** Of shapes that tell of tries as well as of ends. */
function kindIn(evidence: Evidence, shape: string): RecordKind | null {
  if (shape === 'openai-node-line' && ENDED.test(evidence.text)) return 'attempt';
  if (shape === 'openai-node-line') return /retrying/.test(evidence.text) ? 'retry-notice' : null;
  if (shape === 'litellm-text' && ROUTER_TRY.test(evidence.text)) return 'retry-notice';
  return isRetryNotice(evidence) ? 'retry-notice' : null;
}

/** The gateway's router tells each try of a call, at a level for whoever debugs it. */
const ROUTER_TRY = screened(
  /\bLiteLLM Router:(?:DEBUG|INFO)\b[^\n]{0,80}\b[a-z_]{4,40}\(model=[^)\n]{1,120}\)[^\n]{0,12}\bException\b/,
);

/** `attempt 1/3`, `try 2 of 3`: more will follow, unless it is the last. `attempt 2` does not say. */
const NUMBERED = screened(
  /(?<![A-Za-z])(?:attempt|try|retry|intento|tentativa|tentative|Versuch|попытка|lần|试)\s?#?:?\s?(\d{1,3})\s?(?:\/|of|de|von|из)\s?(\d{1,3})\b/i,
);

const COUNTED = screened(/(?<![A-Za-z])attempt\s?#?[:=]?\s?(\d{1,2})\b(?!\s?(?:times|s\b|sec|ms|min|%)|[.:]\d)/i);
export function numberedTry(text: string): { readonly nth: number; readonly last: number | null } | null {
  const [, nth, last] = NUMBERED.exec(text) ?? COUNTED.exec(text) ?? [];
  return nth === undefined ? null : { nth: Number(nth), last: last === undefined ? null : Number(last) };
}

const GIVEN_UP = screened(/\bTraceback\b|no more retries|giving up|gave up/i);

/** A retry notice, unless the same text also tells the end. Of a JSON record its texts say so, not its names and numbers. */
function isRetryNotice({ text, isJson, said }: Evidence): boolean {
  const told = isJson ? said : text;
  const head = told.length > 20_000 ? told.slice(0, 20_000) : told;
  const numbered = numberedTry(head);
  const willFollow = numbered !== null && numbered.nth < (numbered.last ?? 0);
  return (willFollow || RETRY_NOTICE.test(head)) && !GIVEN_UP.test(head);
}
