/** Evidence that passed the gate -> the call record: outermost status, telling texts, names, limits. */
import type { CallRecord, Limit, LogBatch, LogEvent, RecordKind, StatusSource } from '../record.ts';
import { dimension, redact, saltedHash } from '../redact.ts';
import { type Screened, screened } from '../screen.ts';
import type { Settings } from '../settings.ts';
import { isSuccess } from './ending.ts';
import { type Evidence, numberFact, stringFact } from './evidence.ts';
import { loggerOf, numberedTry } from './shape.ts';
import { leadingStatus, statusInText } from './status.ts';
import { ERROR_TYPE, PROVIDER_TOKEN, providerName, providerOfHost, REFUSAL } from './vocabulary.ts';

const LAMBDA_LOGGERS = new Set(['lambda-json', 'powertools']);

const MAX_MESSAGE = 1000;
/** Where a body could not be read as one, the name of its type still stands in its text. */
const MAX_TYPE_TEXT = 4000;

export interface StatusFound {
  readonly status: number | null;
  readonly source: StatusSource | null;
}

/**
 * The outermost status: a field of the error itself, then one written in the text, then any other status field, then a
 * numeric code. A 200 beside a failing status is the transport of an error inside a stream and does not count.
 */
export function statusOf(evidence: Evidence): StatusFound {
  const { statuses, said, ownStatus } = evidence;
  const byDepth = [...statuses].sort((a, b) => a.depth - b.depth);
  const field = (inError: boolean, isCode: boolean) =>
    byDepth.find((s) => s.inError === inError && s.isCode === isCode)?.status ?? null;
  // To read a text for its status takes long, and most JSON records say it in a field.
  const failing = evidence.isJson
    ? [field(true, false), field(false, false)].find((status) => (status ?? 0) >= 400)
    : null;
  if (failing) return { status: failing, source: 'http' };
  const textStatus = ownStatus ?? statusInText(said) ?? firstLeading(evidence.messages);
  const candidates: [number | null, StatusSource][] = evidence.isJson
    ? [
        [field(true, false), 'http'],
        [field(false, false), 'http'],
        [textStatus, 'text'],
        [field(true, true), 'body'],
        [field(false, true), 'body'],
      ]
    : [
        [textStatus, 'text'],
        [field(false, false), 'http'],
        [field(true, false), 'http'],
        [field(false, true), 'body'],
        [field(true, true), 'body'],
      ];
  const found = candidates.filter((c): c is [number, StatusSource] => c[0] !== null);
  const best = found.find(([status]) => status >= 400) ?? found[0];
  return best ? { status: best[0], source: best[1] } : { status: null, source: null };
}

/** What a body says may begin with the status, as an exception's text does. */
function firstLeading(messages: readonly string[]): number | null {
  for (const message of messages) {
    const status = leadingStatus(message);
    if (status !== null) return status;
  }
  return null;
}

export function kindOf(evidence: Evidence, shapeKind: RecordKind | null, status: number | null): RecordKind {
  if (shapeKind === 'retry-notice') return shapeKind;
  const failing = status !== null && status >= 400;
  if (!failing && !saysError(evidence) && (status !== null || isSuccess(evidence))) return 'success';
  return shapeKind ?? 'final';
}

/** An error is reported although the status is missing or fine: a body inside a stream, an exception, an error field. */
const saysError = (evidence: Evidence): boolean =>
  // OpenTelemetry's `error.type` stands only on failures.
  (evidence.keys.has('errortype') && evidence.types.length > 0) ||
  (evidence.hasErrorNest && (evidence.messages.length > 0 || evidence.types.length > 0)) ||
  evidence.statuses.some((s) => s.inError && s.status >= 400) ||
  (evidence.classes.length > 0 && !evidence.keys.has('usage')) ||
  // An answer that a filter took came with a 200.
  (evidence.keys.has('finishreason') && evidence.types.includes('content_filter')) ||
  /^event: error\b/m.test(evidence.around) ||
  REFUSAL.test(evidence.said);

