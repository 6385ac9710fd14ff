/** Everything one piece of log text says about an LLM call, before anybody judges it. */

import { screened } from '../screen.ts';
import { clean } from './clean.ts';
import { collect, type Facts, type KeyNames, noFacts, pairsIn, structuresIn } from './fields.ts';
import { readJson, type Value } from './literal.ts';
import { type Logged, loggedIn } from './logger.ts';
import { withoutPrefix } from './transport.ts';
import { LLM_PATH, LLM_SERVER_PATH, providerOfHost } from './vocabulary.ts';

export interface Evidence extends Facts {
  /** What its transport wrote before the text: a container, or a host and a process on it. */
  readonly carrier: string;
  /** The cleaned text itself. */
  readonly text: string;
  /** Text outside structures, without stack frames. */
  readonly around: string;
  /** The same and the messages of the structures: all that is meant for people. */
  readonly said: string;
  readonly isJson: boolean;
  /** Status that a shape of the team's reads out of the text. */
  readonly ownStatus: number | null;
  /** Names of the fields of the structured logger that was given the text; null where none was. */
  readonly logger: ReadonlySet<string> | null;
  /** The address that was called, where the record names one. */
  readonly target: { readonly host: string | null; readonly path: string | null } | null;
}

/** A record whose first part is in another event: it goes on in the middle of an object. */
const CUT_HEAD = /^\s{0,40}"[\w.-]{1,60}"\s{0,4}:/;

/** Time, level and logger, in any order: what a logger writes before an object that is all there is to say. */
const HEADER =
  /^[\s\d:.,+\-/TZ[\]()|]{0,40}(?:[A-Z]{4,8}\b)?[\s:|\-[\]()]{0,6}(?:[\w.-]{1,60})?[\s:|\-[\]()]{0,6}(?:[A-Z]{4,8})?[\s:|\-[\]()]{0,6}$/;

/** Failures name themselves early; what follows later in a long text is dumps. */
const MAX_TEXT = 20_000;

