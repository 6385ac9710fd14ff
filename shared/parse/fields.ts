/**
 * Names under which loggers, SDKs and gateways print the same fact, and the walk that collects them from a structure.
 * One alias table instead of a parser per logger: a logger that nests its error elsewhere needs no new code.
 */
import { memo } from '../memo.ts';
import { OWN_FIELDS, type OwnField, type OwnFields } from '../own.ts';
import { type Fields, field, isFields, noFields, readJson, readLiteral, type Value } from './literal.ts';
import { readStatus } from './status.ts';

/** A single fact of a record; the first one found from the outside in wins. */
export type Fact =
  | 'provider'
  | 'model'
  | 'route'
  | 'url'
  | 'host'
  | 'path'
  | 'tenant'
  | 'outerTenant'
  | 'project'
  | 'keyAlias'
  | 'keyHash'
  | 'traceId'
  | 'requestId'
  | 'outerRequestId'
  | 'invocationId'
  | 'latencyMs'
  | 'retryCount'
  | 'attempt'
  | 'stream'
  | 'promptTokens'
  | 'completionTokens'
  | 'service'
  | 'level'
  | 'logger'
  | 'statusWord'
  | 'param'
  | 'rateLimitType'
  | 'retryAfter'
  | 'resetAt';

// Keys are compared in lower case without separators.
const ALIASES: ReadonlyMap<string, Fact> = new Map(
  (
    [
      ['provider', 'provider llmprovider customllmprovider genaiprovidername genaisystem apiprovider modelprovider'],
      ['model', 'model genairequestmodel requestedmodel modelname modelid modelgroup deploymentname'],
      ['route', 'route calltype'],
      ['url', 'url urlfull apibase baseurl serveraddress requesturl uri'],
      ['host', 'host'],
      ['path', 'path requestpath httppath urlpath httptarget'],
      ['tenant', 'tenantid tenant userapikeyorgid userapikeyorgalias organizationid'],
      [
        'project',
        'projectid project userapikeyprojectid userapikeyprojectalias userapikeyteamalias userapikeyteamid teamalias',
      ],
      ['keyAlias', 'keyalias userapikeyalias apikeyalias virtualkeyalias virtualkey'],
      ['keyHash', 'userapikeyhash hashedapikey userapikey'],
      ['traceId', 'xllmgridtraceid'],
      ['requestId', 'xlitellmcallid litellmcallid xrequestid llmrequestid callid'],
      ['invocationId', 'functionrequestid awsrequestid'],
      ['latencyMs', 'latencyms durationms responsetimems elapsedms latency duration responsetime elapsedtime'],
      ['retryCount', 'retrycount xlitellmattemptedretries httprequestresendcount'],
      ['attempt', 'attempt attemptnumber'],
      ['stream', 'stream'],
      ['promptTokens', 'prompttokens inputtokens genaiusageinputtokens prompt'],
      ['completionTokens', 'completiontokens outputtokens genaiusageoutputtokens completion'],
      ['service', 'service servicename'],
      ['level', 'level loglevel severity levelname'],
      ['logger', 'logger loggername module component caller sourcecontext'],
      ['statusWord', 'status outcome result resulttype success'],
      ['param', 'param'],
      ['rateLimitType', 'ratelimittype errorratelimittype'],
      ['retryAfter', 'retryafter retryafterms'],
      ['resetAt', 'resetat resetsat'],
    ] as const
  ).flatMap(([fact, names]) => names.split(' ').map((name) => [name, fact] as const)),
);
const SECONDS = new Set(['latency', 'duration', 'responsetime', 'elapsedtime']);

