/**
 * Patterns asked only of texts that could match them. Reading one failure asks a hundred patterns, and nearly all say no;
 * but nearly every pattern needs certain words, so one look at the text answers for most of them. The look notes each run
 * of three characters (letters folded to one case, digits alike, all else alike: 15 bits); a pattern is tried only when
 * all runs of at least one of its literals were seen. What a pattern needs is derived from its source (`screen/literals.ts`), so
 * whoever changes a pattern need not know of this. A screen may let a text pass in vain; it never keeps a match back.
 */
import { literalsOf, WIDE } from './screen/literals.ts';

export interface Screened {
  readonly pattern: RegExp;
  test(text: string): boolean;
  exec(text: string): RegExpExecArray | null;
  replace(text: string, replacement: string): string;
}

/** What each pattern needs, derived when it is first asked for and not at start-up; of those that need nothing sure, null. */
const ALL: (() => Needs | null)[] = [];

/** The pattern behind its screen. Patterns with `y`, and `g` outside `replace`, keep their place between calls: not for those. */
export function screened(pattern: RegExp): Screened {
  let known: Needs | null | undefined;
  const needed = (): Needs | null => {
    if (known === undefined) known = needsOf(pattern);
    return known;
  };
  ALL.push(needed);
  const passes = (text: string): boolean => {
    const needs = needed();
    return needs === null || holdsOne(needs, lookAt(text));
  };
  return {
    pattern,
    test: (text) => passes(text) && pattern.test(text),
    exec: (text) => (passes(text) ? pattern.exec(text) : null),
    replace: (text, replacement) => (passes(text) ? text.replace(pattern, replacement) : text),
  };
}

/** Whether a text holds the words of at least one of the patterns, whatever signs stand between and around the words. */
export function holdsWordsOf(patterns: readonly Screened[]): (text: string) => boolean {
  let needs: (Needs & { readonly words: readonly RegExp[] }) | null | undefined;
  return (text) => {
    if (needs === undefined) {
      const literals = literalsOf(...patterns.map(({ pattern }) => pattern));
      needs = literals && { ...needsFor(literals), words: literals.map(wordsOf) };
    }
    if (needs === null) return true;
    const { runs, words } = needs;
    const look = lookAt(text);
    // Runs may be seen without standing side by side: `responses` in `response, sessions`.
    for (let at = nextHeld(needs, look, 0); at < runs.length; at = nextHeld(needs, look, at + 1))
      if ((words[at] as RegExp).test(text)) return true;
    return false;
  };
}

/** Finds a folded literal where it stands. */
const wordsOf = (literal: string): RegExp => new RegExp(literal.replace(/^ {1,8}|[ 0§]/g, unfolded), 'i');

const unfolded = (sign: string, at: number): string =>
  sign === '0'
    ? '[0-9]'
    : sign === WIDE
      ? '[^\\0-\\x7f]'
      : (at === 0 ? '(?:^|[^a-z0-9])' : '[^a-z0-9]').repeat(sign.length);

/**
 * Whether a name or an id, between signs, could be any other for all that patterns know: it holds the words of none, and no
 * number by itself. Values are many and differ, so each is asked for few literals: those whose rarest run it holds.
 */
export function isInert(value: string): boolean {
  const { length } = value;
  if (length >= MAX_VALUE || NUMBER.test(value)) return false;
  byRarest ??= indexed();
  const { literals, first } = byRarest;
  let run = 0;
  for (let at = 0; at <= length; at++) {
    const code = at < length ? value.charCodeAt(at) : 0;
    if (code > 127) return false;
    run = next(run, code);
    VALUE_RUNS[at] = run;
  }
  const held = (needed: number): boolean => {
    for (let at = 0; at <= length; at++) if (VALUE_RUNS[at] === needed) return true;
    return false;
  };
  for (let place = 0; place <= length; place++) {
    const rarest = VALUE_RUNS[place] as number;
    // Literals with one rarest run stand side by side.
    for (let at = first[rarest] as number; at > 0 && literals[at - 1]?.[0] === rarest; at++)
      if ((literals[at - 1] as Uint16Array).every(held)) return false;
  }
  return true;
}

const MAX_VALUE = 128;
const VALUE_RUNS = new Uint16Array(MAX_VALUE);
const NUMBER = /(?<![A-Za-z0-9])\d{3,128}(?![A-Za-z0-9])/;
/** All literals of all patterns by their rarest run, and one more than where those of a run begin. */
let byRarest: { readonly literals: readonly Uint16Array[]; readonly first: Uint16Array } | undefined;

function indexed(): NonNullable<typeof byRarest> {
  const literals = ALL.flatMap((needed) => needed()?.runs ?? [])
    .filter((runs) => runs.some(hasLetter))
    .sort((a, b) => (a[0] as number) - (b[0] as number));
  const first = new Uint16Array(RUNS);
  for (let at = literals.length; at > 0; at--) first[(literals[at - 1] as Uint16Array)[0] as number] = at;
  return { literals, first };
}

