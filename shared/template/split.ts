/**
 * A text is a template and the values in it. What differs between two texts of one sentence is times, ids and amounts; they
 * are taken out here, in one pass, and nothing else is: a status, a port, a version or the name of a model decides something
 * and stays. A value in running text leaves its length behind, so that what cuts texts cuts them alike; a value of a JSON field
 * may be of any length.
 */
import { memo } from '../memo.ts';
import { COPIED_ENDS, type KeyNames, roleOf } from '../parse/fields.ts';
import { isInert } from '../screen.ts';

export interface Split {
  /** The text with signs that stand in no log in the place of its values. */
  readonly template: string;
  /** Where the values stand, first to last: from and to in turn. */
  readonly slots: readonly number[];
  /** Of each value which one before it is the same, by its number; or that it is new, or a field's. */
  readonly origins: readonly number[];
}

/** Longer texts are dumps: they differ in more than values. */
const MAX_LENGTH = 4096;

// One sign for each kind of value: what was a number is never taken for an id, nor what is said twice for two things.
const [FIELD, DIGITS, ID, TIME, AGAIN] = ['\u0001', '\u0002', '\u0003', '\u0004', '\u0005'] as const;

const [OF_FIELD, IS_NEW] = [-2, -1] as const;

/** A value of the text, by its number. */
export const valueAt = (text: string, { slots }: Split, slot: number): string =>
  text.slice(slots[2 * slot], slots[2 * slot + 1]);
export const valuesOf = (text: string, found: Split): string[] =>
  found.origins.map((_, slot) => valueAt(text, found, slot));
/** Whether a value is one of a JSON field, by its number. */
export const isField = ({ origins }: Split, slot: number): boolean => origins[slot] === OF_FIELD;
/** Which value before it is the same. */
export const originOf = ({ origins }: Split, slot: number): number | null => {
  const origin = origins[slot] as number;
  return origin < 0 ? null : origin;
};

const [DIGIT, HEX, LETTER] = [1, 2, 3] as const;
const KIND = new Uint8Array(256);
KIND.fill(LETTER, 65, 91);
KIND.fill(LETTER, 97, 123);
KIND.fill(HEX, 65, 71);
KIND.fill(HEX, 97, 103);
KIND.fill(DIGIT, 48, 58);

/** The text that is split, as bytes: they are read in a third of the time. Beyond ASCII all is alike; nothing stands around it. */
const ROOM = 64;
const CODES = new Uint8Array(MAX_LENGTH + 2 * ROOM);
const TEXT = CODES.subarray(ROOM);
const ENCODER = new TextEncoder();
function spread(text: string): void {
  const { length } = text;
  const { written } = ENCODER.encodeInto(text, TEXT);
  if (written !== length)
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      TEXT[at] = code < 128 ? code : 128;
    }
  TEXT.fill(0, length, Math.max(written, length) + ROOM);
}
const codeAt = (at: number): number => CODES[at + ROOM] as number;
const kindAt = (at: number): number => KIND[CODES[at + ROOM] as number] as number;

const [QUOTE, COLON, COMMA, DASH, DOT, BLANK, BRACE, OPEN_BRACKET, BRACKET, BACKSLASH, ZERO] = [
  34, 58, 44, 45, 46, 32, 125, 91, 93, 92, 48,
];

/** The value found last; one serves all, for there are dozens in a text. Where there is none, `to` is `from`. */
const found = { from: 0, to: 0, sign: '' };
function set(from: number, to: number, sign: string): void {
  found.from = from;
  found.to = to;
  found.sign = sign;
}

/** `null`: too long, or not to be told from a template. `names` are the fields a team named: they decide. */
export function split(text: string, names: KeyNames): Split | null {
  if (text.length > MAX_LENGTH) return null;
  spread(text);
  const slots: number[] = [];
  const origins: number[] = [];
  let template = '';
  let copied = 0;
  let last = -1;
  const codes = CODES;
  const end = text.length + ROOM;
  for (let place = ROOM; place < end; place++) {
    const code = codes[place] as number;
    if (code > 57 || (code < 48 && code !== QUOTE && code > 5)) continue;
    if (code < 6 && code > 0) return null;
    const at = place - ROOM;
    if (code === QUOTE) findName(text, at, names);
    else if (code >= 48) findValue(text, at, copied, last, names);
    else continue;
    const { from, to } = found;
    if (to > from) {
      const { sign } = found;
      const origin = sign === FIELD ? OF_FIELD : firstOf(slots, origins, from, to);
      slots.push(from, to);
      origins.push(origin);
      // What is said twice is read otherwise than two things, and it matters which.
      const mask = sign === FIELD ? FIELD : masked(text, from, to, origin < 0 ? sign : AGAIN);
      template += text.slice(copied, from) + (origin < 0 ? mask : `${AGAIN}${origin}${mask}`);
      copied = to;
      last = to;
    }
    if (to > at) place = to + ROOM - 1;
  }
  return { template: copied === 0 ? text : template + text.slice(copied), slots, origins };
}