const CLASS_WORD = screened(/Error|Exception|Timeout/);
const CLASS_WORDS = /Error|Exception|Timeout/g;
const CLASS_NAME = /\b(?:[A-Za-z_]\w{0,40}\.){0,6}([A-Z]\w{1,60}(?:Error|Exception|Timeout))\b/g;
const CALLED = screened(
  /(?:\bHTTP (?:Request|Response): [A-Z]{3,7} |\b(?:POST|GET|post|get|Post|Get|HEAD|PUT|DELETE) "?|\b(?:url|URL|uri|api_base|base_url|baseURL|for url)\b['"]?\s{0,2}[:=(]?\s{0,2}\(?['"]?|(?=https?:\/\/[^\s'"`)\]}>,]{4,400} "(?:POST|GET) \/))(https?:\/\/[^\s'"`)\]}>,]{4,400})/,
);
// Stack frames and the source lines below Python's: they name functions, never causes.
const FRAME_WORD = /\bat |File "|Traceback|\^|~/;
const FRAME =
  /^(?:[ \t]{1,12}at .{0,400}|[ \t]{0,6}File ".{0,300}|Traceback \(most recent call last\):|[ \t]{4,200}(?:\^{1,200}|~{1,200}).{0,200})$/;

/** A logger's text may be another logger's record: a process under a supervisor, under a collector. */
const MAX_LOGGERS = 3;

/** Reads one event (or one joined block of lines). */
export function readEvidence(whole: string, names?: KeyNames, loggers = 0): Evidence {
  const line = withoutPrefix(whole);
  const json = line.startsWith('{') || line.startsWith('[') ? readJson(line.trimEnd()) : undefined;
  const logged = loggers < MAX_LOGGERS ? loggedIn(line, json) : null;
  if (logged !== null) return withLogger(readEvidence(clean(logged.text), names, loggers + 1), logged);
  const text = json === undefined ? unescaped(line) : line;
  const found = noFacts(names, text);
  const isWhole = json !== undefined && typeof json === 'object' && json !== null;
  const { structures, around } = isWhole
    ? { structures: [json], around: '' }
    : structuresIn(withoutOwnAccessLines(shortened(CUT_HEAD.test(text) ? `{${text}` : text)), 6, found.scan);
  for (const structure of structures)
    collect(structure as Value, found, { depth: 0, inError: isErrorText(around), inRequest: false });
  const isJson = isWhole || (structures.length === 1 && text.trimEnd().endsWith('}') && HEADER.test(around));
  const pairs = isJson ? null : pairsIn(around);
  if (pairs !== null) collect(pairs, found, { depth: 0, inError: isErrorText(around), inRequest: false });
  // A traceback in a field is read by its last line, not by its frames.
  const { messages } = found;
  for (let at = 0; at < messages.length; at++) messages[at] = withoutFrames(messages[at] as string);
  const outside = withoutPrompts(withoutFrames(around));
  const readable = [outside, ...messages].join('\n');
  const head = readable.length > MAX_TEXT ? readable.slice(0, MAX_TEXT) : readable;
  addClassNames(head, found.classes);
  return Object.assign(found, {
    carrier: whole.slice(0, whole.length - line.length),
    text,
    around: outside,
    said: head,
    isJson,
    logger: null,
    ownStatus: null,
    target: calledAddress(head, found),
  });
}

/** Objects and tracebacks inside a string that was printed as a program writes it, or cut out of a larger record. */
const ESCAPED = screened(/[{[,:]\s{0,4}(?:\\n\s{0,12})?\\{1,3}"\w|\\n {2,12}(?:File |at )/);
const PLAIN = /[{[,]\s{0,20}"\w|\{\s{0,20}[A-Za-z_]\w{0,40}(?::| ?=>)|\n/;

/** One level at a time: what stays escaped then is text inside the text. */
function unescaped(text: string, levels = 3): string {
  if (levels === 0 || !text.includes('\\') || !ESCAPED.test(text) || PLAIN.test(text)) return text;
  const freed = text.replace(/\\([\\"'/nt])/g, (_, sign: string) => (sign === 'n' ? '\n' : sign === 't' ? '\t' : sign));
  return unescaped(freed, levels - 1);
}

/** What the logger says of itself counts after what it was told. */
function withLogger(evidence: Evidence, { beside, isJson }: Logged): Evidence {
  const of = noFacts(evidence.names);
  collect(beside, of);
  for (const [fact, value] of of.facts) if (!evidence.facts.has(fact)) evidence.facts.set(fact, value);
  return isJson ? { ...evidence, logger: of.keys } : evidence;
}

const MAX_CLASSES = 20;

/** Class names stand in runs of word characters and dots, so only the runs that hold a telling word are read. */
function addClassNames(text: string, classes: string[]): void {
  if (!CLASS_WORD.test(text)) return;
  CLASS_WORDS.lastIndex = 0;
  for (let found = CLASS_WORDS.exec(text); found !== null; found = CLASS_WORDS.exec(text)) {
    let from = found.index;
    let end = CLASS_WORDS.lastIndex;
    while (from > 0 && isNamePart(text.charCodeAt(from - 1))) from--;
    while (end < text.length && isNamePart(text.charCodeAt(end))) end++;
    for (const [name] of text.slice(from, end).matchAll(CLASS_NAME)) {
      if (classes.length >= MAX_CLASSES) return;
      classes.push(name);
    }
    CLASS_WORDS.lastIndex = end;
  }
}

/** `\w` or a dot. */
const isNamePart = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code === 46;

const MAX_DUMP = 131_072;
/** Of a dump longer than any real one, its head and its end: what failed stands first, the exception of a traceback last. */
const shortened = (text: string): string =>
  text.length <= MAX_DUMP ? text : `${text.slice(0, MAX_DUMP * 0.75)}\n${text.slice(-MAX_DUMP / 4)}`;

/** The application's own access lines between the lines of an event speak of its own clients. */
function withoutOwnAccessLines(text: string): string {
  if (!text.includes('\n')) return text;
  return text
    .split('\n')
    .filter((line) => !ACCESS_LINE.test(line) || LLM_SERVER_PATH.test(line) || ASKED_OF.test(line))
    .join('\n');
}

const ACCESS_LINE = screened(/"(?:GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) \/[^"\n]{0,400}" [1-5]\d\d\b/);

/** A client's own line, which names the server before the path: `https://api.llmgrid.ai:443 "POST /v1/… HTTP/1.1" 429`. */
const ASKED_OF = screened(/https?:\/\/[^\s"]{4,200} "(?:GET|POST) \//);

const ERROR_WORD = screened(/(?:Error|Exception|error|ERROR|failed)\b/);
const isErrorText = (around: string): boolean => ERROR_WORD.test(around);

function withoutFrames(text: string): string {
  if (!text.includes('\n') || !FRAME_WORD.test(text)) return text;
  let wasFrame = false;
  return text
    .split('\n')
    .filter((line) => {
      const isSource = wasFrame && /^ {4,}\S/.test(line);
      wasFrame = FRAME.test(line);
      return !wasFrame && !isSource;
    })
    .join('\n');
}

/** Prompts in text that could not be read as a structure: what stands in quotes after the names they go by. */
const PROMPT = screened(
  /(\b(?:content|prompt|input|query|question|system|instructions)['"]?\s?[:=]\s?)(?:'(?:[^'\\\n]|\\.){0,20000}'|"(?:[^"\\\n]|\\.){0,20000}"|`[^`]{0,20000}`)/g,
);

/** The same among the attributes of OpenTelemetry's debug exporter. */
const PROMPT_ATTRIBUTE = screened(
  /(-> (?:gen_ai|llm)\.(?:prompt|completion|input|output|system_instructions)[\w.]{0,80}: )[A-Z][A-Za-z]{1,10}\([^\n]{0,20000}/g,
);

const withoutPrompts = (text: string): string =>
  PROMPT_ATTRIBUTE.replace(PROMPT.replace(text, '$1[prompt]'), '$1[prompt]');

const ADDRESS = /https?:\/\/([^\s'"`)\]}>,/:?#]{1,253})(?::\d{1,5})?(\/[^\s'"`)\]}>,?#]{0,400})?/g;

/** Without a word before it, an address was called when it is an LLM API's and names one of its paths; a page of a vendor is not. */
function llmAddress(text: string): string | null {
  let looked = 0;
  for (const [address, , path] of text.matchAll(ADDRESS)) {
    if (path !== undefined && LLM_PATH.test(path)) return address;
    if (++looked === 20) break;
  }
  return null;
}

function calledAddress(text: string, found: Facts): Evidence['target'] {
  const url =
    (text.includes('://') ? (CALLED.exec(text)?.[1] ?? llmAddress(text)) : null) ??
    stringFact(found, 'url') ??
    stringFact(found, 'host');
  if (url === null || url === undefined || url.startsWith('/')) return ownPath(text, found);
  const parts = /^(?:https?:\/\/)?([^/:?#\s'"]{1,253})(?::\d{1,5})?(\/[^?#\s'"]{0,400})?/i.exec(url);
  if (!parts) return null;
  const path = parts[2] ?? null;
  // A bare word such as `host: web-1` is no address; a known host or an API path makes it one.
  const host = (parts[1] as string).toLowerCase();
  if (!/^https?:/i.test(url) && providerOfHost(host) === null && !(path && LLM_PATH.test(path))) return null;
  return { host, path };
}

const REQUEST_LINE = screened(/\b(?:POST|GET) "?(\/[^\s"'?#]{1,200})/);
/** SDKs name what they ask once more by its path alone. */
const ASKED_AGAIN = screened(/\bRetrying request to (\/[^\s"'?#]{1,200})/);

/** A server's own name for what was asked of it, without a host. */
function ownPath(text: string, found: Facts): Evidence['target'] {
  const again = ASKED_AGAIN.exec(text)?.[1] ?? null;
  if (again !== null && LLM_PATH.test(again)) return { host: null, path: again };
  const path = stringFact(found, 'path') ?? stringFact(found, 'url') ?? REQUEST_LINE.exec(text)?.[1] ?? null;
  return path !== null && LLM_SERVER_PATH.test(path) ? { host: null, path } : null;
}

export function stringFact(found: Facts, name: Parameters<Facts['facts']['get']>[0]): string | null {
  const value = found.facts.get(name)?.value;
  return typeof value === 'string' && value !== '' && value !== 'None' && value !== 'null' ? value : null;
}

export function numberFact(found: Facts, name: Parameters<Facts['facts']['get']>[0]): number | null {
  const value = found.facts.get(name)?.value;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