const hasLetter = (run: number): boolean =>
  [run >> 10, (run >> 5) & 31, run & 31].some((sign) => sign > 0 && sign < 27);

const RUNS = 1 << 15;
/** a–z are 1–26, digits 27, everything else 0. */
const FOLDED = new Uint8Array(65_536);
for (let code = 0; code < 26; code++) FOLDED[65 + code] = FOLDED[97 + code] = code + 1;
FOLDED.fill(27, 48, 58);

/** No run of three: marked where a text holds a letter beyond ASCII. */
const WIDE_RUN = RUNS - 1;

/** The run of three characters that ends with `code`, from the one that ended before it. */
const next = (run: number, code: number): number => ((run << 5) & (RUNS - 1)) | (FOLDED[code] as number);

/** What was seen of a text: the runs marked with `mark`. Marks save emptying the table for each text. */
interface Look {
  text: string;
  mark: number;
  readonly marks: Uint8Array;
}

/** The last texts looked at: many patterns in a row are asked about one text, and a few texts take turns. */
const LOOKS: readonly Look[] = Array.from({ length: 4 }, () => ({ text: '', mark: 1, marks: new Uint8Array(RUNS) }));
let oldest = 0;
let latest = LOOKS[0] as Look;

function lookAt(text: string): Look {
  if (latest.text === text) return latest;
  latest = LOOKS.find((look) => look.text === text) ?? lookAnew(text);
  return latest;
}

function lookAnew(text: string): Look {
  const look = LOOKS[oldest] as Look;
  oldest = (oldest + 1) % LOOKS.length;
  look.text = text;
  look.mark = (look.mark % 255) + 1;
  if (look.mark === 1) look.marks.fill(0);
  note(text, look);
  return look;
}

const PART = 8192;
/** Room for a part of a text as UTF-8: to read its bytes takes a third of the time that asking a string for characters takes. */
const BYTES = new Uint8Array(3 * PART);
const ENCODER = new TextEncoder();

function note(text: string, look: Look): void {
  let run = 0;
  for (let from = 0; from < text.length; from += PART) {
    const part = text.length <= PART ? text : text.slice(from, from + PART);
    const { written } = ENCODER.encodeInto(part, BYTES);
    run = noteBytes(written, run, look);
    if (written > part.length) look.marks[WIDE_RUN] = look.mark;
  }
}

/** The first two runs of a text hold less than three characters, as if blanks stood before it. */
function noteBytes(length: number, before: number, { mark, marks }: Look): number {
  let run = before;
  for (let at = 0; at < length; at++) {
    const byte = BYTES[at] as number;
    // A character counts by its first byte alone, or by the second as well where JavaScript counts two.
    if ((byte & 0xc0) === 0x80 && (BYTES[at - 1] as number) < 0xf0) continue;
    run = next(run, byte);
    marks[run] = mark;
  }
  return run;
}

/** Of each literal its rarest run, and all of its runs. */
interface Needs {
  readonly rarest: Uint16Array;
  readonly runs: readonly Uint16Array[];
}

const holdsOne = (needs: Needs, look: Look): boolean => nextHeld(needs, look, 0) < needs.rarest.length;

/** The first literal from `at` on whose runs were all seen; where there is none, the number of literals. */
function nextHeld({ rarest, runs }: Needs, look: Look, from: number): number {
  const { mark, marks } = look;
  let at = from;
  while (at < rarest.length && !(marks[rarest[at] as number] === mark && holdsAll(runs[at] as Uint16Array, look))) at++;
  return at;
}

function holdsAll(runs: Uint16Array, { mark, marks }: Look): boolean {
  for (let at = 0; at < runs.length; at++) if (marks[runs[at] as number] !== mark) return false;
  return true;
}

function needsOf(pattern: RegExp): Needs | null {
  const literals = literalsOf(pattern);
  return literals && needsFor(literals);
}

function needsFor(literals: readonly string[]): Needs {
  const runs = literals.map(runsOf);
  return { rarest: Uint16Array.from(runs, (own) => own[0] as number), runs };
}

/** Rare letters say more, so they are asked first. */
const BY_RARITY = 'zqxjkvbywgpfmucdlhrsnioate0 ';
const RARITY = new Uint8Array(32);
for (let at = 0; at < BY_RARITY.length; at++) RARITY[FOLDED[BY_RARITY.charCodeAt(at)] as number] = at;
const rarity = (run: number): number =>
  (RARITY[run >> 10] as number) + (RARITY[(run >> 5) & 31] as number) + (RARITY[run & 31] as number);

function runsOf(literal: string): Uint16Array {
  const runs = new Set<number>();
  let run = 0;
  for (let at = 0; at < literal.length; at++) {
    run = next(run, literal.charCodeAt(at));
    if (at >= 2) runs.add(run);
  }
  const all = [...runs].sort((a, b) => rarity(a) - rarity(b));
  return Uint16Array.from(literal.includes(WIDE) ? [WIDE_RUN, ...all] : all);
}