export function recordOf(
  evidence: Evidence,
  shape: { name: string; kind: RecordKind },
  found: StatusFound,
  place: { batch: LogBatch; event: LogEvent; settings: Settings },
): CallRecord {
  const { batch, event, settings } = place;
  const text = readableText(evidence);
  const lambda = LAMBDA_LOGGERS.has(loggerOf(evidence) ?? shape.name);
  const name = (value: string | null) => dimension(value, settings.keySalt);
  const model = modelOf(evidence, text);
  // Of a JSON record only what is meant for people may name an id in passing; its fields are facts already.
  const told = evidence.isJson ? evidence.said : evidence.text;
  return {
    eventId: event.id,
    atMs: event.timestamp,
    logGroup: batch.logGroup,
    logStream: batch.logStream,
    shape: shape.name,
    kind: shape.kind,
    status: found.status,
    statusSource: found.source,
    errorType: shape.kind === 'success' ? null : errorTypeOf(evidence, text),
    errorClass: evidence.classes.length > 0 ? [...new Set(evidence.classes)].slice(0, 8).join(' ') : null,
    message: text === '' ? null : cut(redact(text), MAX_MESSAGE),
    writer: shape.kind === 'success' ? null : writerOf(evidence),
    provider: name(providerOf(evidence, text, model)),
    model: name(
      model === null
        ? null
        : model.replace(/^(?:openai|azure|anthropic|bedrock|vertex_ai|gemini|groq|mistral)[:/](?=.)/, ''),
    ),
    route: name(stringFact(evidence, 'route')),
    endpoint: evidence.target?.path?.replace(/\/v\d[^/]*(?=\/)/, '') ?? null,
    tenant: name(
      stringFact(evidence, 'tenant') ??
        (lambda ? null : stringFact(evidence, 'outerTenant')) ??
        TENANT_IN_TEXT.exec(text)?.[1] ??
        null,
    ),
    project: name(stringFact(evidence, 'project') ?? PROJECT_IN_TEXT.exec(text)?.[1] ?? null),
    keyAlias: name(keyAliasOf(evidence, text)),
    keyHash: keyHashOf(evidence, text, settings.keySalt),
    limit: limitOf(evidence, text),
    retryAfterMs: retryAfterOf(evidence, text),
    traceId: stringFact(evidence, 'traceId') ?? (shape.name === 'llmgrid-trace' ? traceIdOf(evidence) : null),
    requestId:
      SDK_CHAIN.exec(told)
        ?.slice(1)
        .findLast((id) => id !== undefined) ??
      stringFact(evidence, 'requestId') ??
      SDK_REQUEST_ID.exec(told)?.[1] ??
      null,
    invocationId: lambda
      ? (stringFact(evidence, 'invocationId') ?? stringFact(evidence, 'outerRequestId'))
      : (LAMBDA_PREFIX.exec(evidence.text)?.[1] ?? null),
    latencyMs: numberFact(evidence, 'latencyMs'),
    retryCount: numberFact(evidence, 'retryCount') ?? before(numberFact(evidence, 'attempt')) ?? attemptsInText(text),
    stream:
      evidence.facts.get('stream')?.value === true
        ? true
        : evidence.facts.get('stream')?.value === false
          ? false
          : null,
    tokens: tokensOf(evidence),
    service: name(stringFact(evidence, 'service')),
  };
}

const TENANT_IN_TEXT = screened(/\btenant(?:_id)?[=:] ?([\w.-]{1,64})/);
const PROJECT_IN_TEXT = screened(/\bproject(?:_id)?[=:] ?([\w.-]{1,64})/);
const KEY_IN_TEXT = screened(/\bKey=([\w.@-]{1,64})(?= \()/);
const KEY_ALIAS_IN_TEXT = screened(/\bkey_alias[=:] ?([\w.@-]{1,64})/);
const KEY_END_IN_TEXT = screened(/\bsk-[\w.-]{0,60}?([\w]{4})\b(?=[).,\s]|$)/);
const RESET_IN_TEXT = screened(/Limit resets at: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/);
const WAIT_IN_TEXT = screened(
  /(?:try again in|retry after|retry in) ((?:\d{1,6}(?:\.\d{1,12})?(?:ms|h|m|s)){1,4})(?![a-z])/i,
);
const WAIT_SECONDS_IN_TEXT = screened(/(?:try again in|retry after|retry in) (\d{1,9}(?:\.\d{1,12})?) ?sec/i);
const RETRIED_IN_TEXT = screened(/LiteLLM Retried: (\d{1,3}) times/);
const ATTEMPTS_IN_TEXT = screened(/Failed after (\d{1,3}) attempts?/);
const TRACE_ID_IN_TEXT = screened(/"trace_id"\s?:\s?"([\w-]{4,80})"/);
const LAMBDA_PREFIX = /^(?:\[[A-Z]{4,8}\]\t)?\d{4}-\d\d-\d\dT[\d:.]{8,15}Z\t([0-9a-f]{8}-[0-9a-f-]{27})\t/;
/** openai-node names each try; its retries name the first, which stands for the call. */
const SDK_CHAIN = screened(/\[(log_[0-9a-z]{4,12})(?:, retryOf: (log_[0-9a-z]{4,12}))?[,\]]/);
const SDK_REQUEST_ID = screened(
  /\b(?:x-request-id: |requestID: |request_id: |x-litellm-call-id['"]?: ?)['"]([\w-]{6,80})['"]/,
);

const traceIdOf = (evidence: Evidence): string | null =>
  TRACE_ID_IN_TEXT.exec(evidence.text.slice(0, 20_000))?.[1] ?? null;

const LEVEL = /\b(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRITICAL|FATAL)\b/;
/** `ERROR:name:`, `… - name - ERROR`, or the first name with dots in it. */
const LOGGER =
  /\b[A-Z]{4,8}:([\w.-]{2,80}):| - ([\w.-]{2,80}) - [A-Z]{4,8}\b|(?<![\w./@-])([a-z_]\w{0,60}(?:\.\w{1,60}){1,6})(?=[\]:\s])/;

