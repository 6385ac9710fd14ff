/**
 * Which form an input has, from its first bytes: a table of predicates, first match wins. A form decides how the input is
 * cut into events; `text` takes every line as one event and is never wrong, only less informed.
 */
import { isContinuation } from '../../../shared/parse/continuation.ts';

export type Form =
  | 'text'
  | 'json-lines'
  | 'json-array'
  | 'cloudwatch-events'
  | 'cloudwatch-tail'
  | 'cloudwatch-csv'
  | 's3-export'
  | 'subscription';

export type Detected = Form | 'binary' | 'utf-16';

export const SAMPLE_BYTES = 4096;
const SAMPLE_LINES = 50;

/** Null: not enough yet to tell (a live pipe has delivered half a line). */
export function detectForm(sample: Buffer, isAll: boolean): Detected | null {
  if (isUtf16(sample)) return 'utf-16';
  if (isBinary(sample)) return 'binary';
  const text = sample
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  const breaks = text.split('\n', SAMPLE_LINES);
  const isEnough = isAll || sample.length >= SAMPLE_BYTES || (breaks.length > 1 && !isOpenJson(breaks));
  if (!isEnough) return null;
  const lines = breaks.filter((line) => line.trim() !== '');
  // The last line of a sample is usually half a line.
  if (!isAll && lines.length > 1) lines.pop();
  return FORMS.find(([, matches]) => matches(text, lines))?.[0] ?? 'text';
}

const FORMS: readonly (readonly [Form, (text: string, lines: readonly string[]) => boolean])[] = [
  ['subscription', (text) => isSubscription(text)],
  ['cloudwatch-events', (text) => eventsPath(text) !== null],
  ['json-array', (text) => isOpenArray(text)],
  ['cloudwatch-csv', (_, lines) => csvHeader(lines[0] ?? '') !== null],
  ['cloudwatch-tail', (_, lines) => most(lines, (line) => tailPrefix(line) !== null)],
  ['s3-export', (_, lines) => most(lines, isExportLine)],
  ['json-lines', (_, lines) => most(lines, (line) => /^\{\s*"/.test(line), 0.5)],
];

const EVENT_NAMES =
  'logStreamName|logStream|timestamp|message|ingestionTime|eventId|@logStream|@timestamp|@message|@log|@ptr';
const EVENT_KEY = `"(?:${EVENT_NAMES})"\\s*:`;
const INSIGHTS_ROW = '\\[\\s*\\{\\s*"(?:field|value)"\\s*:';
/** Keys that the AWS tools print before the events; another key first makes it somebody's own document. */
const BEFORE = '^\\{\\s*(?:"\\$metadata"\\s*:\\s*\\{[^}]*\\}\\s*,\\s*)?(?:"queryLanguage"\\s*:\\s*"[^"]*"\\s*,\\s*)?';
const DOCUMENTS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`${BEFORE}"events"\\s*:\\s*\\[\\s*(?:\\]|\\{\\s*${EVENT_KEY})`), '$.events.*'],
  [new RegExp(`${BEFORE}"results"\\s*:\\s*\\[\\s*(?:\\]|${INSIGHTS_ROW})`), '$.results.*'],
  [new RegExp(`^\\[\\s*\\{\\s*${EVENT_KEY}`), '$.*'],
  [new RegExp(`^\\[\\s*${INSIGHTS_ROW}`), '$.*'],
];

/** Where a CloudWatch JSON document keeps its events, as a path for the streaming reader; null when it is none. */
export function eventsPath(text: string): string | null {
  const head = text.slice(0, SAMPLE_BYTES);
  return DOCUMENTS.find(([pattern]) => pattern.test(head))?.[1] ?? (isEventLine(text) ? '$' : null);
}

const EVENT_KEYS = new Set([...EVENT_NAMES.split('|'), 'logGroupName', 'logGroup']);

export const isEventKey = (key: string): boolean => EVENT_KEYS.has(key);

/** One event per line, as `jq -c '.events[]'` leaves them: no keys but CloudWatch Logs' own. */
function isEventLine(text: string): boolean {
  const line = text.slice(0, text.indexOf('\n') + 1 || text.length);
  if (!line.startsWith('{') || !/"@?message"\s*:/.test(line) || !/"@?timestamp"\s*:/.test(line)) return false;
  try {
    return Object.keys(JSON.parse(line)).every(isEventKey);
  } catch {
    return false;
  }
}

