/**
 * What a regular expression needs: texts one of which stands in everything it matches. Read from its source; where the
 * source says nothing certain the answer is null, which is always right. Texts are folded as `screen.ts` does: lower-case
 * letters, `0` for any digit, `§` for what is not ASCII, a blank for anything else.
 */

/** What a part of a pattern can match: these texts and no others, or anything that holds one of `needs`. */
interface Part {
  readonly exact: readonly string[] | null;
  readonly needs: readonly string[] | null;
}

const ANYTHING: Part = { exact: null, needs: null };
const exactly = (...texts: string[]): Part => ({ exact: [...new Set(texts)], needs: null });
const EMPTY = exactly('');

const MIN_LENGTH = 3;
/** A letter beyond ASCII is rare enough to be told by itself. */
export const WIDE = '§';
const MAX_EXACT = 64;

/** Folded texts one of which stands in every match of every pattern; null when none is sure. */
export function literalsOf(...patterns: readonly RegExp[]): readonly string[] | null {
  const all = patterns.map(({ source, flags }) =>
    // With `u` and `v` more than ASCII folds to ASCII letters.
    /[uvy]/.test(flags) ? null : needsOf(readAlternatives({ source, at: 0 })),
  );
  if (all.includes(null)) return null;
  const needs = all.flatMap((texts) => texts ?? []);
  // What holds `rate limit exceeded` holds `rate limit`.
  return [...new Set(needs)].filter(
    (text) => !needs.some((other) => other.length < text.length && text.includes(other)),
  );
}

const needsOf = ({ exact, needs }: Part): readonly string[] | null => (exact === null ? needs : longEnough(exact));

const longEnough = (texts: readonly string[]): readonly string[] | null =>
  texts.every((text) => text.length >= MIN_LENGTH || text.includes(WIDE)) ? texts : null;

interface Cursor {
  readonly source: string;
  at: number;
}

/** `a|b|c`, up to the end or the bracket that closes it. */
function readAlternatives(cursor: Cursor): Part {
  const parts = [readSequence(cursor)];
  while (cursor.source[cursor.at] === '|') {
    cursor.at++;
    parts.push(readSequence(cursor));
  }
  const exact = parts.flatMap((part) => part.exact ?? []);
  if (parts.every((part) => part.exact !== null) && exact.length <= MAX_EXACT) return exactly(...exact);
  const needs = parts.map(needsOf);
  return { exact: null, needs: needs.includes(null) ? null : needs.flatMap((texts) => texts ?? []) };
}

function readSequence(cursor: Cursor): Part {
  let run: readonly string[] = [''];
  let best: readonly string[] | null = null;
  let isExact = true;
  for (;;) {
    const char = cursor.source[cursor.at];
    if (char === undefined || char === '|' || char === ')') break;
    const part = repeated(readAtom(cursor), cursor);
    const joined = part.exact === null ? null : run.flatMap((head) => (part.exact ?? []).map((tail) => head + tail));
    if (joined !== null && joined.length <= MAX_EXACT) {
      run = joined;
      continue;
    }
    isExact = false;
    best = better(better(best, longEnough(run)), part.needs);
    run = part.exact ?? [''];
  }
  return isExact ? exactly(...run) : { exact: null, needs: better(best, longEnough(run)) };
}

/** Of two lists that are both needed, the one whose shortest text is longer; what half of all failures say tells nothing. */
function better(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || b === null) return a ?? b;
  const [shortestOfA, shortestOfB] = [shortest(a), shortest(b)];
  return shortestOfB > shortestOfA || (shortestOfB === shortestOfA && b.length < a.length) ? b : a;
}

const COMMON = new Set(['error', 'exception', 'timeout']);
const shortest = (texts: readonly string[]): number =>
  Math.min(...texts.map((text) => (COMMON.has(text) ? 0 : text.length)));

/** The part under the quantifier after it, if there is one. */
function repeated(part: Part, cursor: Cursor): Part {
  if (!'?*+{'.includes(cursor.source[cursor.at] ?? '.')) return part;
  const quantifier = /^(?:([?*+])|\{(\d{1,7})(,?)(\d{0,7})\})\??/.exec(cursor.source.slice(cursor.at, cursor.at + 20));
  if (quantifier === null) return part;
  cursor.at += quantifier[0].length;
  const [, sign, least, comma, most] = quantifier;
  const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
  const max = sign === '?' ? 1 : sign !== undefined ? Number.POSITIVE_INFINITY : bound(min, comma, most);
  if (part.exact !== null && part.exact.length ** max <= MAX_EXACT && max <= 4) return times(part.exact, min, max);
  return min > 0 ? { exact: null, needs: needsOf(part) } : ANYTHING;
}

const bound = (min: number, comma: string | undefined, most: string | undefined): number =>
  comma === '' ? min : most === '' || most === undefined ? Number.POSITIVE_INFINITY : Number(most);