/** The number of the first value that is the same; a field's value stands for itself. */
function firstOf(slots: readonly number[], origins: readonly number[], from: number, to: number): number {
  const first = codeAt(from);
  for (let n = 0; n < origins.length; n++) {
    const before = slots[2 * n] as number;
    if ((slots[2 * n + 1] as number) - before !== to - from || codeAt(before) !== first || origins[n] === OF_FIELD)
      continue;
    let at = 1;
    while (from + at < to && codeAt(before + at) === codeAt(from + at)) at++;
    if (from + at === to) return n;
  }
  return IS_NEW;
}

const MAX_PLAIN = 64;
const MASKS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [DIGITS, ID, TIME, AGAIN].map((sign) => [sign, Array.from({ length: MAX_PLAIN + 1 }, (_, n) => sign.repeat(n))]),
);
/** Letters and digits are masked; what stands between them tells one form from another. */
function masked(text: string, from: number, to: number, sign: string): string {
  const plain = MASKS[sign] as readonly string[];
  let mask = '';
  let run = from;
  for (let at = from; at <= to; at++) {
    if (at < to && kindAt(at) !== 0) continue;
    mask += at - run <= MAX_PLAIN ? (plain[at - run] as string) : sign.repeat(at - run);
    if (at < to) mask += text[at];
    run = at + 1;
  }
  return mask;
}

/** What the word with this digit is a value of; a word that is none is passed over. */
function findValue(text: string, at: number, least: number, last: number, names: KeyNames): void {
  let from = at;
  let end = at + 1;
  let [digits, hex] = [1, 0];
  for (let kind = kindAt(end); kind !== 0; kind = kindAt(++end)) {
    if (kind === DIGIT) digits++;
    else if (kind === HEX) hex++;
  }
  for (; from > least; from--) {
    const kind = kindAt(from - 1);
    if (kind === 0) break;
    if (kind === HEX) hex++;
  }
  const length = end - from;
  set(end, end, ID);
  if (digits === length) {
    const before = codeAt(from - 1);
    const amount = before === COLON || before === BLANK ? amountEnd(text, from, names) : from;
    const clock = amount === from && (length === 4 || length === 2) ? timeEnd(from, length) : from;
    const fraction = codeAt(end) === DOT ? fractionEnd(from, end) : from;
    if (amount > from) set(from, amount, FIELD);
    else if (clock > from) set(from, clock, TIME);
    else if (length === 8 && isUuid(from)) set(from, from + 36, ID);
    // A zero before other digits is no number of JSON.
    else if (length >= MIN_DIGITS) set(codeAt(from) === ZERO && mayBeValue(from) ? end : from, end, DIGITS);
    else if (fraction > from) set(from, fraction, DIGITS);
    else if (isPlace(text, from, end, last)) set(from, end, DIGITS);
  } else if (digits + hex === length && length === 8 && isUuid(from)) set(from, from + 36, ID);
  // `1234e567` is a number.
  else if (digits + hex === length && length >= MIN_HEX) set(hex === 1 && mayBeValue(from) ? end : from, end, ID);
  // `297ms`: an amount; what stands before a unit is no status.
  else if (isWithUnit(from, end, digits)) set(from, from + digits, DIGITS);
  else if (digits >= MIN_ID_DIGITS && length >= MIN_ID && isNamedId(text, from, end)) set(from, end, ID);
}

/** Whether a word could be a value of JSON, to which no quotes belong. */
const mayBeValue = (from: number): boolean => {
  const before = codeAt(from - 1);
  return before <= BLANK || before === COLON || before === COMMA || before === OPEN_BRACKET;
};

const [MIN_DIGITS, MIN_HEX, MIN_ID, MIN_ID_DIGITS, MIN_FRACTION] = [7, 8, 10, 3, 3] as const;

const digitsAt = (at: number, count: number): boolean => {
  for (let n = 0; n < count; n++) if (kindAt(at + n) !== DIGIT) return false;
  return true;
};

const isUpTo = (at: number, most: number): boolean =>
  digitsAt(at, 2) && 10 * (codeAt(at) - ZERO) + codeAt(at + 1) - ZERO <= most;

/** The end of `2026-11-17T09:00:00.123` and its kin, or of the time alone; its beginning where there is none. */
function timeEnd(from: number, length: number): number {
  if (length === 2) return clockEnd(from, from);
  const isDate = codeAt(from + 4) === DASH && codeAt(from + 7) === DASH && isUpTo(from + 5, 12) && isUpTo(from + 8, 31);
  const between = codeAt(from + 10);
  return isDate && (between === BLANK || between === 84) ? clockEnd(from + 11, from) : from;
}

function clockEnd(from: number, otherwise: number): number {
  const isClock =
    codeAt(from + 2) === COLON &&
    codeAt(from + 5) === COLON &&
    isUpTo(from, 23) &&
    isUpTo(from + 3, 59) &&
    isUpTo(from + 6, 59) &&
    kindAt(from + 8) !== DIGIT;
  if (!isClock) return otherwise;
  let at = from + 8;
  const sign = codeAt(at);
  if ((sign === DOT || sign === COMMA) && kindAt(at + 1) === DIGIT) {
    at++;
    while (kindAt(at) === DIGIT) at++;
  }
  return at;
}

