/**
 * A structured logger's record that says everything in its text: the text is read as if it stood alone, so that what an SDK
 * prints is known whoever prints it. A record with fields of its own about a call is read as the structure it is.
 */
import { nameOf, pairsIn } from './fields.ts';
import { type Fields, field, isFields, readJson, type Value } from './literal.ts';

export interface Logged {
  readonly text: string;
  /** The logger's own fields. */
  readonly beside: Fields;
  /** JSON, not logfmt. */
  readonly isJson: boolean;
}

const TEXT = new Set(['message', 'msg', 'event', 'text', 'body', 'log']);
/** One of these at least tells a logger from an error that was printed as an object. */
const LOGGERS = new Set(
  (
    'level loglevel levelname levelno severity severitytext severitynumber lvl ' +
    'time timestamp ts date datetime asctime created t epoch instant'
  ).split(' '),
);
/** What loggers write of the place and the process; names are compared as `fields.ts` does. */
const BESIDE = new Set(
  (
    'priority msecs relativecreated pid hostname host name logger loggername channel module function functionname funcname ' +
    'file filename pathname line lineno linenumber location caller source sourcelocation target ' +
    'thread threadname threadid process processname processid taskname fiber v version appversion ' +
    'service servicename app appname application env environment stage region ' +
    'requestid awsrequestid functionrequestid functionarn functionmemorysize functionversion coldstart samplingrate ' +
    'xraytraceid correlationid traceid spanid traceflags'
  ).split(' '),
);

const OF_ERRORS = /(?:Error|Exception|Timeout)$/;

/** The text that a logger was given, where the record holds nothing else; null where it holds more. */
export function loggedIn(text: string, json: Value | undefined): Logged | null {
  const fields = isFields(json) ? json : logfmt(text);
  if (fields === null) return null;
  let name: string | null = null;
  let isLogger = false;
  for (const key of Object.keys(fields)) {
    const known = nameOf(key);
    const isText = TEXT.has(known);
    isLogger ||= LOGGERS.has(known);
    if (!isText && !LOGGERS.has(known) && !BESIDE.has(known)) return null;
    // The name of a class is what an error says of itself.
    if (known === 'name' && OF_ERRORS.test(String(field(fields, key)))) return null;
    if (isText && (name !== null || typeof field(fields, key) !== 'string')) return null;
    if (isText) name = key;
  }
  if (name === null || !isLogger) return null;
  const { [name]: said, ...beside } = fields;
  return { text: said as string, beside, isJson: isFields(json) };
}

const LOGFMT = /^(?:time|ts|timestamp|t|level|lvl|severity)=\S{1,80} /;
const LOGFMT_TEXT = /(?:^| )(msg|message|event)=("(?:[^"\\\n]|\\.){0,20000}")(?= |$)/;

/** `time=… level=ERROR msg="…"`, as Go's slog and logrus write. */
function logfmt(text: string): Fields | null {
  if (!LOGFMT.test(text)) return null;
  const [whole, name, quoted] = LOGFMT_TEXT.exec(text) ?? [];
  if (whole === undefined || name === undefined || quoted === undefined) return null;
  const said = readJson(quoted);
  const beside = pairsIn(text.replace(whole, ' '));
  return typeof said === 'string' && beside !== null ? { ...beside, [name]: said } : null;
}