const STATUS_KEYS = new Set(
  'status statuscode httpstatus httpstatuscode httpresponsestatuscode responsestatus responsestatuscode responsecode respstatus httpcode errorstatus errorstatuscode upstreamstatus upstreamstatuscode exceptionstatus resultsignature'.split(
    ' ',
  ),
);
const CODE_KEYS = new Set(['code', 'errorcode', 'apierrorstatus', 'lcerrorcode']);
const TYPE_KEYS = new Set(['type', 'errortype', 'reason', 'blockreason']);
const CLASS_KEYS = new Set(
  'errorclass exceptionclass exceptionname exctype errtype errorname name exceptiontype'.split(' '),
);
const MESSAGE_KEYS = new Set(
  'message msg error err errormessage errorstr errormsg detail details description title exception excinfo excvalue event text fallback responsebody body reason cause apierror excmsg lasterror value quotaid exceptionmessage grpcmessage kind operation eventtype eventname'.split(
    ' ',
  ),
);
/** The same by the parts of a name: `rawErrorMessage`, `failure_description`. Messages of users are none. */
const ERROR_TEXT = /(?:err(?:or)?|exception|failure|fault)(?:message|msg|text|description|details?|reason|string)s?$/;
/** Objects under these names are an error, so what stands in them outranks what stands beside them. */
const ERROR_NESTS = new Set(
  'error err errors exception cause lasterror errorinformation errorinfo errordetails response details apierror exc e detail'.split(
    ' ',
  ),
);
/** Prompts, completions, request bodies and stack frames: never walked, so they cannot leave the line. */
const CLOSED = new Set(
  'messages prompts promptraw systemprompt input inputs content contents choices completiontext output outputs tools functions locals data args kwargs documents frames stacktrace traceback userquery query question answer exceptionreceived hiddenparams modelparameters'.split(
    ' ',
  ),
);
const HOLDERS = new Set(['data', 'output', 'outputs']);
/** Request echoes: only the model and the address are read from them. */
const REQUESTS = new Set([
  'requestbodyvalues',
  'requestbody',
  'config',
  'request',
  'requestheaders',
  'req',
  'body',
  'options',
]);

/** What a team calls a field -> the name by which it is known here. */
const KNOWN_AS: Readonly<Record<OwnField, string>> = {
  ...{ status: 'status', type: 'type', class: 'errorclass', message: 'errormessage', model: 'model' },
  ...{ provider: 'provider', tenant: 'tenant', project: 'project', keyAlias: 'keyalias', requestId: 'callid' },
  ...{ traceId: 'xllmgridtraceid', latencyMs: 'latencyms', service: 'service' },
};

export type KeyNames = ReadonlyMap<string, string>;
const NO_NAMES: KeyNames = new Map();

export const keyNames = (fields: OwnFields): KeyNames =>
  new Map(
    OWN_FIELDS.flatMap((field) => (fields[field] ?? []).map((name) => [normalise(name), KNOWN_AS[field]] as const)),
  );

const normalise = (key: string): string => key.toLowerCase().replace(/[\s_.\-@$[\]]/g, '');

/** What a key means, whatever stands under it. */
interface Key {
  readonly name: string;
  readonly fact: Fact | undefined;
  readonly isSeconds: boolean;
  readonly isStatus: boolean;
  readonly isCode: boolean;
  readonly isType: boolean;
  readonly isClass: boolean;
  readonly isMessage: boolean;
  readonly isErrorNest: boolean;
  readonly isClosed: boolean;
  readonly isRequest: boolean;
  readonly role: Role;
}

function meaningOf(key: string): Key {
  const name = normalise(key);
  const fact = ALIASES.get(name);
  const isStatus = STATUS_KEYS.has(name) || name.endsWith('statuscode');
  const isRead = isStatus || [CODE_KEYS, TYPE_KEYS, CLASS_KEYS, MESSAGE_KEYS].some((keys) => keys.has(name));
  return {
    name,
    fact,
    role: isRead ? 'decides' : roleOfFact(fact),
    isSeconds: SECONDS.has(name),
    isStatus,
    isCode: CODE_KEYS.has(name),
    isType: TYPE_KEYS.has(name),
    isClass: CLASS_KEYS.has(name),
    isMessage: MESSAGE_KEYS.has(name) || ERROR_TEXT.test(name),
    isErrorNest: ERROR_NESTS.has(name),
    isClosed: CLOSED.has(name),
    isRequest: REQUESTS.has(name),
  };
}

