/**
 * Every regular expression of the program takes time in proportion to the text. Three nets: `recheck` looks for patterns that
 * can explode, alternative by alternative and with counted repeats made short (counts change the factor, not the growth);
 * what it cannot decide in time is listed here; and all of them, whole, are run on texts made to be slow.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { checkSync } from 'recheck';

jest.setTimeout(300_000);

const ROOT = join(import.meta.dirname, '..');

/** Built while the program runs, out of its own constants. */
const BUILT: Readonly<Record<string, string>> = {
  'shared/screen.ts': 'from the words of other expressions, without repeats',
  'shared/parse/ending.ts':
    'from the words for models, which are read, and a tail of bounded repeats, which was checked alone',
  'shared/parse/vocabulary.ts':
    'from the list of hosts, without repeats but of the ends it takes over from expressions that are read',
  'functions/aws/http.ts': 'from the paths of the API',
};

interface Found {
  readonly file: string;
  readonly pattern: string;
  readonly flags: string;
}

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item);
  else if (isNode(value)) {
    yield value;
    for (const child of Object.values(value)) yield* nodesOf(child);
  }
}

/** The text of a string, or of a template whose names stand for strings of the same file; null for anything else. */
function textOf(node: unknown, names: ReadonlyMap<string, string>): string | null {
  if (!isNode(node)) return null;
  if (node['type'] === 'StringLiteral') return String(node['value']);
  if (node['type'] === 'Identifier') return names.get(String(node['value'])) ?? null;
  if (node['type'] !== 'TemplateLiteral') return null;
  const [quasis, expressions] = [node['quasis'], node['expressions']].map((list) => (Array.isArray(list) ? list : []));
  const parts = (quasis ?? []).flatMap((quasi, at) => {
    const next: unknown = expressions?.[at];
    return [String(quasi['cooked']), ...(next === undefined ? [] : [textOf(next, names)])];
  });
  return parts.every((part) => part !== null) ? parts.join('') : null;
}

function namesIn(nodes: readonly Node[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { type, id, init } of nodes) {
    const text = type === 'VariableDeclarator' ? textOf(init, names) : null;
    if (isNode(id) && text !== null) names.set(String(id['value']), text);
  }
  return names;
}

/** The literals of a file, and what is given to `RegExp`; `unread` counts those that are not plain strings. */
function regexesOf(file: string, code = readFileSync(join(ROOT, file), 'utf8')): { found: Found[]; unread: number } {
  const nodes = [...nodesOf(parseSync(code, { syntax: 'typescript', tsx: file.endsWith('x'), target: 'es2022' }))];
  const names = namesIn(nodes);
  const found: Found[] = [];
  let unread = 0;
  for (const { type, pattern, flags, callee, arguments: given } of nodes) {
    if (type === 'RegExpLiteral') found.push({ file, pattern: String(pattern), flags: String(flags) });
    if (!isNode(callee) || callee['value'] !== 'RegExp' || !Array.isArray(given)) continue;
    const [source, kind] = given.map((argument) => textOf(argument.expression, names));
    if (source == null) unread += 1;
    else found.push({ file, pattern: source, flags: kind ?? '' });
  }
  return { found, unread };
}

const files = ['shared', 'functions'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name)),
);
const read = files.map((file) => ({ file, ...regexesOf(file) }));
const all = [
  ...new Map(read.flatMap(({ found }) => found).map((one) => [`/${one.pattern}/${one.flags}`, one])).entries(),
];

/** `a|(?:b|c)` -> `a`, `(?:b|c)`. */
function alternatives(pattern: string): string[] {
  const parts = [''];
  let [depth, inClass] = [0, false];
  for (const [token] of pattern.matchAll(/\\[\s\S]|[\s\S]/g)) {
    if (token === '|' && depth === 0 && !inClass) {
      parts.push('');
      continue;
    }
    if (inClass) inClass = token !== ']';
    else if (token === '[') inClass = true;
    else if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    parts[parts.length - 1] += token;
  }
  return parts;
}

const short = (count: string, most: number): number => Math.min(Number(count), most);
const withShortCounts = (pattern: string): string =>
  pattern.replace(
    /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\{(\d+)(?:(,)(\d*))?\}/g,
    (token: string, least?: string, comma?: string, most?: string) => {
      if (least === undefined) return token;
      if (comma === undefined) return `{${short(least, 2)}}`;
      return `{${short(least, 1)},${most === undefined || most === '' ? '' : short(most, 2)}}`;
    },
  );