function isUuid(from: number): boolean {
  let at = from;
  for (const length of [8, 4, 4, 4, 12]) {
    for (const end = at + length; at < end; at++) {
      const kind = kindAt(at);
      if (kind !== DIGIT && kind !== HEX) return false;
    }
    if (length !== 12 && codeAt(at++) !== DASH) return false;
  }
  return kindAt(at) === 0;
}

/** `0.482903`, `1.984s`; of a version the fractions are short, and what has no unit must have a long one. */
function fractionEnd(from: number, dot: number): number {
  let at = dot + 1;
  while (kindAt(at) === DIGIT) at++;
  const isUnit = kindAt(at) === LETTER;
  const isAlone = codeAt(from - 1) !== DOT && codeAt(at) !== DOT && (isUnit ? isSeconds(at) : kindAt(at) === 0);
  return at - dot > (isUnit ? 1 : MIN_FRACTION) && isAlone ? at : from;
}

/** `s` or `ms`, and nothing after it. */
const isSeconds = (at: number): boolean => {
  const unit = codeAt(at) === 109 ? at + 1 : at;
  return codeAt(unit) === 115 && kindAt(unit + 1) === 0;
};

/** A line of a file: `line 217`, `index.mjs:62:20`. */
function isPlace(text: string, from: number, end: number, last: number): boolean {
  const before = codeAt(from - 1);
  if (before === BLANK) return text.startsWith('line ', from - 5);
  return before === COLON && ((codeAt(end) === COLON && kindAt(end + 1) === DIGIT) || last === from - 1);
}

const isWithUnit = (from: number, end: number, digits: number): boolean =>
  codeAt(end - 1) === 115 &&
  (end - from - digits === 1 || (end - from - digits === 2 && codeAt(end - 2) === 109)) &&
  digitsAt(from, digits);

const NAMED_ID = /(?:^|[^A-Za-z0-9])(?:req|chatcmpl|cmpl|log|msg|resp|trace|call|toolu|run|thread|ord)[-_]$/;
/** Ids that look like words are known by what stands before them. */
const isNamedId = (text: string, from: number, end: number): boolean =>
  NAMED_ID.test(text.slice(Math.max(0, from - 10), from)) && isInert(text.slice(from, end));

const MAX_KEY = 48;
/** The key of a JSON object whose closing quote stands here; what is escaped is a field inside a text. */
function keyBefore(text: string, close: number): string | null {
  if (codeAt(close) !== QUOTE || codeAt(close - 1) === BACKSLASH) return null;
  const open = text.lastIndexOf('"', close - 1);
  return open < 0 || close - open > MAX_KEY ? null : text.slice(open + 1, close);
}

/** The end of a number that is the value of a JSON field and no more than an amount; its beginning where it is none. */
function amountEnd(text: string, from: number, names: KeyNames): number {
  const colon = codeAt(from - 1) === BLANK ? from - 2 : from - 1;
  if (codeAt(colon) !== COLON) return from;
  const key = keyBefore(text, colon - 1);
  if (key === null || roleOf(key, names) === 'decides') return from;
  const to = numberEnd(from);
  const after = codeAt(to);
  return after === COMMA || after === BRACE || after === BRACKET ? to : from;
}

/** The end of a number as JSON writes it, of so many digits that it is exact; its beginning where it is none. */
function numberEnd(from: number): number {
  let to = from;
  while (kindAt(to) === DIGIT) to++;
  if (codeAt(from) === ZERO && to > from + 1) return from;
  if (codeAt(to) === DOT && kindAt(to + 1) === DIGIT) for (to++; kindAt(to) === DIGIT; ) to++;
  return to - from > MAX_EXACT ? from : to;
}
const MAX_EXACT = 15;

const NAME = /^[A-Za-z0-9][\w.@-]*$/;
const MAX_NAME = 64;
/** The value of a JSON field which is only copied, or an amount in quotes; the quote that closes its key stands here. */
function findName(text: string, close: number, names: KeyNames): void {
  set(close, close, FIELD);
  if (codeAt(close + 1) !== COLON) return;
  const open = codeAt(close + 2) === BLANK ? close + 3 : close + 2;
  if (codeAt(open) !== QUOTE) return;
  const isDigit = kindAt(open + 1) === DIGIT;
  if (!isDigit && !COPIED_ENDS.has(codeAt(close - 1))) return;
  const key = keyBefore(text, close);
  const role = key === null ? 'decides' : roleOf(key, names);
  if (role === 'decides' || (role === 'amount' && !isDigit)) return;
  const from = open + 1;
  const to = text.indexOf('"', from);
  if (to === from || to - from > MAX_NAME) return;
  if (role === 'amount' ? digitsAt(from, to - from) : isName(text.slice(from, to))) set(from, to, FIELD);
}

/** Few names come again and again. */
const isName = memo(4096, (value) => NAME.test(value) && isInert(value));