/** A program prints the same few keys all day. */
const keyOf = memo(4096, meaningOf);

/**
 * Whether the value of a field decides anything: a name is copied, a number without a meaning here is an amount.
 * What a team named itself decides.
 */
export type Role = 'copied' | 'amount' | 'decides';
export const roleOf = (key: string, names: KeyNames): Role => {
  const { role, name } = keyOf(key);
  return names.size > 0 && names.has(name) ? 'decides' : role;
};
/** Few names that come again and again. */
const COPIED: ReadonlySet<Fact | undefined> = new Set<Fact>(['tenant', 'project', 'keyAlias']);
/** The codes of the last letters of their names: most fields are told from them by that. */
export const COPIED_ENDS: ReadonlySet<number> = new Set(
  [...ALIASES].flatMap(([name, fact]) =>
    COPIED.has(fact) ? [name.toUpperCase(), name].map((spelt) => spelt.charCodeAt(name.length - 1)) : [],
  ),
);
const AMOUNTS: ReadonlySet<Fact | undefined> = new Set<Fact | undefined>([
  'latencyMs',
  'promptTokens',
  'completionTokens',
  undefined,
]);

const roleOfFact = (fact: Fact | undefined): Role =>
  COPIED.has(fact) ? 'copied' : AMOUNTS.has(fact) ? 'amount' : 'decides';

/** The name of a key, however it is spelt. */
export const nameOf = (key: string): string => keyOf(key).name;

export interface StatusFact {
  readonly status: number;
  readonly inError: boolean;
  readonly depth: number;
  readonly isCode: boolean;
}

export interface Facts {
  readonly facts: Map<Fact, { readonly value: string | number | boolean; readonly depth: number }>;
  readonly statuses: StatusFact[];
  readonly types: string[];
  readonly classes: string[];
  /** Failure texts, outermost first. */
  readonly messages: string[];
  /** Names that a team gave to fields, beside the known ones. */
  readonly names: KeyNames;
  /** Normalised names of all keys seen at the top and one level below: what tells shapes apart. */
  readonly keys: Set<string>;
  readonly scan: Scan;
  hasErrorNest: boolean;
  /** The frame of an error body: one that only LLM APIs use, or one that other APIs use, too. */
  envelope: 'own' | 'shared' | null;
}

export const noFacts = (names: KeyNames = NO_NAMES, text = ''): Facts => ({
  names,
  facts: new Map(),
  statuses: [],
  types: [],
  classes: [],
  messages: [],
  keys: new Set(),
  scan: scanOf(text),
  hasErrorNest: false,
  envelope: null,
});

interface Place {
  readonly depth: number;
  readonly inError: boolean;
  readonly inRequest: boolean;
}

const MAX_WALK_DEPTH = 7;
const MAX_FACTS = 400;
const MAX_STRINGS = 24;

/** Collects what a structure says about a call into `into`. */
export function collect(
  value: Value,
  into: Facts,
  place: Place = { depth: 0, inError: false, inRequest: false },
): void {
  if (place.depth > MAX_WALK_DEPTH) return;
  if (Array.isArray(value)) {
    for (const item of value.slice(0, 10)) {
      if (typeof item === 'object') collect(item, into, { ...place, depth: place.depth + 1 });
      // Exceptions that the gateway's router kept, each as its class and what it said.
      else if (typeof item === 'string' && item.startsWith("<class '")) collectText(item, 'error', into, place);
    }
    return;
  }
  if (!isFields(value)) return;
  if (into.envelope !== 'own') into.envelope = envelopeOf(value) ?? into.envelope;
  const keys = Object.keys(value);
  if (keys.length > MAX_FACTS) keys.length = MAX_FACTS;
  // What an event of type `error` holds is no completion, and neither is the result of an agent that failed.
  const errorText = field(value, 'type') === 'error' ? 'content' : field(value, 'is_error') === true ? 'result' : null;
  for (const key of keys) {
    const known = keyOf(key === errorText && typeof value[key] === 'string' ? 'message' : key);
    const own = into.names.get(known.name);
    collectField(own === undefined ? known : keyOf(own), value[key] as Value, into, place);
  }
}