function times(texts: readonly string[], min: number, max: number): Part {
  const all: string[] = [];
  let grown: readonly string[] = [''];
  for (let n = 0; n <= max; n++) {
    if (n >= min) all.push(...grown);
    grown = grown.flatMap((head) => texts.map((tail) => head + tail));
  }
  return all.length <= MAX_EXACT ? exactly(...all) : { exact: null, needs: min > 0 ? longEnough(texts) : null };
}

/** Characters that stand for themselves, and none of which is repeated. */
const PLAIN = /(?:[^\\^$.|?*+()[\]{}](?![?*+{]))+/y;

function readAtom(cursor: Cursor): Part {
  const { source } = cursor;
  const char = source[cursor.at] as string;
  if (char === '(') return readGroup(cursor);
  if (char === '[') return readClass(cursor);
  if (char === '\\') return readEscape(cursor);
  PLAIN.lastIndex = cursor.at;
  const plain = PLAIN.exec(source)?.[0] ?? char;
  cursor.at += plain.length;
  if (plain.length > 1) return exactly(plain.replace(/./gs, folded));
  if (char === '^' || char === '$') return EMPTY;
  return char === '.' ? ANYTHING : exactly(folded(char));
}

const LOOK_AROUND = /^\(\?<?([=!])/;
const OPENING = /^\((?:\?:|\?<\w+>)?/;

function readGroup(cursor: Cursor): Part {
  const ahead = cursor.source.slice(cursor.at, cursor.at + 40);
  const look = LOOK_AROUND.exec(ahead);
  cursor.at += (look ?? (OPENING.exec(ahead) as RegExpExecArray))[0].length;
  const part = readAlternatives(cursor);
  cursor.at++;
  if (look === null) return part;
  // What must stand around a match stands in the text, though it is no part of the match.
  const needs = look[1] === '=' ? needsOf(part) : null;
  return needs === null ? EMPTY : { exact: null, needs };
}

const ESCAPED: Readonly<Record<string, Part>> = {
  d: exactly('0'),
  s: exactly(' '),
  W: exactly(' '),
  b: EMPTY,
  B: EMPTY,
  n: exactly(' '),
  r: exactly(' '),
  t: exactly(' '),
  f: exactly(' '),
  v: exactly(' '),
};

function readEscape(cursor: Cursor): Part {
  const code = /^\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(cursor.source.slice(cursor.at, cursor.at + 6));
  const char = cursor.source[cursor.at + 1] as string;
  cursor.at += code === null ? 2 : code[0].length;
  if (code !== null) return exactly(folded(String.fromCharCode(Number.parseInt((code[1] ?? code[2]) as string, 16))));
  if (Object.hasOwn(ESCAPED, char)) return ESCAPED[char] as Part;
  // `\w`, `\S`, `\D`, back references, named characters: anything. A sign stands for itself.
  return /[A-Za-z0-9]/.test(char) ? ANYTHING : exactly(folded(char));
}

const MAX_CLASS = 4;

/** `[Ll]`, `[- _]`, `[45]`: a few texts. A negated or a wide one: anything. */
function readClass(cursor: Cursor): Part {
  const { source } = cursor;
  const from = ++cursor.at;
  while (source[cursor.at] !== ']') cursor.at += source[cursor.at] === '\\' ? 2 : 1;
  const body = source.slice(from, cursor.at++);
  if (body.startsWith('^') || /\\[wSDWbcpP]/.test(body)) return ANYTHING;
  const members = new Set<string>();
  const inner: Cursor = { source: body, at: 0 };
  while (inner.at < body.length) {
    const low = memberAt(inner);
    if (body[inner.at] !== '-' || inner.at + 1 === body.length) {
      members.add(low.text);
      continue;
    }
    inner.at++;
    const high = memberAt(inner);
    if (low.code < 0 || high.code < 0 || high.code - low.code > 128) return ANYTHING;
    for (let code = low.code; code <= high.code; code++) members.add(folded(String.fromCharCode(code)));
  }
  return members.size <= MAX_CLASS ? exactly(...members) : ANYTHING;
}

/** One member of a class; `code` is -1 for a family of characters, which begins no range. */
function memberAt(inner: Cursor): { text: string; code: number } {
  const char = inner.source[inner.at] as string;
  if (char !== '\\') {
    inner.at++;
    return { text: folded(char), code: char.charCodeAt(0) };
  }
  const sign = inner.source[inner.at + 1] as string;
  const text = readEscape(inner).exact?.[0] ?? ' ';
  return { text, code: /[A-Za-z0-9]/.test(sign) ? -1 : sign.charCodeAt(0) };
}

function folded(char: string): string {
  if (char.charCodeAt(0) > 127) return WIDE;
  const lower = char.toLowerCase();
  return lower >= 'a' && lower <= 'z' ? lower : char >= '0' && char <= '9' ? '0' : ' ';
}