/** Milliseconds by the wall; a second look for what a busy machine did not get done. */
const TIMES = [1500, 15_000];

/** What the checker says within its time; `global` and `sticky` do not change how one match is looked for. */
function verdictOf(part: string, flags: string): string {
  const looks = TIMES.map(
    (timeout) => () =>
      checkSync(withShortCounts(part), flags.replace(/[gy]/g, ''), { timeout, checker: 'auto' }).status,
  );
  return looks.reduce((status: string, look) => (status === 'unknown' ? look() : status), 'unknown');
}

/** Patterns that the checker could not decide within its time; each is proved by the clock below like all others. */
const UNDECIDED: readonly RegExp[] = [
  // Ends in its only unbounded part, so it always matches once that begins.
  /^\\b\(\?:sk\|pk\|/,
  // Between its unbounded parts stand quotes and brackets that those cannot hold.
  /queryLanguage/,
];

test('finds literals, constructors and what it cannot read', () => {
  const code = "const A = 'a+'; const x = [/b/g, new RegExp('c', 'i'), RegExp(`^\u0024{A}$`), new RegExp(unknown)];";
  const { found, unread } = regexesOf('some.ts', code);
  expect(found.map(({ pattern, flags }) => `${pattern} ${flags}`)).toEqual(['b g', 'c i', '^a+$ ']);
  expect(unread).toBe(1);
  expect(all.length).toBeGreaterThan(200);
});

test('every expression can be read here, or is listed', () => {
  expect(read.filter(({ unread }) => unread > 0).map(({ file }) => file)).toEqual(Object.keys(BUILT));
});

test('the checker knows what is dangerous', () => {
  expect(alternatives('a\\|b|[|c]|(?:d|e)')).toEqual(['a\\|b', '[|c]', '(?:d|e)']);
  expect(withShortCounts('a{3,40}[{9}]{7}b{12}c{4,}\\{5}')).toBe('a{1,2}[{9}]{2}b{2}c{1,}\\{5}');
  expect([verdictOf('(?:a+)+$', ''), verdictOf('^(?:a|a)*$', '')]).toEqual(['vulnerable', 'vulnerable']);
});

test('no expression can explode', () => {
  const parts = new Map(
    all.flatMap(([, { file, pattern, flags }]) =>
      alternatives(pattern).map((part) => [`${flags} ${part}`, { file, part, flags }] as const),
    ),
  );
  const doubtful = [...parts.values()].flatMap(({ file, part, flags }) => {
    if (UNDECIDED.some((one) => one.test(part))) return [];
    const status = verdictOf(part, flags);
    return status === 'safe' ? [] : [`${status} ${file} /${part}/${flags}`];
  });
  expect(parts.size).toBeGreaterThan(800);
  expect(doubtful).toEqual([]);
});

describe('by the clock', () => {
  const SIZE = 16_384;
  const filled = (pump: string, size: number): string => pump.repeat(Math.ceil(size / pump.length)).slice(0, size);
  const PUMPS =
    'a|A|0|_|.|-|/| |\n|\t|"|\'|(|{|[|<|:|,|=|%|a.|a |0.|A_|a=|"a|\\|at |a-|é|1,|/a|\n    |{"a":|Error|Error: |1 |. '.split(
      '|',
    );
  /** Words of the expression itself, each of them again and again. */
  const wordsOf = (pattern: string): string[] =>
    [...new Set(pattern.replace(/\\[a-zA-Z]/g, '|').match(/[\w ]{3,30}/g) ?? [])].slice(0, 12);

  const cpuMs = (work: () => void): number => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };

  /** Milliseconds for one look at a text of the pump, the least of three. */
  const timeOf = ({ pattern, flags }: Found, pump: string, size: number): number => {
    const expression = new RegExp(pattern, flags.replace('y', 'g'));
    const text = filled(pump, size);
    const once = () => cpuMs(() => (expression.global ? text.replace(expression, '') : expression.test(text)));
    const first = once();
    return first < 2 ? first : Math.min(first, once(), once());
  };

  test('four times the text takes no more than about four times as long', () => {
    const slow = all.flatMap(([name, found]) =>
      [...PUMPS, ...wordsOf(found.pattern)].flatMap((pump) => {
        const small = timeOf(found, pump, SIZE);
        if (small < 4) return [];
        const large = timeOf(found, pump, 4 * SIZE);
        return large > 8 * small || large > 200
          ? [`${found.file} ${JSON.stringify(pump)} ${small} -> ${large} ms ${name.slice(0, 80)}`]
          : [];
      }),
    );
    expect(slow).toEqual([]);
  });
});