/**
 * `{"error": {…}}` of OpenAI-compatible APIs, `{"type": "error", "error": {…}}` of Anthropic, `{"object": "error", …}` of Mistral and
 * vLLM. With a code alone it is the frame of clouds and many others. Payment and social APIs have fields that no LLM API has.
 */
function envelopeOf(fields: Fields): Facts['envelope'] {
  const error = field(fields, 'error');
  // Servers of models answer so: `{"error": "…", "error_type": "overloaded"}`.
  if (typeof error === 'string')
    return Object.hasOwn(fields, 'error_type') && Object.keys(fields).length === 2 ? 'own' : null;
  if (field(fields, 'object') === 'error')
    return Object.hasOwn(fields, 'message') && Object.hasOwn(fields, 'type') ? 'own' : null;
  if (!isFields(error)) return null;
  const has = (name: string): boolean => Object.hasOwn(error, name);
  const isAnthropic = field(fields, 'type') === 'error';
  if (Object.keys(fields).length > 2 && !isAnthropic) return null;
  if (!has('message') || has('stack') || has('name') || FOREIGN_FIELDS.some(has)) return null;
  const type = field(error, 'type');
  if (typeof type === 'string' && FOREIGN_TYPE.test(type)) return null;
  if (has('type')) return isAnthropic || has('param') || has('code') ? 'own' : 'shared';
  return has('code') || has('param') ? 'shared' : null;
}
const FOREIGN_FIELDS =
  'charge decline_code doc_url payment_intent request_log_url setup_intent fbtrace_id error_subcode errors'.split(' ');
const FOREIGN_TYPE = /^(?:card_error|idempotency_error|OAuthException|GraphMethodException|Stripe\w{1,40})$/;

function collectField(key: Key, value: Value, into: Facts, place: Place): void {
  const { name } = key;
  if (place.depth <= 1) into.keys.add(name);
  // Where a validator found the fault: `body.messages.0.role`.
  if (name === 'loc' && Array.isArray(value))
    into.messages.push(value.filter((part) => typeof part !== 'object').join('.'));
  if (key.isClosed) {
    // What a record calls its data may be a prompt; an error in it is none, and neither is the status beside that.
    const error = HOLDERS.has(name) && isFields(value as Value) ? field(value as Fields, 'error') : undefined;
    if (error === undefined) return;
    for (const [key, beside] of Object.entries(value as Fields))
      if (key === 'error' || (keyOf(key).isStatus && typeof beside === 'number'))
        collectField(keyOf(key), beside, into, { ...place, depth: place.depth + 1 });
    return;
  }
  // The first line of a stack names the class that loggers otherwise lose.
  if (name === 'stack') {
    const top = Array.isArray(value) ? value[0] : value;
    if (typeof top === 'string') into.messages.push(top.split('\n', 1)[0] as string);
  }
  // A validator may list its complaints as bare strings.
  if (key.isMessage && Array.isArray(value) && !place.inRequest)
    for (const item of value.slice(0, 4)) if (typeof item === 'string') collectText(item, name, into, place);
  const inError = place.inError || key.isErrorNest;
  // What the provider behind a relay said stands beside the relay's own words.
  const isMessage = key.isMessage || (inError && name === 'raw');
  if (typeof value === 'object' && value !== null) {
    if (key.isErrorNest && name !== 'response' && name !== 'details') into.hasErrorNest = true;
    // A body that holds an error is an answer.
    const isRequest = key.isRequest && !Object.hasOwn(value, 'error');
    collect(value, into, { depth: place.depth + 1, inError, inRequest: place.inRequest || isRequest });
    return;
  }
  if (value === null || value === '') return;
  if (isMessage && typeof value === 'string' && !place.inRequest) collectText(value, name, into, { ...place, inError });
  // Inside an echo of the request only its target is of interest.
  if (place.inRequest && name !== 'model' && name !== 'url' && name !== 'baseurl') return;
  if (name === 'error' || name === 'err') into.hasErrorNest = true;
  collectScalar(key, value, into, place);
}

