/** How a record says that a call ended: well or not, in fields or in words, and whether it was a call that did. */
import type { CauseId } from '../causes.ts';
import { screened } from '../screen.ts';
import { namesCause } from '../signals.ts';
import type { Evidence } from './evidence.ts';
import { LLM_WORDS } from './vocabulary.ts';

/** Lines that a logger began are told one by one: what stands beside a failing call may be another system's. */
const LOGGED_LINE =
  /\n(?=\[?\d{2,4}[-/:]\d\d[-/:]\d\d|(?:\[?(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b[\]:]? ))/;

export function linesOf(evidence: Evidence): readonly Evidence[] {
  if (evidence.isJson || !LOGGED_LINE.test(evidence.text)) return [evidence];
  return evidence.text.split(LOGGED_LINE).map((line) => ({ ...evidence, text: line, around: line, said: line }));
}

/** Causes that only calls of models have; beside the name of one, also what other things named models may lack. */
export const OF_MODELS: ReadonlySet<CauseId> = new Set([
  'context_length_exceeded',
  'request_exceeds_limit',
  'rate_limit_tokens',
  'quota_exceeded',
  'provider_overloaded',
  'content_policy',
  'parameter_out_of_range',
]);
export const OF_NAMED_MODELS: ReadonlySet<CauseId> = new Set([
  ...OF_MODELS,
  'model_not_found',
  'model_access_denied',
  'unsupported_parameter',
  'invalid_tool_schema',
  'invalid_messages',
]);
export const refuses = (evidence: Evidence, causes: ReadonlySet<CauseId>): boolean =>
  namesCause(evidence.said, namesOf(evidence), causes);

/** Says in words that a call went well: who was asked, or what was asked for, and that it came. */
const SUCCEEDED = screened(
  /\b(?:chat|completion|llm|model|ai|api|text|embeddings?|message|inference) ?(?:call|request|response|completion|answer|generation|chain)s?\b[^\n,;]{0,30}\b(?:succe(?:eded|ssful(?:ly)?|ss)|completed|received|finished|done|ok|200)\b|\b(?:received|got) (?:an? |the )?(?:\w{1,12} ){0,2}(?:response|answer|completion|reply) from\b|\b(?:HTTP\/[\d.]{1,3} )?200 OK\b|\bstatus(?: code)?[:=] ?200\b|finish_?reason\b[^\n]{0,14}\b(?:stop|length|tool_calls|end_turn)\b|\d tokens used\b|(?:调用|请求|生成)成功|ответ[^\n]{0,20} получен|\b(?:respuesta|resposta|réponse|antwort)\b[^\n]{0,20} (?:recibida|recebida|reçue|erhalten)/i,
);
export const saysSuccess = (evidence: Evidence): boolean =>
  SUCCEEDED.test(evidence.said) && !FAILED_WORD.test(evidence.said) && !isLoudLevel(evidence);

/** Says itself that something failed, or at least how it ended. */
export const isFailure = (evidence: Evidence, shape: string, status: number | null): boolean =>
  isRetry(shape) ||
  status !== null ||
  endsBadly(evidence) ||
  evidence.hasErrorNest ||
  evidence.types.length > 0 ||
  evidence.classes.length > 0;

export const isRetry = (shape: string): boolean => shape === 'sdk-retry-line' || shape === 'tenacity';

export const withoutAddresses = (text: string): string => text.replace(/https?:\/\/[^\s'"`)]{1,400}/g, ' ');

export const explicitError = (evidence: Evidence): boolean => evidence.hasErrorNest || evidence.classes.length > 0;

/** `timeout=30` and `"timeout": None` report a setting. */
const TIMEOUT_SETTING = screened(/\b\w{0,20}time-?out['"]?\s?[=:]\s?(?:[\d.]{1,12}|None|null)/gi);

/** Beside a strong anchor the bare word is enough, where it does not merely speak of errors. */
const FAILED_WORD = /\bfail(?:ed|ure)?\b|[a-z]\s?error\]?: |\bexceptions?\b|unexpected error/i;

/** What the record says of itself; prompts and settings say nothing. */
export const saysFailure = (evidence: Evidence): boolean =>
  FAILED_WORD.test(evidence.said) || tellsOfCall(evidence, null);

/** What tells a failure beside a failing status, and nothing without one. */
const STATED_FAILURE =
  /\b(?:returned|responded|answered|replied|received|got)\b[^\n]{0,30}\b[45]\d\d\b|\bHTTP(?:\/\d(?:\.\d)?)?[ :]{1,2}[45]\d\d\b|\b(?:unexpected )?status (?:code:? )?[45]\d\d\b|\b(?:not found|unauthorized|forbidden|limited|unavailable|overloaded|denied) \([45]\d\d\)|\b(?:disconnected|aborted|throttled|overloaded|unavailable|rejected|cancell?ed)\b/i;

/** Says in words that a call failed, if not why. */
const CALL_FAILED = screened(
  /\b(?:errors?|failed|failure|unable)\b[^\n,;.]{0,20}\b(?:talking|calling|calls?|communicating|requests?|requesting|querying|invoking|invocation|contacting|completion|generating|generation|response|inference|running model|with model)\b|\b(?:calls?|requests?|completion|invocation|generation|inference)\b[^\n,;.]{0,20}\b(?:errors?|failed|failure)\b|\berrors? (?:in|during|from) [\w -]{2,40}\b(?:response|request|call|completion)\b|\bapi error\b(?! budget)/i,
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
export function isClearFailure(evidence: Evidence, status: number | null): boolean {
  if (status !== null && status < 400) return false;
  const { said } = evidence;
  const loud =
    /\b(?:error|err|warn(?:ing)?|critical|fatal|exception|fail(?:ed|ure)?|(?:rate.?limit|quota|cuota)(?:ed|[^\n]{0,20} (?:hit|exceeded|reached|excedida|esgotada|agotada|wait\w*|retry\w*|sleep\w*|backing off|aguardando|esperando|等待|重试|待機))|exhausted|timed out|refused|unreachable|denied|premature(?:ly)?|unexpected EOF)\b|[❌✗✖⨯]|오류|에러|실패|エラー|失敗|失败|错误|异常|出错|\berro\b|\bfalha|\bfall[oó]\b|\berreur|\béchec|\bfehler|ошибк|lỗi|\(status code: \d/i.test(
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
export function tellsOfCall(evidence: Evidence, status: number | null): boolean {
  if (status !== null) return true;
  const said = LEVEL_MARK.replace(TIMEOUT_SETTING.replace(evidence.said, ''), ' ');
  return (
    [CALL_FAILED, TASK_FAILED, CALL_FAILED_ABROAD].some((words) => words.test(said)) ||
    namesCause(said, namesOf(evidence))
  );
}

export const namesOf = ({ types, classes }: Evidence): string[] =>
  [...types, ...classes.map((name) => name.slice(name.lastIndexOf('.') + 1))].map((name) => name.toLowerCase());

const isLoudLevel = ({ facts }: Evidence): boolean => {
  const level = facts.get('level')?.value;
  return typeof level === 'number'
    ? level >= 40
    : typeof level === 'string' && /^(?:err|error|warn|warning|crit|critical|fatal)$/i.test(level);
};

/** Fields of a JSON record that speak about the call; free text of prompts is not among them. */
export const withoutPrompt = (evidence: Evidence): string =>
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
