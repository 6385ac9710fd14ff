/**
 * The time a JSON log line gives itself, found by walking its outermost keys. A log line may be 1 MB of prompt around one
 * short field, so it is not parsed: the first 16 k characters are walked, then the last 200 are searched (winston writes
 * its timestamp last).
 */
import { epochTimestamp, stampAt } from './stamp.ts';

const HEAD = 16_384;
const TAIL = 200;

/** `text` is loguru's rendered line, which begins with the time. */
const KEYS = ['timestamp', 'time', '@timestamp', 'ts', 'asctime', 'startTime', 'datetime', 'text'] as const;
const TIME_KEYS = new Set<string>(KEYS);
/** Objects looked into as if their keys stood outside: loguru's `{"record":{"time":{"timestamp":…}}}`. */
const OPEN_KEYS = new Set<string>(['record', 'time', 'timestamp']);
const LONGEST_KEY = Math.max(...KEYS.map((key) => key.length));

/** `start` is where the opening brace stands. */
export function jsonTimestamp(text: string, start: number): number | null {
  return walk(text, start, Math.min(text.length, start + HEAD)) ?? (text.length > start + HEAD ? tail(text) : null);
}

function walk(text: string, start: number, end: number): number | null {
  let depth = 0;
  let opened = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 34 /* " */) {
      const close = closingQuote(text, at + 1);
      if (close < 0 || close > end) return null;
      const value = depth === 1 && close - at - 1 <= LONGEST_KEY ? valueStart(text, close + 1) : -1;
      const key = value < 0 ? '' : text.slice(at + 1, close);
      if (TIME_KEYS.has(key)) {
        const ms = valueTimestamp(text, value);
        if (ms !== null) return ms;
      }
      const enter = text.charCodeAt(value) === 123 && OPEN_KEYS.has(key);
      if (enter) opened++;
      at = enter ? value : close;
    } else if (code === 123 || code === 91) depth++;
    else if (code === 125 && depth === 1 && opened > 0) opened--;
    else if ((code === 125 || code === 93) && --depth === 0) return null;
  }
  return null;
}

function tail(text: string): number | null {
  const end = text.slice(-TAIL);
  for (const key of KEYS) {
    const at = end.lastIndexOf(`"${key}"`);
    const value = at < 0 ? -1 : valueStart(end, at + key.length + 2);
    const ms = value < 0 ? null : valueTimestamp(end, value);
    if (ms !== null) return ms;
  }
  return null;
}

/** Where the value of a key begins whose closing quote stands before `at`; -1 when it was no key. */
function valueStart(text: string, at: number): number {
  const colon = skipBlanks(text, at);
  return text.charCodeAt(colon) === 58 ? skipBlanks(text, colon + 1) : -1;
}

function valueTimestamp(text: string, at: number): number | null {
  const quoted = text.charCodeAt(at) === 34;
  const start = quoted ? at + 1 : at;
  const written = quoted ? stampAt(text, start) : null;
  if (written !== null) return written;
  const number = /^\d{9,20}(?:\.\d{1,9})?(?=["\s,}]|$)/.exec(text.slice(start, start + 32));
  return number ? epochTimestamp(Number(number[0])) : null;
}

function closingQuote(text: string, from: number): number {
  let close = text.indexOf('"', from);
  while (close > 0 && isEscaped(text, close, from)) close = text.indexOf('"', close + 1);
  return close;
}

function isEscaped(text: string, at: number, from: number): boolean {
  let slashes = 0;
  while (at - slashes > from && text.charCodeAt(at - slashes - 1) === 92) slashes++;
  return slashes % 2 === 1;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < from + 16 && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) at++;
  return at;
}
