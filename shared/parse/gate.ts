/**
 * Is this record an LLM call at all, and one of ours? Without an anchor on the record itself, a number, a word or a class
 * name counts for nothing: two thirds of all lines that look like failures are prose, code, metrics or somebody else's API.
 */

import type { CauseId } from '../causes.ts';
import { holdsWordsOf, screened } from '../screen.ts';
import type { Settings } from '../settings.ts';
import { namesCause } from '../signals.ts';
import type { Evidence } from './evidence.ts';
import {
  ERROR_TYPE,
  isSignature,
  KNOWN_HOST,
  LLM_PATH,
  LLM_SERVER_PATH,
  LLM_WORDS,
  LOCAL_PORT,
  MODEL_TALK,
  providerOfHost,
  REFUSAL,
  SDK_DEFAULT,
  SDK_FAILURE,
  SIGNATURES,
  speaksOfModels,
} from './vocabulary.ts';

/** Names of fields that make a JSON record a call without any of the words: a model, the error body of an LLM API, a trace. */
const CALL_FIELDS = screened(/model[_"'= ]|object["']\s?:\s?["']error|error_?information|prompt_?feedback|"route"/i);
/** The body of an error, escaped or not; the word alone stands in every second line of a log. */
const ERROR_BODY = screened(/error(?:\\{0,4}["'])?(?:[\s:]|\\[nt]|(?:\\u001b|\u001b)\[[\d;]{0,8}m){0,24}\{/i);

/** Lines that talk about failures instead of being one: comments, table rows, bullet points, questions, names of tests. */
const PROSE =
  /^\s{0,40}(?:\/\/|\*(?![\d*])|--|- |#{1,6} |• |> |\d{1,2}[.)] |\|[^\n|]{0,400}\||<!--|\w{2,100}\{[^}\n]{0,400}\} [\d.e+-]{1,24}\s{0,4}$|(?:If|When|Why|How|What|Whether) (?:you|the|to|do|does|is)\b|(?:User|Human|Assistant|Question|Q|A): |The (?:user|assistant) \w+:|(?:FAILED|PASSED) \S{1,200}::|\S{1,200}::test_\w{1,100} (?:PASSED|FAILED|ERROR|SKIPPED))/;
const QUOTED_STATUS = screened(/`[^`\n]{0,80}\b[45]\d\d\b[^`\n]{0,80}`/);

export type GateAnswer = 'call' | 'not-a-call' | 'other-host' | 'unreadable';

/** `ours`: by the settings it is a call (a shape), or speaks of calls (a service) and needs no other anchor. */
export function gate(
  evidence: Evidence,
  shape: string,
  status: number | null,
  { hosts, ours = null }: { hosts: Settings['hosts']; ours?: 'shape' | 'service' | null },
): GateAnswer {
  if (ours !== 'shape' && !isLlmCall(evidence, shape, status, ours === 'service'))
    return isCutRecord(evidence) ? 'unreadable' : 'not-a-call';
  return shape !== 'litellm-payload' && namesOtherHost(evidence, hosts) ? 'other-host' : 'call';
}

/** A JSON record about an LLM address that was cut before it said how the call ended. */
const isCutRecord = ({ text, isJson, target }: Evidence): boolean =>
  !isJson &&
  /^\{\s{0,8}"/.test(text) &&
  !text.trimEnd().endsWith('}') &&
  target !== null &&
  isLlmAddress(target.host, target.path);

const HTTP_LINES = new Set(['httpx-line', 'sdk-answer-line', 'transport-line']);

function isLlmCall(evidence: Evidence, shape: string, status: number | null, isOurs: boolean): boolean {
  const { carrier, text, target, isJson } = evidence;
  // The name of a process may be what tells whose call it was.
  const head = carrier + (text.length > 60_000 ? text.slice(0, 60_000) : text);
  const targetIsLlm = target !== null && isLlmAddress(target.host, target.path);
  if (shape === 'access-line' && target !== null && target.host !== null) return targetIsLlm;
  if (shape === 'access-line')
    return (
      LLM_SERVER_PATH.test(head) || (LOCAL_SERVER_PATH.test(head) && (OLLAMA_LINE.test(head) || speaksOfModels(head)))
    );
  if (HTTP_LINES.has(shape) && target !== null && !targetIsLlm) return false;
  if (HTTP_LINES.has(shape) && target === null) return LLM_HEADER.test(head);

  const isRefusal = isRefusalBody(evidence);
  const isBody = isRefusal && text.startsWith('{');
  // A field of its own that holds a status speaks of a call; a number in a line of code does not.
  const hasFields = isJson && (evidence.statuses.length > 0 || evidence.hasErrorNest);
  if (!isBody && !hasFields && isProse(evidence)) return false;
  if (!isJson && !explicitError(evidence) && QUOTED_STATUS.test(head) && !quotesEvent(head)) return false;
  if (!isOurs && isChore(evidence, shape, status)) return false;
  if (!isOurs && !targetIsLlm && !isRefusal && isElsewhere(head, status)) return false;
  if (shape === 'tenacity' && LLM_FUNCTION.test(head)) return true;
  if (!targetIsLlm && OTHER_API.test(head) && !speaksOfModels(head)) return false;
  const anchored = isOurs || targetIsLlm || isStructuredCall(evidence, shape) || isRefusal;
  if (anchored || SDK_FAILURE.test(head) || ERROR_TYPE.test(head))
    return isFailure(evidence, shape, status) || isSuccess(evidence) || saysFailure(evidence) || REFUSAL.test(head);
  if (isSignature(head) && (isRetry(shape) || isSuccess(evidence) || tellsOfCall(evidence, status))) return true;
  if (REFUSAL.test(head) || SDK_DEFAULT.test(evidence.isJson ? evidence.messages.join('\n') : evidence.around))
    return true;
  return linesOf(evidence).some((line) => isWeakCall(line, status));
}

/** A record that only speaks of models: what it says must tell by itself that a call ended, and how. */
function isWeakCall(evidence: Evidence, status: number | null): boolean {
  const { text } = evidence;
  if (NAMES_OTHER_PATH.test(text) || OTHER_SYSTEM.test(text) || namesOtherServer(text)) return false;
  const told = withoutAddresses(withoutPrompt(evidence));
  if (speaksOfModels(told))
    return isClearFailure(evidence, status) || refuses(evidence, OF_NAMED_MODELS) || saysSuccess(evidence);
  return MODEL_TALK.test(told) && refuses(evidence, OF_MODELS);
}

/** Lines that a logger began are told one by one: what stands beside a failing call may be another system's. */
const LOGGED_LINE =
  /\n(?=\[?\d{2,4}[-/:]\d\d[-/:]\d\d|(?:\[?(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b[\]:]? ))/;

function linesOf(evidence: Evidence): readonly Evidence[] {
  if (evidence.isJson || !LOGGED_LINE.test(evidence.text)) return [evidence];
  return evidence.text.split(LOGGED_LINE).map((line) => ({ ...evidence, text: line, around: line, said: line }));
}

/** Causes that only calls of models have; beside the name of one, also what other things named models may lack. */
const OF_MODELS: ReadonlySet<CauseId> = new Set([
  'context_length_exceeded',
  'request_exceeds_limit',
  'rate_limit_tokens',
  'quota_exceeded',
  'provider_overloaded',
  'content_policy',
  'parameter_out_of_range',
]);
const OF_NAMED_MODELS: ReadonlySet<CauseId> = new Set([
  ...OF_MODELS,
  'model_not_found',
  'model_access_denied',
  'unsupported_parameter',
  'invalid_tool_schema',
  'invalid_messages',
]);
const refuses = (evidence: Evidence, causes: ReadonlySet<CauseId>): boolean =>
  namesCause(evidence.said, namesOf(evidence), causes);

/** Says in words that a call went well: who was asked, or what was asked for, and that it came. */
const SUCCEEDED = screened(
  /\b(?:chat|completion|llm|model|ai|api|text|embeddings?|message|inference) ?(?:call|request|response|completion|answer|generation|chain)s?\b[^\n,;]{0,30}\b(?:succe(?:eded|ssful(?:ly)?|ss)|completed|received|finished|done|ok|200)\b|\b(?:received|got) (?:an? |the )?(?:\w{1,12} ){0,2}(?:response|answer|completion|reply) from\b|\b(?:HTTP\/[\d.]{1,3} )?200 OK\b|\bstatus(?: code)?[:=] ?200\b|finish_?reason\b[^\n]{0,14}\b(?:stop|length|tool_calls|end_turn)\b|\d tokens used\b|(?:调用|请求|生成)成功/i,
);
const saysSuccess = (evidence: Evidence): boolean =>
  SUCCEEDED.test(evidence.said) && !FAILED_WORD.test(evidence.said) && !isLoudLevel(evidence);

/** The error body of an LLM API: in a frame that other APIs use as well, what it says must name a cause. */
const isRefusalBody = (evidence: Evidence): boolean =>
  evidence.envelope === 'own' || (evidence.envelope === 'shared' && namesCause(evidence.said, namesOf(evidence)));

/** A retrying framework names the function it calls again, and nothing else. */
const LLM_FUNCTION = screened(
  /\b(?:Finished call to|Retrying) ['"]?[\w.<>]{0,120}(?:completion|embed|chat|llm|invoke_model|generate_content)/i,
);

/**
 * Failures beside the call, in a program that makes calls: tracing services, package registries, the cluster, code that does not
 * load, and an answer that came well and was not what the application wanted.
 */
const ELSEWHERE = screened(
  /(?<!\/)langsmith\.utils|\bLangSmith\b|smith\.langchain\.com|cloud\.langfuse\.com|\blangfuse: |(?:model|completion) cost map|unhealthy_endpoints|Cooldown Deployments=|\/simple\/[\w.-]{1,60}\/?$|npm (?:ERR!|warn)|satisfies the requirement|No matching distribution|probe failed|Back-off restarting|FailedScheduling|CrashLoopBackOff|ImagePullBackOff|OutputParserException|[Ii]nvalid JSON (?:in )?(?:response|output|answer)|[Pp]arsing [Ff]ailed|(?:parse|parsing|decode|validate|validating) .{0,40}(?:response|output|answer)\b|Invalid Dimension|InvalidDimensionException|CUDA out of memory|[Ss]lack alerting|dependency failed to start|\blifespan_context\b|Application startup failed|\bhelm (?:upgrade|install)\b|Invalid HTTP request received|\btelemetry\.[\w-]{2,40}\.\w|DataType: (?:Histogram|Sum|Gauge|Summary)\b|\b(?:Histogram|Number)DataPoints #|\/v1\/traces\b/,
);
const CODE_FAULT = screened(
  /\b(?:Import|ModuleNotFound|Attribute|Name|Syntax|Indentation|Assertion|UnboundLocal)Error\b|using (?:the )?default|[Dd]efaulting to|No module named|unsupported operand|__init__\(\) got an unexpected keyword|cannot import name|has no attribute|is not a function\b|Cannot read propert|is not (?:iterable|defined)\b|event loop is|missing variable|validation errors? for \w{0,40}(?:Settings|Config)\b/,
);

/** A heading above what failed: `=== API ERROR ANALYSIS ===`. */
const HEADING = screened(/={3} [^=\n]{1,80} ={3,20}\s{0,4}$/);

const isElsewhere = (text: string, status: number | null): boolean =>
  ELSEWHERE.test(text) ||
  (status === null &&
    (HEADING.test(text) || (CODE_FAULT.test(text) && !/API(?:Connection|Timeout|Status)\w{0,10}Error/.test(text))));

/** APIs that share the names of error types with LLM APIs. */
const OTHER_API = screened(
  /\b(?:stripe|card_declined|decline_code|payment_intent|fbtrace_id|OAuthException|elevenlabs|deepgram|assemblyai|pinecone|firebase|firestore|supabase|pub\/?sub|spanner|bigquery|twilio|sendgrid|youtube)\b|api\.stripe\.com|\b(?:graph\.microsoft|management\.azure)\.com|\b(?:sheets|drive|docs|calendar|gmail|storage|translat(?:e|ion)|vision|speech|texttospeech|people|places|maps|logging|monitoring|secretmanager)\.googleapis\.com/i,
);

/** Databases, queues, registries and services: beside a mere word, it is they that failed. */
const OTHER_SYSTEM = screened(
  /\b(?:redis|postgres(?:ql)?|psycopg\d?|mysql|sqlite|mongo(?:db)?|hikari\w{0,8}|jdbc|prisma|sqlalchemy|kafka|rabbitmq|celery\.exceptions|elasticsearch|es_rejected_execution_exception|opensearch|slack(?:api|_sdk)?|github api|S3|qdrant|weaviate|milvus|chroma(?:db)?|vector (?:store|index|database|db)|from daemon|docker(?:hub)?|kubectl|pods|ProgressDeadlineExceeded|migration|invoice|disk|exit status|failed: exit code|MCP server|tools? [\w.-]{2,40} failed|(?:notion|tavily|serper|serpapi|firecrawl|discord|telegram|reddit|hubspot|salesforce|airtable|jira|wikipedia|deepl) (?:\w{2,12} )?(?:api )?(?:error|failed|returned|responded))\b/i,
);

/** A request of the application's own: beside a mere word, its path says what failed. */
const NAMES_OTHER_PATH = screened(/\b(?:curl|GET|POST|PUT|DELETE|PATCH) "?\/(?!v1\/)[\w./-]{1,200}/);

const ANSWERED_BY =
  /\b(?:from|by|at) ((?:[a-z\d][a-z\d-]{0,62}\.){1,4}(?:com|org|net|io|dev|app|co|example|internal|local))\b/g;

/** Somebody else's server answered. */
const namesOtherServer = (text: string): boolean =>
  [...text.matchAll(ANSWERED_BY)].some(([, host = '']) => providerOfHost(host) === null && !speaksOfModels(host));

const CHORE = screened(
  /LiteLLM_[A-Z]\w{2,40}|SpendLogs|\bprisma|\bDB\b|database|\bredis\b|startup failed|\bcallback|\bcache (?:read|write|get|set)\b|langfuse|slack|\bwebhook|alerting|health ?check|budget reset|spend (?:update|tracking)|prometheus/i,
);

/** What a gateway logs about its own keeping of books and health is no call, though it fails in the same words. */
const isChore = ({ text, envelope }: Evidence, shape: string, status: number | null): boolean =>
  (shape === 'litellm-text' || (shape === 'python-traceback' && /LiteLLM Proxy:/.test(text.slice(0, 200)))) &&
  status === null &&
  envelope === null &&
  CHORE.test(text.slice(0, 4000)) &&
  !/\blitellm\.(?:exceptions\.)?[A-Z]\w{2,40}(?:Error|Timeout)\b|Virtual Key|api_key/.test(text.slice(0, 4000));

/** Ollama's own paths, which an application may have too: the name of the server must stand beside them. */
const LOCAL_SERVER_PATH = screened(/"?\/api\/(?:chat|generate|embed|embeddings)(?=["\s])/);

/** Its server is gin, which names itself. */
const OLLAMA_LINE = screened(/\[GIN\] \d{4}\//);

/** Response headers by which a line of the HTTP client without an address still tells an LLM API. */
const LLM_HEADER = screened(/completion|x-ratelimit|openai|anthropic|gemini|gen-?ai|llm/i);

/** The words of all by which a record may pass the gate. */
const holdsAnchor = holdsWordsOf([
  ...LLM_WORDS,
  ...SIGNATURES,
  KNOWN_HOST,
  LLM_PATH,
  LLM_SERVER_PATH,
  LOCAL_SERVER_PATH,
  ERROR_TYPE,
  REFUSAL,
  SDK_DEFAULT,
  LLM_FUNCTION,
  LLM_HEADER,
  CALL_FIELDS,
  MODEL_TALK,
]);
/** One of the words, which most lines of calls hold and a plain search finds at once. */
const COMMON_WORD = 'llm';
/**
 * Cheap first look at raw text: what holds the words of no anchor cannot pass the gate. Only words are asked for: before a
 * text is clean, escapes and colours may stand between and around them.
 */
export const mightBeCall = (text: string): boolean =>
  text.includes(COMMON_WORD) || holdsAnchor(text) || ERROR_BODY.test(text) || LOCAL_PORT.test(text);

/** Source code anywhere on a line of its own: it names what may happen, not what did. */
const CODE = screened(
  /\bexcept [\w.,() ]{1,80}:|\braise [\w.]{2,60}(?:\(| from \w)|\bthrow new \w|\bcatch ?\(\w|\bfrom [\w.]{2,40} import\b|\bassert(?:Raises)?\b|\b(?:print|console\.\w{2,10}|logger\.\w{2,10}|logging\.\w{2,10}|Log::\w{2,10})\(|\w(?:Error|Exception): If \w|\bf["'][^\n"']{0,200}\{\w|\$\{\w|\bshould (?:throw|return|retry|handle)\b|\bnew \w{0,30}(?:Error|Exception)\(|\b(?:httpx|requests)\.Response\(|\blambda \w{1,20}:|\(\\d|\\d[+*]|\\w[+*]/,
);
/** Time, level and logger before what a line says. */
const LOG_PREFIX =
  /^[[(]?\d[\w:.,+\-/ T]{6,40}Z?[\])]?\s{0,4}(?:[|[]?\s{0,4}[A-Z]{3,8}\b[\]|]?)?[^\n]{0,60}?(?:: | - |\| |\s{2,8}(?=\S))/;

function isProse({ text, isJson, messages }: Evidence): boolean {
  if (isJson) return messages.length > 0 && messages.every(isProseLine);
  return isProseLine(text);
}

/** Nothing in these lines but code speaks of LLM calls: they stand under another line by chance. */
export const isOnlyCode = (lines: readonly string[]): boolean =>
  lines.every((line) => CODE.test(line) || !speaksOfLlm(line));
const speaksOfLlm = (line: string): boolean =>
  speaksOfModels(line) || isSignature(line) || ERROR_TYPE.test(line) || REFUSAL.test(line);

/** The first of several lines of code. A frame of a traceback may begin with code as well, but declares nothing. */
const CODE_BLOCK =
  /^\s{0,40}(?:(?:return nil, |throw new )[^\n]{0,200}[,({]|(?:const|let|var|expect|assert)\b|\w{1,40}(?:\.\w{1,40}){0,4} = [\w.]{1,60}\()[^\n]{0,400}\n\s{0,40}\S/;

/** What is thrown shows where it was. */
const FRAMES = /\n\s{1,12}at \S|Traceback \(|\n\S{0,60}(?:Error|Exception)\b/;

function isProseLine(text: string): boolean {
  if (CODE_BLOCK.test(text) && !FRAMES.test(text)) return true;
  const lines = text.trimEnd().split('\n');
  if (lines.length > 1)
    return lines.some(isCode) && !FRAMES.test(text) && lines.every((line) => isCode(line) || !speaksOfLlm(line));
  if (/Error code: ?\d{3} - \S|HTTP\/\d(?:\.\d)?" \d{3}/.test(text)) return false;
  return isCode(text) || (isDocument(text) && !quotesEvent(text));
}

const STATEMENT =
  /^\s{0,40}(?:(?:except|import|from \w{1,60} import|raise|def|class|if|elif|else|return|catch|throw|const|let|var|async|assert|expect)\b|it\(|describe\(|\/\*|(?:\/\/|#) ?(?:TODO|FIXME|XXX)\b)/;
const isCode = (line: string): boolean =>
  CODE.test(line) || STATEMENT.test(line) || STATEMENT.test(line.replace(LOG_PREFIX, ''));

const isDocument = (line: string): boolean =>
  PROSE.test(line) || PROSE.test(line.replace(LOG_PREFIX, '').replace(/^\|\s{0,4}/, ''));

/** What stands in quotes, in a cell of a table, or behind the marks of a list, a quotation or a comment. */
const QUOTED = /`([^`\n]{10,2000})`|\|\s{0,4}([^|\n]{10,2000}?)\s{0,4}(?=\|)/g;
const MARKS = /^\s{0,40}(?:(?:[-*•>|]|#{1,6}|\/\/|\d{1,2}[.)]|`[^`\n]{1,40}`:?) {1,8}){1,4}/;
/**
 * A document speaks of failures in general, but what it quotes may be one that happened: an exception and what it said, a
 * status and more than its name, a line of a log, a body.
 */
const EVENT =
  /^[`\s]{0,4}(?:\[?(?:ERROR|WARN(?:ING)?|CRITICAL|FATAL|error|warn(?:ing)?)\b[\]:]|[45]\d\d:? [^`|\n]{25}|\d{4}-\d\d-\d\d[T ]\d\d:|\{"|L\d{1,6} )|Error code: ?\d{3}\b|\b(?:[A-Z]\w{2,40}(?:Error|Exception|Timeout)|\w{2,20}\.Timeout)\b[\])]?: [^`|\n]{12}|\bGoogleGenerativeAI Error\]: |\bAPI Error: [45]\d\d\b|(?:unexpected|last) status:? [45]\d\d\b|\berror code: [45]\d\d\b|["']type["']: ?["']\w{3,30}_error["']|\bas it raised \w|\b(?:balance|credits?|quota|key) (?:is|are|was|has) \w/;

function quotesEvent(line: string): boolean {
  const quoted = [...line.matchAll(QUOTED)].map(([, ticked, cell]) => ticked ?? cell ?? '');
  return [line.replace(MARKS, ''), ...quoted].some(
    (part) => EVENT.test(part) && (speaksOfLlm(part) || speaksOfLlm(line)),
  );
}

/** Says itself that something failed, or at least how it ended. */
const isFailure = (evidence: Evidence, shape: string, status: number | null): boolean =>
  isRetry(shape) ||
  status !== null ||
  endsBadly(evidence) ||
  evidence.hasErrorNest ||
  evidence.types.length > 0 ||
  evidence.classes.length > 0;

const isRetry = (shape: string): boolean => shape === 'sdk-retry-line' || shape === 'tenacity';

const withoutAddresses = (text: string): string => text.replace(/https?:\/\/[^\s'"`)]{1,400}/g, ' ');

const explicitError = (evidence: Evidence): boolean => evidence.hasErrorNest || evidence.classes.length > 0;

/** Structured records that describe a call by their fields alone. */
const isStructuredCall = ({ facts, keys }: Evidence, shape: string): boolean =>
  facts.has('traceId') ||
  shape === 'llmgrid-trace' ||
  shape === 'litellm-payload' ||
  shape === 'otel-genai' ||
  keys.has('promptfeedback') ||
  (facts.has('model') &&
    (facts.has('latencyMs') ||
      facts.has('provider') ||
      facts.has('completionTokens') ||
      keys.has('usage') ||
      keys.has('finishreason') ||
      keys.has('tokens')));

/** `timeout=30` and `"timeout": None` report a setting. */
const TIMEOUT_SETTING = screened(/\b\w{0,20}time-?out['"]?\s?[=:]\s?(?:[\d.]{1,12}|None|null)/gi);

/** Beside a strong anchor the bare word is enough, where it does not merely speak of errors. */
const FAILED_WORD = /\bfail(?:ed|ure)?\b|[a-z]\s?error\]?: |\bexceptions?\b|unexpected error/i;

/** What the record says of itself; prompts and settings say nothing. */
const saysFailure = (evidence: Evidence): boolean => FAILED_WORD.test(evidence.said) || tellsOfCall(evidence, null);

/** What tells a failure beside a failing status, and nothing without one. */
const STATED_FAILURE =
  /\b(?:returned|responded|answered|replied|received|got)\b[^\n]{0,30}\b[45]\d\d\b|\bHTTP(?:\/\d(?:\.\d)?)?[ :]{1,2}[45]\d\d\b|\b(?:unexpected )?status (?:code:? )?[45]\d\d\b|\b(?:not found|unauthorized|forbidden|limited|unavailable|overloaded|denied) \([45]\d\d\)|\b(?:disconnected|aborted|throttled|overloaded|unavailable|rejected|cancell?ed)\b/i;

/** Says in words that a call failed, if not why. */
const CALL_FAILED = screened(
  /\b(?:errors?|failed|failure|unable)\b[^\n,;.]{0,20}\b(?:talking|calling|calls?|communicating|requests?|requesting|querying|invoking|invocation|contacting|completion|generating|generation|response|inference|running model|with model)\b|\b(?:calls?|requests?|completion|invocation|generation|inference)\b[^\n,;.]{0,20}\b(?:errors?|failed|failure)\b|\bapi error\b(?! budget)/i,
);
/** What was asked of a model, right after its name: of anything else it may have failed without one. */
const TASK_FAILED = screened(
  new RegExp(
    `(?:${LLM_WORDS.map(({ pattern }) => pattern.source).join('|')})\\]?:? (?:[\\w-]{1,20} ){0,2}(?:attempts|providers|embeddings?|chat|vision|transcription|translation|summari[sz]ation|summary|classification|extraction|analysis|scoring|rewrite|answer|reply|prediction|요약|분석|번역|分析|总结|翻译|要約|翻訳) ?(?:failed|failure|errors?|실패|오류|失败|失敗|エラー)(?![\\w-])`,
    'i',
  ),
);
/** The same in the languages that logs of programs are written in. */
const CALL_FAILED_ABROAD = screened(
  /(?:请求|调用|生成|接口|API)[^\n]{0,6}(?:失败|异常|出错|错误)|(?:リクエスト|呼び出し|生成|変換|API)[^\n]{0,6}(?:失敗|エラー)|(?:호출|요청|응답|생성|API)[^\n]{0,6}(?:실패|오류|에러)|\berror (?:al|en) (?:la )?(?:llama|consult|gener|invoc|solicit|API)|\bfall[oó] (?:la|el) (?:llamada|proveedor|solicitud)|\b(?:erro|falha) (?:ao|na) (?:chama|consult|gera|invoc|requisi|API)|\b(?:erreur|échec) (?:lors de|pendant|de) (?:l.appel|l.API|la requête|la génération)|\bfehler (?:beim|bei der) (?:aufruf|anfrage|generier|API)|ошибка (?:при )?(?:вызов|запрос|генерац|API)|lỗi (?:khi )?gọi/i,
);

/** As SDKs word their errors: the status, then what the server said. */
const LEADING_STATUS = /^[\s[(]{0,4}[45]\d\d\b[\])]?:? (?=[A-Z])|\b[45]\d\d:? ["'{[]/m;

/** A status and the body that came with it. */
const STATUS_AND_BODY = /^[^\n{]{0,200}\b[45]\d\d:? \{["']/;

/**
 * For weak anchors: the failure must be spelled out, with a status, a cause or the word that it was a call. What else fails
 * in a program named for its models (jobs, deployments, evaluations) is none.
 */
function isClearFailure(evidence: Evidence, status: number | null): boolean {
  if (status !== null && status < 400) return false;
  const { said } = evidence;
  const loud =
    /\b(?:error|err|warn(?:ing)?|critical|fatal|exception|fail(?:ed|ure)?|(?:rate.?limit|quota|cuota)(?:ed|[^\n]{0,20} (?:hit|exceeded|reached|excedida|esgotada|agotada))|exhausted|timed out|refused|unreachable|denied|premature(?:ly)?|unexpected EOF)\b|[❌✗✖⨯]|오류|에러|실패|エラー|失敗|失败|错误|异常|出错|\berro\b|\bfalha|\bfall[oó]\b|\berreur|\béchec|\bfehler|ошибк|lỗi|\(status code: \d/i.test(
      said,
    ) ||
    (status !== null &&
      (STATED_FAILURE.test(said) || LEADING_STATUS.test(said) || STATUS_AND_BODY.test(evidence.text))) ||
    evidence.classes.length > 0 ||
    (evidence.isJson && evidence.hasErrorNest) ||
    isLoudLevel(evidence);
  return loud && tellsOfCall(evidence, status);
}

/** At which level a line was written says nothing of a call. */
const LEVEL_MARK = screened(/\b(?:ERROR|WARN(?:ING)?|CRITICAL|FATAL)\b(?=[\]:|]| [-|\]–—]|\s{2})/g);

/** A status, the word that a call failed, or its cause: what else fails in a program named for its models is no call. */
function tellsOfCall(evidence: Evidence, status: number | null): boolean {
  if (status !== null) return true;
  const said = LEVEL_MARK.replace(TIMEOUT_SETTING.replace(evidence.said, ''), ' ');
  return (
    [CALL_FAILED, TASK_FAILED, CALL_FAILED_ABROAD].some((words) => words.test(said)) ||
    namesCause(said, namesOf(evidence))
  );
}

const namesOf = ({ types, classes }: Evidence): string[] =>
  [...types, ...classes.map((name) => name.slice(name.lastIndexOf('.') + 1))].map((name) => name.toLowerCase());

const isLoudLevel = ({ facts }: Evidence): boolean => {
  const level = facts.get('level')?.value;
  return typeof level === 'number'
    ? level >= 40
    : typeof level === 'string' && /^(?:err|error|warn|warning|crit|critical|fatal)$/i.test(level);
};

/** Fields of a JSON record that speak about the call; free text of prompts is not among them. */
const withoutPrompt = (evidence: Evidence): string =>
  evidence.isJson
    ? [
        ...evidence.messages,
        ...[...evidence.facts.values()].map((fact) => String(fact.value)),
        ...evidence.classes,
      ].join('\n')
    : evidence.text.slice(0, 20_000);

const FAILURE_WORD = /^(?:fail(?:ed|ure)?|error(?:ed)?|timeout|timed[_ -]out|rejected|denied|cancel(?:l?ed)?)$/i;

/** The record says in a word that the call failed, or was written as an error. */
function endsBadly({ facts }: Pick<Evidence, 'facts'>): boolean {
  const word = facts.get('statusWord')?.value;
  if (word === false || (typeof word === 'string' && FAILURE_WORD.test(word))) return true;
  const level = facts.get('level')?.value;
  return typeof level === 'number'
    ? level >= 50
    : typeof level === 'string' && /^(?:err|error|crit|critical|fatal)$/i.test(level);
}

export function isSuccess(evidence: Evidence): boolean {
  const { facts, keys } = evidence;
  const word = facts.get('statusWord')?.value;
  if (word === true) return true;
  if (endsBadly({ facts })) return false;
  if (typeof word === 'string' && /^(?:success|succeeded|ok|completed|complete)$/i.test(word)) return true;
  return (
    facts.has('completionTokens') ||
    keys.has('usage') ||
    (facts.has('model') && (facts.has('latencyMs') || keys.has('finishreason'))) ||
    saysSuccess(evidence)
  );
}

export const isLlmAddress = (host: string | null, path: string | null): boolean =>
  (host !== null && providerOfHost(host) !== null) || (path !== null && LLM_PATH.test(path));

function namesOtherHost({ target }: Evidence, hosts: Settings['hosts']): boolean {
  if (hosts === 'any' || target === null || target.host === null) return false;
  const host = target.host;
  return !hosts.some((ours) => host === ours || host.endsWith(`.${ours}`));
}