/** Why an answer ended before it was whole: a provider's filter took it. */
const FILTERED = /^(?:content_filter|SAFETY|RECITATION|PROHIBITED_CONTENT|BLOCKLIST|SPII)$/;

function collectScalar(key: Key, value: string | number | boolean, into: Facts, place: Place): void {
  if (key.name === 'finishreason' && FILTERED.test(String(value))) into.types.push('content_filter');
  if (key.isStatus || key.isCode) {
    const status = readStatus(value);
    if (status !== null) into.statuses.push({ status, inError: place.inError, depth: place.depth, isCode: key.isCode });
    else if (typeof value === 'string' && (key.isCode || /^[A-Z]{2,20}(?:_[A-Z]{2,20}){0,4}$/.test(value)))
      addType(value, into);
  }
  // OpenTelemetry puts the status, where there was one, into `error.type`.
  if (key.name === 'errortype' && typeof value === 'string' && /^[45]\d\d$/.test(value))
    into.statuses.push({ status: Number(value), inError: true, depth: place.depth, isCode: true });
  if (typeof value === 'string') {
    if (key.isClass || (key.isType && /(?:Error|Exception)$/.test(value))) addClass(value, into);
    else if (key.isType) addType(value, into);
  }
  const fact = factOf(key, value, place);
  if (fact === undefined || into.facts.has(fact)) return;
  const inMs =
    key.isSeconds && typeof value === 'number'
      ? value * 1000
      : key.name === 'retryafterms'
        ? Number(value) / 1000
        : value;
  into.facts.set(fact, { value: inMs, depth: place.depth });
}

/**
 * `request_id` beside a log message is usually the web request that the application served, and Lambda's own; inside an
 * error, or in the gateway's form, it is the id of the LLM call. `tenant_id` at the top may be Lambda's too.
 */
function factOf(key: Key, value: string | number | boolean, place: Place): Fact | undefined {
  if (key.name === 'requestid')
    return place.depth > 0 || /^(?:req|chatcmpl)[-_]/.test(String(value)) ? 'requestId' : 'outerRequestId';
  if (key.name === 'tenantid' && place.depth === 0) return 'outerTenant';
  // Python's loggers give their name, and errors of Node their class.
  if (key.name === 'name') return place.depth === 0 && !place.inError ? 'logger' : undefined;
  return key.fact;
}

const addType = (type: string, into: Facts): void => {
  if (/^[\w.:-]{2,60}$/.test(type) && !/^(?:None|null|Object|Error|system|error)$/.test(type)) into.types.push(type);
};
const addClass = (name: string, into: Facts): void => {
  if (/^[A-Za-z_][\w.]{2,80}$/.test(name) && /(?:Error|Exception|Timeout)/.test(name) && name !== 'Error')
    into.classes.push(name);
};

/** Text inside a structure may itself hold a structure: a body in a message in a body. */
function collectText(text: string, key: string, into: Facts, place: Place): void {
  if (into.messages.length < MAX_STRINGS) into.messages.push(text);
  const { structures } = structuresIn(text, 2, into.scan);
  for (const structure of structures) {
    if (key === 'error' || key === 'message' || key === 'responsebody' || key === 'body' || key === 'fallback')
      into.hasErrorNest ||= key === 'error' || key === 'fallback';
    collect(structure, into, { depth: place.depth + 1, inError: place.inError || key !== 'msg', inRequest: false });
  }
}