/** An array of objects over several lines, or one line that is nothing else; not a line of text that begins with one. */
function isOpenArray(text: string): boolean {
  if (!/^\[\s*\{\s*"/.test(text)) return false;
  const lineEnd = text.indexOf('\n');
  return (
    lineEnd < 0 || lineEnd === text.trimEnd().length || /^\[\s{0,200}(?:\{\s{0,200})?$/.test(text.slice(0, lineEnd))
  );
}

function isSubscription(text: string): boolean {
  if (/^\{\s*"awslogs"\s*:\s*\{\s*"data"\s*:/.test(text)) return true;
  return /^\{[^{}]{0,2000}"messageType"\s*:\s*"(?:DATA|CONTROL)_MESSAGE"/.test(text);
}

/** Columns of a CloudWatch CSV export by name; null when the line is no such header. */
export function csvHeader(line: string): string[] | null {
  const names = line
    .replace(/^\ufeff/, '')
    .trim()
    .split(',')
    .map((name) => name.trim().replace(/^"|"$/g, ''));
  const has = (name: string): boolean => names.includes(name) || names.includes(`@${name}`);
  return has('timestamp') && has('message') ? names : null;
}

export interface TailPrefix {
  readonly stream: string;
  /** Where the message begins. */
  readonly end: number;
}

/** `2026-11-22T14:23:01.598000+00:00 stream-name message`: what `aws logs tail` prints before each event. */
export function tailPrefix(line: string): TailPrefix | null {
  const found = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3,6})?\+00:00 ([^\s:*]{1,512})(?: |$)/.exec(line.slice(0, 600));
  const stream = found?.[1];
  if (!found || stream === undefined) return null;
  // A logger's ISO stamp is followed by a level or a module, a CloudWatch one by a stream name: those have digits or slashes.
  return /[\d/]/.test(stream) && !stream.startsWith('{') ? { stream, end: found[0].length } : null;
}

/** `2026-11-22T14:23:01.598Z message`: what an export to S3 writes. */
export function isExportLine(line: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [^ ]/.test(line.slice(0, 26));
}

export const EXPORT_PREFIX = '2026-11-22T14:23:01.598Z '.length;

function most(lines: readonly string[], matches: (line: string) => boolean, share = 0.8): boolean {
  const heads = lines.filter((line) => !isContinuation(line));
  const hits = heads.filter(matches).length;
  return hits > 0 && hits >= heads.length * share;
}

/** Begins like a JSON document whose first line does not end it: only more of it can tell which one. */
function isOpenJson(lines: readonly string[]): boolean {
  const first = lines[0]?.trim() ?? '';
  return (
    (first.startsWith('{') || first.startsWith('[')) &&
    lines.length < 8 &&
    /^[[{]{0,9}\s{0,99}(?:"[^"]{0,200}"\s{0,9}:\s{0,9})?[[{]{0,9}$/.test(first)
  );
}

function isUtf16(sample: Buffer): boolean {
  return (sample[0] === 0xff && sample[1] === 0xfe) || (sample[0] === 0xfe && sample[1] === 0xff);
}

/** First bytes of formats people keep next to logs; none of them is text. */
const MAGIC = [
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x50, 0x4b, 0x03, 0x04],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58],
  [0x7f, 0x45, 0x4c, 0x46],
  [0x89, 0x50, 0x4e, 0x47],
  [0x25, 0x50, 0x44, 0x46],
] as const;
const MAX_CONTROL_SHARE = 0.05;

/** More than a twentieth control characters: compressed data has a tenth. NULs before the log are a hole left by copytruncate. */
function isBinary(sample: Buffer): boolean {
  if (MAGIC.some((bytes) => bytes.every((byte, at) => sample[at] === byte))) return true;
  const start = sample.findIndex((byte) => byte !== 0);
  const head = sample.subarray(start, start < 0 ? 0 : start + SAMPLE_BYTES);
  let controls = 0;
  for (const byte of head) {
    if (byte < 7 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32) || byte === 127) controls++;
  }
  return controls > head.length * MAX_CONTROL_SHARE;
}