/** Who wrote the line, where it says so before what it says. */
function writerOf(evidence: Evidence): string | null {
  const head = evidence.around.slice(0, 160);
  const level = evidence.facts.get('level')?.value ?? LEVEL.exec(head)?.[0];
  const logger =
    stringFact(evidence, 'logger') ??
    LOGGER.exec(head)
      ?.slice(1)
      .find((name) => name !== undefined);
  return [level, logger].filter((part) => part !== undefined).join(' ') || null;
}

/** What the error calls itself, and what its numbers say. */
function errorTypeOf({ types, text }: Evidence, readable: string): string | null {
  const named = types.length > 0 ? types : (ERROR_TYPE.exec(text.slice(0, MAX_TYPE_TEXT)) ?? []).slice(0, 1);
  const told = isAboveLimit(readable) ? ['requested_above_limit', ...named] : named;
  return told.length > 0 ? [...new Set(told)].slice(0, 8).join(' ') : null;
}

const REQUEST_LINE = screened(/\b(POST|GET) https?:\/\/\S{4,400}/g);
/** What was asked is no part of why it failed, and paths hold words of causes: `/v1/messages`. */
const withoutRequestLines = (text: string): string => REQUEST_LINE.replace(text, '$1');

const REQUESTED = screened(/\bLimit:? (\d{1,12}), (?:Used:? \d{1,12}, )?Requested:? ~?(\d{1,12})\b/);
/** A request that is larger than its limit is refused however long one waits. */
const isAboveLimit = (text: string): boolean => {
  const [, limit, requested] = REQUESTED.exec(text) ?? [];
  return requested !== undefined && Number(requested) > Number(limit);
};

/** The failure texts of the structures, then the text around them, each once; what a fallback said later is left out. */
function readableText(evidence: Evidence): string {
  const param = stringFact(evidence, 'param');
  const parts = [
    ...evidence.messages.map((message) => withoutRequestLines(message.slice(0, 700))),
    withoutRequestLines(evidence.around.slice(0, 1200)),
  ];
  // Which field of the request was refused; a short path such as `messages[0].role`.
  if (param !== null && /^[\w.[\]$-]{1,80}$/.test(param)) parts.push(`param=${param}`);
  const kept: string[] = [];
  for (const part of parts) {
    // Most texts are one line without gaps, and to look for one costs less than to write all blanks anew.
    const line = GAP.test(part) ? part.replace(/\s{1,200}/g, ' ') : part;
    const plain = line.split('Error doing the fallback:', 1)[0]?.trim() ?? '';
    // What a body inside a text says counts as if it stood alone.
    if (plain !== '' && !kept.some((other) => other.includes(plain) && !other.includes('{'))) kept.push(plain);
  }
  return kept.join('\n');
}

const GAP = /\s\s|[^\S ]/;

const cut = (text: string, length: number): string =>
  text.length <= length ? text : [...text.slice(0, length)].slice(0, -1).join('').toWellFormed();

