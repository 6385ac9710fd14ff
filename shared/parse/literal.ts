/**
 * One tolerant reader for the three ways programs print data: JSON, Python's repr and Node's inspect. They differ only in
 * quotes, key words and bare names, so one scanner reads all of them, and reads what is there when the text was cut short.
 * Never throws, never recurses deeper than MAX_DEPTH, looks at no character more than a few times.
 */

export type Value = string | number | boolean | null | readonly Value[] | Fields;
/** As JSON.parse makes them. Keys come from log text: ask with `field`, and begin with `noFields`. */
export interface Fields {
  readonly [key: string]: Value;
}

const MAX_DEPTH = 32;
const MAX_NODES = 20_000;
const WORDS: Readonly<Record<string, boolean | null>> = {
  null: null,
  None: null,
  undefined: null,
  nil: null,
  NaN: null,
  true: true,
  True: true,
  false: false,
  False: false,
};
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '0': '' };
const NUMBER = /^[+-]?(?:\d{1,30}(?:\.\d{1,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?$/;

export const isFields = (value: Value | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The field of that name that the text itself gave. */
export const field = (fields: Fields, name: string): Value | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

/** Without a prototype, so a field called `__proto__` is just a name. */
export const noFields = (): Record<string, Value> => Object.create(null);

interface Cursor {
  readonly text: string;
  at: number;
  nodes: number;
}

/** Reads the object, list or tuple that starts at `start`; null when there is none. `end` is the first character after it. */
export function readLiteral(text: string, start: number): { value: Value; end: number } | null {
  const open = text[start];
  if (open !== '{' && open !== '[' && open !== '(') return null;
  const cursor: Cursor = { text, at: start, nodes: 0 };
  const value = readContainer(cursor, 0);
  return { value, end: Math.min(cursor.at, text.length) };
}

function readContainer(cursor: Cursor, depth: number): Value {
  const open = cursor.text[cursor.at++];
  if (depth >= MAX_DEPTH || cursor.nodes > MAX_NODES) {
    cursor.at = cursor.text.length;
    return null;
  }
  return open === '{' ? readFields(cursor, depth) : readItems(cursor, open === '[' ? ']' : ')', depth);
}

function readItems(cursor: Cursor, close: string, depth: number): Value[] {
  const items: Value[] = [];
  while (cursor.at < cursor.text.length) {
    skipSpace(cursor);
    const char = cursor.text[cursor.at];
    if (char === undefined) break;
    if (char === close) {
      cursor.at++;
      break;
    }
    if (char === ',') cursor.at++;
    else if (char === '}') break;
    else items.push(readValue(cursor, depth + 1));
  }
  return items;
}

function readFields(cursor: Cursor, depth: number): Fields {
  const fields = noFields();
  while (cursor.at < cursor.text.length) {
    skipSpace(cursor);
    const char = cursor.text[cursor.at];
    if (char === undefined) break;
    if (char === '}') {
      cursor.at++;
      break;
    }
    if (char === ',' || char === ';') {
      cursor.at++;
      continue;
    }
    const before = cursor.at;
    const key = readKey(cursor);
    skipSpace(cursor);
    const next = cursor.text[cursor.at];
    if (next === ':' || next === '=') {
      cursor.at += next === '=' && cursor.text[cursor.at + 1] === '>' ? 2 : 1;
      skipSpace(cursor);
      const value = readValue(cursor, depth + 1);
      // Duplicate keys: the last one wins, as in JSON.parse.
      fields[key] = value;
    } else if (cursor.at === before) cursor.at++;
  }
  return fields;
}

function readKey(cursor: Cursor): string {
  const char = cursor.text[cursor.at];
  if (char === '"' || char === "'" || char === '`') return readString(cursor, char);
  if (char === '[') {
    const near = cursor.text.slice(cursor.at, cursor.at + 80);
    const close = near.indexOf(']');
    if (close < 0) return '';
    cursor.at += close + 1;
    return near.slice(1, close);
  }
  const from = cursor.at;
  while (cursor.at < cursor.text.length && !/[:=,{}[\]()\s'"]/.test(cursor.text[cursor.at] as string)) cursor.at++;
  return cursor.text.slice(from, cursor.at);
}

function readValue(cursor: Cursor, depth: number): Value {
  cursor.nodes++;
  const char = cursor.text[cursor.at];
  const error = readError(cursor, depth);
  if (error !== null) return error;
  if (char === '[' && cursor.text.startsWith('[Object: null prototype] {', cursor.at))
    cursor.at += '[Object: null prototype] '.length;
  if (char === '{' || char === '[' || char === '(') return readContainer(cursor, depth);
  if (char === '"' || char === "'" || char === '`') return readStrings(cursor, char);
  return readBare(cursor, depth);
}

/** Node prints long strings as `'…' +` lines; they are one string. */
function readStrings(cursor: Cursor, quote: string): string {
  let value = readString(cursor, quote);
  for (;;) {
    const rest = /^\s{0,40}\+\s{0,40}(['"`])/.exec(cursor.text.slice(cursor.at, cursor.at + 90));
    if (!rest) return value;
    cursor.at += rest[0].length - 1;
    value += readString(cursor, rest[1] as string);
  }
}

function readString(cursor: Cursor, quote: string): string {
  const { text } = cursor;
  let from = ++cursor.at;
  let value = '';
  while (cursor.at < text.length) {
    const char = text[cursor.at];
    if (char === quote) {
      value += text.slice(from, cursor.at);
      cursor.at++;
      return value;
    }
    if (char === '\\') {
      value += text.slice(from, cursor.at) + readEscape(cursor);
      from = cursor.at;
    } else cursor.at++;
  }
  return value + text.slice(from);
}

function readEscape(cursor: Cursor): string {
  const { text } = cursor;
  const char = text[cursor.at + 1] ?? '';
  cursor.at += 2;
  const digits = char === 'u' ? 4 : char === 'x' ? 2 : 0;
  const hex = digits ? text.slice(cursor.at, cursor.at + digits) : '';
  if (digits && /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits) {
    cursor.at += digits;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }
  return ESCAPES[char] ?? char;
}

const MAX_ERROR_MESSAGE = 2000;
const ERROR_HEAD = /(?:[\w$.]{1,60}(?:Error|Exception)|Error)(?: \[[\w.]{1,60}\])?: /y;
const STACK_FRAME = /\n[ \t]{1,80}at [^\n]{1,500}/y;

/** How Node prints an error inside a structure: `Name: message`, its stack, then its own fields in braces. */
function readError(cursor: Cursor, depth: number): Fields | null {
  const { text } = cursor;
  ERROR_HEAD.lastIndex = cursor.at;
  const head = ERROR_HEAD.exec(text);
  if (head === null) return null;
  const stack = text.slice(cursor.at, cursor.at + MAX_ERROR_MESSAGE).search(/\n[ \t]{1,80}at /);
  if (stack < 0) return null;
  const messageEnd = cursor.at + stack;
  const named = noFields();
  named['name'] = head[0].slice(0, -2);
  named['message'] = text.slice(cursor.at + head[0].length, messageEnd);
  cursor.at = messageEnd;
  for (STACK_FRAME.lastIndex = cursor.at; STACK_FRAME.test(text); ) cursor.at = STACK_FRAME.lastIndex;
  return text[cursor.at - 1] === '{' ? Object.assign(named, readFields(cursor, depth)) : named;
}

/** `Headers {`, `Map(2) {`, `<ref *1> Foo {`. */
const CLASS_BEFORE = /^(?:<ref \*\d{1,4}> )?[\w$.]{1,60} ?$/;

/** A number, a key word, a class name before a body (`Headers {…}`), or any other text up to the next separator. */
function readBare(cursor: Cursor, depth: number): Value {
  const { text } = cursor;
  const from = cursor.at;
  while (cursor.at < text.length) {
    const char = text[cursor.at] as string;
    if (char === ',' || char === '}' || char === ']' || char === ')' || char === '\n') break;
    if ((char === '"' || char === "'") && /^[bru]$/i.test(text.slice(from, cursor.at)))
      return readStrings(cursor, char);
    if ((char === '{' || char === '[' || char === '(') && CLASS_BEFORE.test(text.slice(from, cursor.at))) {
      const sized = char === '(' ? /^\(\d{1,9}\) (?=[{[])/.exec(text.slice(cursor.at, cursor.at + 14)) : null;
      cursor.at += sized ? sized[0].length : 0;
      return readContainer(cursor, depth);
    }
    cursor.at++;
  }
  if (cursor.at === from) cursor.at++;
  const word = text.slice(from, cursor.at).trim();
  if (Object.hasOwn(WORDS, word)) return WORDS[word] as boolean | null;
  return NUMBER.test(word) ? Number(word) : word;
}

function skipSpace(cursor: Cursor): void {
  while (isSpace(cursor.text.charCodeAt(cursor.at))) cursor.at++;
}

/** `\s`, with the common ones asked first. */
const isSpace = (code: number): boolean =>
  code === 32 || (code >= 9 && code <= 13) || (code > 127 && /\s/.test(String.fromCharCode(code)));

/** JSON text as a Value, or undefined when it is not JSON. */
export function readJson(text: string): Value | undefined {
  // A refusal costs more than reading a whole record, and most texts that are no JSON show it in their second character.
  if (!JSON_START.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const JSON_START = /^\s*(?:\{\s*["}]|\[\s*["{[\]\d\-tfn]|["\d\-tfn])/;