const MAX_STRUCTURE_TEXT = 262_144;
/**
 * Characters looked at for one event: an opener that opens nothing costs a look at all that follows it. A few looks at each
 * character, so that many small events cost no more than one large one; the first look is always taken.
 */
const LOOKS = 6;
const [MIN_SCAN, MAX_SCAN] = [20_000, 120_000];
export const scanOf = (text: string): Scan => ({
  left: Math.min(MAX_SCAN, Math.max(MIN_SCAN, LOOKS * text.length)),
});

/** What is left of it, shared by the texts inside a text. */
export interface Scan {
  left: number;
}

/** The structures that stand in a text, at most `limit`, and the text around them. */
export function structuresIn(
  text: string,
  limit: number,
  scan: Scan = scanOf(text),
): { structures: Value[]; around: string } {
  const structures: Value[] = [];
  if (!text.includes('{')) return { structures, around: text };
  let around = '';
  let from = 0;
  const opener = /\{(?=\s{0,80}(?:['"`[A-Za-z_$]))|\[(?=\s{0,20}\{)/g;
  while (structures.length < limit && scan.left > 0) {
    opener.lastIndex = from;
    const match = opener.exec(text);
    if (!match) break;
    scan.left -= Math.min(text.length - match.index, MAX_STRUCTURE_TEXT) + 500;
    const read = readStructure(text, match.index);
    if (read === null) {
      around += text.slice(from, match.index + 1);
      from = match.index + 1;
      continue;
    }
    around += `${text.slice(from, match.index)} `;
    from = read.end;
    structures.push(read.value);
  }
  return { structures, around: around + text.slice(from) };
}

function readStructure(text: string, start: number): { value: Value; end: number } | null {
  const rest = text.slice(start, start + MAX_STRUCTURE_TEXT);
  if (rest.endsWith('}') || rest.endsWith(']')) {
    const value = readJson(rest);
    if (value !== undefined) return { value, end: start + rest.length };
  }
  const read = readLiteral(rest, 0);
  if (read === null || ![...leaves(read.value)].length) return null;
  return { value: read.value, end: start + read.end };
}

/** Keys of the outermost objects: a structure without one is a code block or a set, not data. */
function* leaves(value: Value): Generator<string> {
  if (isFields(value)) yield* Object.keys(value);
  else if (Array.isArray(value)) for (const item of value.slice(0, 3)) yield* leaves(item);
}

const PAIR =
  /(?:^|[\s,;|[(])([A-Za-z_][\w.]{0,60})=("(?:[^"\\\n]|\\.){0,2000}"|'(?:[^'\\\n]|\\.){0,2000}'|[^\s"'{}[\](),;|]{1,300})/g;
/** Characters of a text in which `key=value` pairs are looked for. */
const MAX_PAIRED = 8_000;
const NOTHING = /^(?:None|null|nil|undefined|-|n\/a|0|false|False)$/;

/** Attributes as OpenTelemetry's debug exporter prints them: `-> gen_ai.system: Str(openai)`. */
const ATTRIBUTE = /-> ([A-Za-z_][\w.]{0,80}): [A-Z][A-Za-z]{1,10}\(([^\n]{1,600})\)$/gm;

/** The `key=value` pairs of logfmt, structlog's console and slog, and OpenTelemetry's, as fields; null where there are not two. */
export function pairsIn(text: string): Fields | null {
  const patterns = [...(text.includes('=') ? [PAIR] : []), ...(text.includes('-> ') ? [ATTRIBUTE] : [])];
  if (patterns.length === 0) return null;
  const fields = noFields();
  const head = text.slice(0, MAX_PAIRED);
  for (const [, key, raw] of patterns.flatMap((pattern) => [...head.matchAll(pattern)])) {
    const value = /^["']/.test(raw as string) ? (raw as string).slice(1, -1) : (raw as string);
    if (NOTHING.test(value)) continue;
    fields[key as string] = /^\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : value;
  }
  return Object.keys(fields).length < 2 ? null : fields;
}