const MODEL_IN_TEXT: readonly Screened[] = [
  /\bReceived Model Group=([\w.:@/+-]{2,100})/,
  /\b[Pp]assed model=([\w.:@/+-]{2,100})/,
  /\bmodel name passed in model=([\w.:@/+-]{2,100}?)\.? /,
  /\bThe (?:requested )?model [`'"]([\w.:@/+-]{2,100})[`'"]/i,
  /\bmodel[_ ]?(?:name|id)?['"]?\s?[=:]\s?['"`]?([A-Za-z][\w.:@/+-]{2,100})/i,
  /\bTried to access ([\w.:@/+-]{2,100})/,
  /\b(?:Rate limit reached|Request too large) for (?:model )?`?([\w.:@/-]{2,100})`? in/,
  /\/models?\/([\w.@%-]{2,100}):/,
].map(screened);

function modelOf(evidence: Evidence, text: string): string | null {
  const field = stringFact(evidence, 'model');
  if (field !== null && field.length <= 128) return field;
  const target = evidence.target?.path ?? '';
  for (const pattern of MODEL_IN_TEXT) {
    const match = pattern.exec(text) ?? pattern.exec(target);
    if (match) return (match[1] as string).replace(/[.,:]$/, '');
  }
  return null;
}

function providerOf(evidence: Evidence, text: string, model: string | null): string | null {
  const field = stringFact(evidence, 'provider');
  if (field !== null) return providerName(field);
  const token = PROVIDER_TOKEN.exec(text);
  if (token) return providerName(token[1] as string);
  const prefix =
    model === null
      ? null
      : /^(openai|azure|anthropic|bedrock|vertex_ai|gemini|groq|mistral|cohere|deepseek|ollama|openrouter)[:/]/.exec(
          model,
        );
  if (prefix) return prefix[1] as string;
  const host = evidence.target?.host ?? null;
  const byHost = host === null ? null : providerOfHost(host);
  // The gateway's own host says nothing about the provider behind it.
  return byHost === 'llmgrid' ? null : byHost;
}

const keyAliasOf = (evidence: Evidence, text: string): string | null =>
  stringFact(evidence, 'keyAlias') ??
  KEY_IN_TEXT.exec(text)?.[1] ??
  KEY_ALIAS_IN_TEXT.exec(text)?.[1]?.replace(/^None$/, '') ??
  null;

function keyHashOf(evidence: Evidence, text: string, salt: string): string | null {
  const key = stringFact(evidence, 'keyHash') ?? KEY_END_IN_TEXT.exec(text)?.[1] ?? null;
  return key === null ? null : saltedHash(key, salt);
}

const AMOUNT = '\\$?([\\d.,]{1,20}(?:e-?\\d{1,3})?)';
const LIMITS: readonly {
  readonly pattern: Screened;
  readonly limit: (match: RegExpExecArray) => Omit<Limit, 'resetsAtMs'>;
}[] = [
  {
    pattern: screened(
      /Rate limit exceeded for (\w{2,30}): [^.\s]{1,100}\. Limit type: (requests|tokens|max_parallel_requests)\. Current limit: (\d{1,15})(?:, Remaining: (\d{1,15}))?/,
    ),
    limit: (m) => ({
      scope: m[1] === 'api_key' ? 'key' : (m[1] as string),
      dimension: m[2] === 'max_parallel_requests' ? 'concurrency' : (m[2] as 'requests' | 'tokens'),
      limit: amount(m[3]),
      used: m[4] === undefined ? null : Number(m[3]) - Number(m[4]),
    }),
  },
  {
    // The gateway's handler names all its limits; the one that was crossed is told by the numbers.
    pattern: screened(/current rpm: (\d{1,15}), rpm limit: (\d{1,15}), current tpm: (\d{1,15}), tpm limit: (\d{1,15})/),
    limit: (m) => {
      const isTokens = Number(m[3]) >= Number(m[4]);
      const [used, limit] = isTokens ? [m[3], m[4]] : [m[1], m[2]];
      return { scope: null, dimension: isTokens ? 'tokens' : 'requests', limit: amount(limit), used: amount(used) };
    },
  },
  {
    pattern: screened(
      new RegExp(
        `(?:(Key|Team|User|Tag|End User)=\\S{1,80} (?:\\(\\S{1,60}\\) )?)?Current (?:cost|spend)[^\\d$]{1,20}${AMOUNT}[,;.] [Mm]ax[ _][Bb]udget\\S{0,20}: ${AMOUNT}`,
      ),
    ),
    limit: (m) => ({
      scope: m[1]?.toLowerCase() ?? null,
      dimension: 'budget',
      limit: amount(m[3]),
      used: amount(m[2]),
    }),
  },
  {
    pattern: screened(
      new RegExp(
        `(Key|Team|User|End User)=\\S{1,80} over (?:\\w{1,10} )?budget\\. Spend=${AMOUNT}, (?:Budget|Limit)=${AMOUNT}`,
      ),
    ),
    limit: (m) => ({
      scope: (m[1] as string).toLowerCase(),
      dimension: 'budget',
      limit: amount(m[3]),
      used: amount(m[2]),
    }),
  },
  {
    pattern: screened(
      /\b(RPM|TPM|requests per (?:min(?:ute)?|day)|tokens per (?:min(?:ute)?|day))(?: \([RT]P[MD]\))?:? (?:[Ll]imit)?[ =:]{1,2}(\d{1,15})(?:, (?:Used|current usage)[ =](\d{1,15}))?/,
    ),
    limit: (m) => ({
      scope: 'provider',
      dimension: /^r/i.test(m[1] as string) ? 'requests' : 'tokens',
      limit: amount(m[2]),
      used: m[3] === undefined ? null : amount(m[3]),
    }),
  },
];

const amount = (text: string | undefined): number | null => {
  const value = Number((text ?? '').replace(/,/g, '').replace(/\.$/, ''));
  return text !== undefined && Number.isFinite(value) ? value : null;
};

function limitOf(evidence: Evidence, text: string): Limit | null {
  const resetsAtMs = resetOf(evidence, text);
  for (const { pattern, limit } of LIMITS) {
    const match = pattern.exec(text);
    if (match) return { ...limit(match), resetsAtMs };
  }
  const type = stringFact(evidence, 'rateLimitType');
  if (type === 'requests' || type === 'tokens')
    return { scope: null, dimension: type, limit: null, used: null, resetsAtMs };
  if (type === 'concurrent_requests')
    return { scope: null, dimension: 'concurrency', limit: null, used: null, resetsAtMs };
  return type === 'budget' ? { scope: null, dimension: 'budget', limit: null, used: null, resetsAtMs } : null;
}

function resetOf(evidence: Evidence, text: string): number | null {
  // The gateway writes its local time and calls it UTC: taken as it stands, and nowhere used as more than a hint.
  const stated = RESET_IN_TEXT.exec(text);
  const iso = stated ? `${stated[1]}T${stated[2]}Z` : stringFact(evidence, 'resetAt');
  return iso === null ? null : instantOf(iso);
}

/** Milliseconds since 1970 of a time in ISO 8601; null where it is none. */
export function instantOf(iso: string): number | null {
  const at = Date.parse(iso);
  return Number.isFinite(at) ? at : null;
}

const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds to wait, capped at a day: providers are known to answer 86,400 s and more without meaning it. */
export const waitOf = (ms: number): number => Math.min(Math.round(ms), DAY_MS);

/** Wait the refusal asks for. */
function retryAfterOf(evidence: Evidence, text: string): number | null {
  const header = evidence.facts.get('retryAfter')?.value;
  if (header !== undefined && /^\d{1,9}(?:\.\d{1,9})?$/.test(String(header))) return waitOf(Number(header) * 1000);
  const hint = WAIT_IN_TEXT.exec(text);
  if (hint) {
    const parts = (hint[1] as string).matchAll(/([\d.]{1,20})(ms|h|m|s)/g);
    const total = [...parts].reduce((sum, part) => sum + Number(part[1]) * (UNIT_MS[part[2] as string] ?? 0), 0);
    return waitOf(total);
  }
  const seconds = WAIT_SECONDS_IN_TEXT.exec(text);
  return seconds ? waitOf(Number(seconds[1]) * 1000) : null;
}

/** Retries that the text itself reports. */
function attemptsInText(text: string): number | null {
  const retried = RETRIED_IN_TEXT.exec(text)?.[1];
  if (retried !== undefined) return Number(retried);
  const attempts = ATTEMPTS_IN_TEXT.exec(text)?.[1];
  return before(attempts === undefined ? (numberedTry(text)?.nth ?? null) : Number(attempts));
}

/** How many tries came before the nth. */
const before = (nth: number | null): number | null => (nth === null ? null : Math.max(0, nth - 1));

function tokensOf(evidence: Evidence): CallRecord['tokens'] {
  const prompt = numberFact(evidence, 'promptTokens');
  const completion = numberFact(evidence, 'completionTokens');
  return prompt === null && completion === null ? null : { prompt, completion };
}
