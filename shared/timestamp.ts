/**
 * The time a log line says it was written, in ms since the epoch, UTC. A time without a zone is taken as UTC: containers
 * and Lambda run in UTC, and guessing a laptop's zone would make a replay depend on where it runs.
 *
 * A line is only believed about itself: the stamp stands at its head, after at most three words (`[ERROR]`, `web_1 |`,
 * `time=`), never after words such as "resets at", which announce another time. Linear; text is read to 200 characters,
 * JSON is searched for its time fields and not parsed.
 */
import { jsonTimestamp } from './timestamp/json.ts';
import { accessStampAt, stampAt, yearlessStampAt } from './timestamp/stamp.ts';

const HEAD = 200;
const MAX_WORDS_BEFORE = 3;

/** Keys that may stand in `key=<stamp>`; another key (`reset_at=`) names another time. */
const KEYS = new Set(['time', 'ts', 't', 'timestamp', '@timestamp', 'date', 'datetime', 'asctime']);

/** Words after which a stamp is not the line's own. */
const OTHER_TIME =
  /(?<![a-z])(?:at|on|by|in|to|of|is|until|till|after|before|since|from|for|than|next|last|due|(?:reset|expir|retry)\w{0,20})\W{0,40}$/;

/** `nearMs` gives stamps without a year (syslog) theirs: the latest that is not after it, or by two days at most. Without it they are null. */
export function timestampOf(text: string, nearMs?: number): number | null {
  const start = firstInk(text);
  if (text.charCodeAt(start) === 123 /* { */) return jsonTimestamp(text, start);
  if (isDigit(text.charCodeAt(start))) {
    const ms = plainStampAt(text, start, nearMs);
    if (ms !== null) return ms;
  }
  return scanHead(text, start, nearMs);
}

function scanHead(text: string, start: number, nearMs: number | undefined): number | null {
  const end = Math.min(text.length, HEAD);
  if (nearMs !== undefined) {
    const ms = yearlessStampAt(text, start, nearMs);
    if (ms !== null) return ms;
  }
  let words = 0;
  let inWord = false;
  let edge = true;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 27 /* ESC */) {
      at = endOfColour(text, at);
      edge = true;
      continue;
    }
    if (edge && isDigit(code)) {
      const ms = accessStampAt(text, at) ?? headStampAt(text, at, { start, words, inWord, nearMs });
      if (ms !== null) return ms;
    }
    edge = !isWordPart(code);
    const blank = code === 32 || code === 9;
    if (!blank && !inWord) words++;
    inWord = !blank;
  }
  return null;
}

interface Head {
  readonly start: number;
  readonly words: number;
  readonly inWord: boolean;
  readonly nearMs: number | undefined;
}

function headStampAt(text: string, at: number, { start, words, inWord, nearMs }: Head): number | null {
  // A quote or bracket glued to the stamp opens a word of its own.
  const before = inWord ? words - 1 : words;
  if (before > MAX_WORDS_BEFORE || (start > 0 && before > 0)) return null;
  const ms = plainStampAt(text, at, nearMs);
  return ms !== null && isOwnTime(text.slice(0, at)) ? ms : null;
}

function plainStampAt(text: string, at: number, nearMs: number | undefined): number | null {
  return stampAt(text, at) ?? (nearMs === undefined ? null : yearlessStampAt(text, at, nearMs));
}

function isOwnTime(before: string): boolean {
  const assigned = /([@\w.-]{1,20})=["'[]?$/.exec(before);
  if (assigned) return KEYS.has(assigned[1]?.toLowerCase() ?? '');
  return !OTHER_TIME.test(before.slice(-24).toLowerCase());
}

function firstInk(text: string): number {
  let at = 0;
  while (at < HEAD && isBlank(text.charCodeAt(at))) at++;
  return at;
}

function endOfColour(text: string, at: number): number {
  const end = text.indexOf('m', at);
  return end > at && end - at < 12 ? end : at;
}

const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 160 || code === 0xfeff;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isWordPart = (code: number): boolean =>
  isDigit(code) ||
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  code === 45 ||
  code === 46 ||
  code === 47;
