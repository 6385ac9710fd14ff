/**
 * Is this record an LLM call at all, and one of ours? Without an anchor on the record itself, a number, a word or a class
 * name counts for nothing: two thirds of all lines that look like failures are prose, code, metrics or somebody else's API.
 */

import { holdsWordsOf, screened } from '../screen.ts';
import type { Settings } from '../settings.ts';
import { namesCause } from '../signals.ts';
import { isChore, isElsewhere, namesOther, OTHER_API } from './elsewhere.ts';
import {
  explicitError,
  isClearFailure,
  isFailure,
  isRetry,
  isSuccess,
  linesOf,
  namesOf,
  OF_MODELS,
  OF_NAMED_MODELS,
  refuses,
  saysFailure,
  saysSuccess,
  tellsOfCall,
  withoutAddresses,
  withoutPrompt,
} from './ending.ts';
import type { Evidence } from './evidence.ts';
import { isProse, namesStatus } from './prose.ts';
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
  if (!isJson && !explicitError(evidence) && namesStatus(head)) return false;
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
  if (namesOther(text)) return false;
  const told = withoutAddresses(withoutPrompt(evidence));
  if (speaksOfModels(told))
    return isClearFailure(evidence, status) || refuses(evidence, OF_NAMED_MODELS) || saysSuccess(evidence);
  return MODEL_TALK.test(told) && refuses(evidence, OF_MODELS);
}

/** The error body of an LLM API: in a frame that other APIs use as well, what it says must name a cause. */
const isRefusalBody = (evidence: Evidence): boolean =>
  evidence.envelope === 'own' || (evidence.envelope === 'shared' && namesCause(evidence.said, namesOf(evidence)));

/** A retrying framework names the function it calls again, and nothing else. */
const LLM_FUNCTION = screened(
  /\b(?:Finished call to|Retrying) ['"]?[\w.<>]{0,120}(?:completion|embed|chat|llm|invoke_model|generate_content)/i,
);

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

export const isLlmAddress = (host: string | null, path: string | null): boolean =>
  (host !== null && providerOfHost(host) !== null) || (path !== null && LLM_PATH.test(path));

function namesOtherHost({ target }: Evidence, hosts: Settings['hosts']): boolean {
  if (hosts === 'any' || target === null || target.host === null) return false;
  const host = target.host;
  return !hosts.some((ours) => host === ours || host.endsWith(`.${ours}`));
}
