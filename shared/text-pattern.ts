/**
 * How a person says which text is meant: plain words, `*` for anything between them, `{model}` for a name to be read out.
 * No regular expression: whoever writes a setting cannot make reading slow, for each part is looked for from left to right
 * once, and a name has at most MAX_NAME characters. Capitals do not matter.
 */
type Part = { readonly literal: string } | { readonly field: string };
/** Runs of parts that stand directly after one another; between two runs there may be anything. */
export type TextPattern = readonly (readonly Part[])[];

const MAX_NAME = 128;
/** Failures name themselves early. */
const MAX_TEXT = 8000;
const NAME_CHARACTERS = /^[^\s"'`,;()[\]{}<>]{1,128}$/;

/** The pattern, or the sentence that says what is wrong with it. `fields` are the names that braces may hold. */
export function readPattern(text: string, fields: readonly string[] = []): TextPattern | string {
  const segments = text
    .toLowerCase()
    .split(/\*+/)
    .filter((segment) => segment.trim() !== '')
    .map((segment) => partsOf(segment, fields));
  if (segments.length === 0) return 'holds no word to look for';
  for (const parts of segments) {
    if (parts[0] !== undefined && 'field' in parts[0]) return `has no text before {${parts[0].field}}`;
    const twins = parts.find((part, at) => 'field' in part && at > 0 && 'field' in (parts[at - 1] as Part));
    if (twins !== undefined && 'field' in twins) return `has no text between {${twins.field}} and the name before it`;
  }
  const named = namesIn(segments);
  if (named.length > new Set(named).size) return 'names the same field twice';
  return segments.map((parts) => parts.map((part) => inItsCase(part, fields)));
}

const inItsCase = (part: Part, fields: readonly string[]): Part =>
  'literal' in part ? part : { field: fields.find((field) => field.toLowerCase() === part.field) ?? part.field };

/** Braces around another word are text: log lines are full of them. */
function partsOf(segment: string, fields: readonly string[]): Part[] {
  const known = new Set(fields.map((field) => field.toLowerCase()));
  const pieces = segment.split(/\{([a-z]{1,20})\}/);
  const parts: Part[] = [];
  let literal = '';
  for (const [at, piece] of pieces.entries()) {
    if (at % 2 === 0) literal += piece;
    else if (!known.has(piece)) literal += `{${piece}}`;
    else {
      if (literal !== '') parts.push({ literal });
      parts.push({ field: piece });
      literal = '';
    }
  }
  return literal === '' ? parts : [...parts, { literal }];
}

const namesIn = (pattern: TextPattern): string[] =>
  pattern.flatMap((parts) => parts.flatMap((part) => ('field' in part ? [part.field] : [])));

/** What stands where the names are, or null when the text is not of this kind. */
export function matchPattern(pattern: TextPattern, whole: string): ReadonlyMap<string, string> | null {
  const text = whole.slice(0, MAX_TEXT);
  const lower = text.toLowerCase();
  // A letter that changes its length in lower case would move what is read out.
  const source = lower.length === text.length ? text : lower;
  const found = new Map<string, string>();
  let from = 0;
  for (const parts of pattern) {
    const end = matchSegment(parts, { lower, source, from, found });
    if (end === null) return null;
    from = end;
  }
  return found;
}

interface Place {
  readonly lower: string;
  readonly source: string;
  readonly from: number;
  readonly found: Map<string, string>;
}

function matchSegment(parts: readonly Part[], { lower, source, from, found }: Place): number | null {
  const first = parts[0] !== undefined && 'literal' in parts[0] ? parts[0].literal : '';
  for (let start = lower.indexOf(first, from); start !== -1; start = lower.indexOf(first, start + 1)) {
    const read = readAt(parts, lower, source, start);
    if (read === null) continue;
    for (const [field, value] of read.names) found.set(field, value);
    return read.end;
  }
  return null;
}

function readAt(parts: readonly Part[], lower: string, source: string, start: number) {
  const names: [string, string][] = [];
  let at = start;
  for (const [index, part] of parts.entries()) {
    if ('literal' in part) {
      if (!lower.startsWith(part.literal, at)) return null;
      at += part.literal.length;
      continue;
    }
    const next = parts[index + 1];
    const rest = lower.slice(at, at + MAX_NAME + 1);
    const until = next !== undefined && 'literal' in next ? next.literal : null;
    const length =
      until === null
        ? rest.search(/[\s"'`,;()[\]{}<>]|$/)
        : lower.slice(at, at + MAX_NAME + until.length).indexOf(until);
    const name = length < 0 ? '' : source.slice(at, at + length);
    if (!NAME_CHARACTERS.test(name)) return null;
    names.push([part.field, name]);
    at += name.length;
  }
  return { names, end: at };
}

/** The longest word of a pattern: a text without it is of another kind. */
export const anchorOf = (pattern: TextPattern): string =>
  pattern
    .flatMap((parts) => parts.flatMap((part) => ('literal' in part ? part.literal.split(/["'\\\s]/) : [])))
    .reduce((longest, word) => (word.length > longest.length ? word : longest), '');
