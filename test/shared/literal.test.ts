/** The tolerant reader: three notations, cut anywhere, hostile at will. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { collect, noFacts, structuresIn } from '../../shared/parse/fields.ts';
import { isFields, readJson, readLiteral, type Value } from '../../shared/parse/literal.ts';
import { FAILURES } from '../fixtures/failures.ts';
import { pythonRepr, SHAPES } from '../fixtures/shapes.ts';

const SEED = 20261117;

/** Objects as lists of pairs, so that a difference can be read; `__proto__` stays a key. */
function plain(value: Value | undefined): unknown {
  if (isFields(value)) return { fields: Object.entries(value).map(([key, item]) => [key, plain(item)]) };
  return Array.isArray(value) ? value.map(plain) : value;
}
/** The same of a JSON value. */
function plainOf(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(plainOf);
  if (typeof json !== 'object' || json === null) return json;
  return { fields: Object.entries(json).map(([key, item]) => [key, plainOf(item)]) };
}
const read = (text: string): unknown => plain(readLiteral(text, 0)?.value);
const fields = (...pairs: [string, unknown][]) => ({ fields: pairs });

describe('notations', () => {
  test.each<[string, string, unknown]>([
    [
      'JSON',
      '{"a": [1, -2.5e3, true, false, null], "b": {}}',
      fields(['a', [1, -2500, true, false, null]], ['b', fields()]),
    ],
    ['JSON escapes', '{"a":"\\"\\\\\\/\\n\\u00e9\\ud83d\\ude00"}', fields(['a', '"\\/\né😀'])],
    ['Python words', "{'a': None, 'b': True, 'c': False}", fields(['a', null], ['b', true], ['c', false])],
    ['Python quotes that switch', `{'a': "it's", 'b': '"x"'}`, fields(['a', "it's"], ['b', '"x"'])],
    ['both quotes in Python', `{'a': 'it\\'s "x"'}`, fields(['a', `it's "x"`])],
    ['Python bytes and raw strings', "{'a': b'x', 'b': r'y'}", fields(['a', 'x'], ['b', 'y'])],
    ['a Python tuple', "('a', 1)", ['a', 1]],
    ['a Python object', "{'e': RateLimitError('slow')}", fields(['e', ['slow']])],
    ['nested Python repr', `{'a': "{'b': 'c'}"}`, fields(['a', "{'b': 'c'}"])],
    ['hexadecimal escapes', "{'a': '\\xe9\\x0a'}", fields(['a', 'é\n'])],
    ['bare keys', "{ status: 429, code: 'x' }", fields(['status', 429], ['code', 'x'])],
    ['undefined', '{ a: undefined, b: 1 }', fields(['a', null], ['b', 1])],
    ['a class before a body', "{ headers: Headers { a: '1' } }", fields(['headers', fields(['a', '1'])])],
    ['a symbol key', '{ [Symbol(x)]: true }', fields(['Symbol(x)', true])],
    ['a cause', '{ [cause]: { code: 1 } }', fields(['cause', fields(['code', 1])])],
    ['joined strings', "{ a: 'x' +\n    'y' +\n    'z' }", fields(['a', 'xyz'])],
    ['template strings', '{ a: `it\'s "x"` }', fields(['a', `it's "x"`])],
    ['equals signs', '{a=1, b=x y}', fields(['a', 1], ['b', 'x y'])],
    ['the last of equal keys', '{"a":1,"a":2}', fields(['a', 2])],
    [
      'what looks like a number',
      '{ a: 1.2.3, b: 0x1f, c: 12ab }',
      fields(['a', '1.2.3'], ['b', '0x1f'], ['c', '12ab']),
    ],
    [
      '[Object] and friends',
      '{ a: [Object], b: [Function: f], c: 1 }',
      fields(['a', ['Object']], ['b', ['Function: f']], ['c', 1]),
    ],
  ])('reads %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each<[string, string, unknown]>([
    ['a Map', "{ m: Map(1) { 'a' => 1 }, s: 429 }", fields(['m', fields(['a', 1])], ['s', 429])],
    [
      'a null prototype',
      '{ h: [Object: null prototype] { a: 1 }, s: 429 }',
      fields(['h', fields(['a', 1])], ['s', 429]),
    ],
    ['a reference', '{ r: <ref *1> Foo { a: 1 }, s: 429 }', fields(['r', fields(['a', 1])], ['s', 429])],
    [
      'a Set',
      '{ a: Set(2) { 1, 2 }, s: 429 }',
      expect.objectContaining({ fields: expect.arrayContaining([['s', 429]]) }),
    ],
  ])('reads past %s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each(['', 'x', '"a"', '12', ' {}'])('%j is no structure', (text) => {
    expect(readLiteral(text, 0)).toBeNull();
  });

  test('the end is the first character after it', () => {
    expect(readLiteral('x {"a":1} y', 2)?.end).toBe(9);
    expect(readLiteral("[{'a': ']'}] tail", 0)?.end).toBe(12);
  });

  test('errors with stacks inside an array are fields', () => {
    const text = `{ errors: [
      AI_APICallError: slow
          at a (/app/a.js:1:1)
          at b (/app/b.js:2:2) {
        statusCode: 429
      },
      Error: plain
          at c (/app/c.js:3:3)
    ], last: 1 }`;
    const first = fields(['name', 'AI_APICallError'], ['message', 'slow'], ['statusCode', 429]);
    expect(read(text)).toEqual(
      fields(['errors', [first, fields(['name', 'Error'], ['message', 'plain'])]], ['last', 1]),
    );
  });
});

describe('names of the prototype', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    '%s is a key like any other',
    (key) => {
      const expected = fields([key, fields(['status', 429])]);
      expect(read(`{"${key}":{"status":429}}`)).toEqual(expected);
      expect(read(`{ ${key}: { status: 429 } }`)).toEqual(expected);
      expect(plain(readJson(`{"${key}":{"status":429}}`))).toEqual(expected);
    },
  );
  test.each(['constructor', 'toString', '__proto__'])('%s is a word like any other', (word) => {
    expect(read(`{ a: ${word} }`)).toEqual(fields(['a', word]));
  });
});

describe('nesting', () => {
  const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);
  test.each([32, 33, 200, 50_000])('%i deep is read or given up, not thrown', (depth) => {
    for (const text of [nested(depth, '[', ']'), nested(depth, '{"a":', '}'), nested(depth, '(', ')')]) {
      expect(() => readLiteral(text, 0)).not.toThrow();
      expect(() => readJson(text)).not.toThrow();
    }
  });
  test('what lies deeper than 32 levels is left out, what stands beside it is not', () => {
    const text = `{"deep":${nested(200, '[', ']')},"status":429}`;
    const { value } = readLiteral(`${text.slice(0, -1)}, x: 1}`, 0) ?? {};
    expect(JSON.stringify(value)).toContain(nested(30, '[', ''));
    expect(JSON.stringify(value)).not.toContain(nested(40, '[', ''));
    const found = noFacts();
    collect(readJson(text) as Value, found);
    expect(found.statuses.map(({ status }) => status)).toEqual([429]);
  });
  test('brackets in strings are no nesting', () => {
    expect(plain(readJson(JSON.stringify({ text: '['.repeat(40) })))).toEqual(fields(['text', '['.repeat(40)]));
  });
});

describe('properties', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '', ' ', '"', "'"));
  const { value } = fc.letrec((tie) => ({
    scalar: fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.boolean(),
      fc.constant(null),
    ),
    list: fc.array(tie('value'), { maxLength: 5 }),
    object: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
    value: fc.oneof({ maxDepth: 5, depthSize: 'small' }, tie('scalar'), tie('list'), tie('object')),
  }));
  const structure = fc.oneof(
    fc.array(value, { maxLength: 5 }),
    fc.array(fc.tuple(key, value), { maxLength: 5 }).map((p) => Object.fromEntries(p)),
  );
  const zero = (json: unknown) => JSON.parse(JSON.stringify(json));

  test('JSON reads back as it was', () => {
    fc.assert(
      fc.property(structure, (json) => {
        const text = JSON.stringify(json);
        expect(read(text)).toEqual(plainOf(zero(json)));
        expect(readLiteral(text, 0)?.end).toBe(text.length);
        expect(plain(readJson(text))).toEqual(plainOf(zero(json)));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
  test('Python repr reads back as it was', () => {
    fc.assert(
      fc.property(structure, (json) => expect(read(pythonRepr(zero(json)))).toEqual(plainOf(zero(json)))),
      { seed: SEED, numRuns: 150 },
    );
  });
  const word = fc.stringMatching(/^[a-zA-Z][\w .:/-]{0,20}$/).filter((text) => text.trim() === text);
  const simple = fc.dictionary(
    fc.stringMatching(/^[a-z][a-zA-Z_]{0,8}$/),
    fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null)),
    { noNullPrototype: true },
  );
  test('Node inspect reads back as it was', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[a-z]\w{0,8}$/),
          fc.oneof(word, simple, fc.array(fc.integer(), { maxLength: 5 })),
          { noNullPrototype: true },
        ),
        (json) => {
          expect(read(inspect(json, { depth: 9 }))).toEqual(plainOf(zero(json)));
        },
      ),
      { seed: SEED, numRuns: 150 },
    );
  });
  test('no text makes it throw', () => {
    const hostile = fc.string({
      unit: fc.constantFrom(...'{}[]()\'"`\\:,=>+ \n\tabE.019$-u', 'Error: x\n at ', '__proto__'),
      maxLength: 200,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), hostile), fc.constantFrom('{', '[', '('), (text, open) => {
        const whole = open + text;
        const end = readLiteral(whole, 0)?.end ?? -1;
        expect(end).toBeGreaterThan(0);
        expect(end).toBeLessThanOrEqual(whole.length);
        readJson(whole);
        structuresIn(whole, 6);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });
});

describe('cut text', () => {
  test('the end lies within the text', () => {
    expect(readLiteral('{"a":', 0)?.end).toBe(5);
  });

  const texts = ['pino', 'openai-python', 'openai-node-inspect', 'ai-sdk-inspect', 'lambda-text-node'].flatMap((name) =>
    FAILURES.slice(0, 1).flatMap((failure) => SHAPES[name]?.render({ failure, atMs: 0, model: 'gpt-4o' }) ?? []),
  );
  test('at every length is read as far as it goes', () => {
    for (const text of texts) {
      const start = text.indexOf('{');
      for (let length = start + 1; length <= text.length; length += 1) {
        const { end } = readLiteral(text.slice(0, length), start) ?? { end: -1 };
        expect(end > start && end <= length).toBe(true);
      }
    }
  });
  test('what stood before the cut is kept', () => {
    expect(read('{"status":429,"error":{"message":"Budget has')).toEqual(
      fields(['status', 429], ['error', fields(['message', 'Budget has'])]),
    );
    expect(read("{'error': {'message': 'Budget has\\")).toEqual(fields(['error', fields(['message', 'Budget has'])]));
  });
});

describe('a megabyte', () => {
  const MB = 1 << 20;
  /** Many times what a busy machine takes; a reader that is quadratic would take minutes. */
  const LONGEST_MS = 10_000;
  const fill = (part: string): string => part.repeat(Math.ceil(MB / part.length)).slice(0, MB);
  test.each<[string, string]>([
    ['open braces', fill('{')],
    ['open braces with keys', fill('{a:')],
    ['open brackets', fill('[')],
    ['an open string', `{"a":"${fill('x')}`],
    ['backslashes', `{"a":"${fill('\\')}`],
    ['blanks', `{${fill(' ')}`],
    ['commas', `[${fill(',')}`],
    ['closing brackets inside braces', `{${fill(']')}`],
    ['a bare word', `{a: ${fill('x')}`],
    ['plus signs', `{a: 'x'${fill(" + 'x'")}`],
    ['stack frames', `[Error: x${fill('\n    at a')}`],
    ['many keys', `{${fill('"k":1,')}`],
    ['quotes', `[${fill("'")}`],
  ])('of %s takes seconds at most', (_, text) => {
    expect(cpuMs(() => [readLiteral(text, 0), readJson(text), structuresIn(text, 6)])).toBeLessThan(LONGEST_MS);
  });

  const part = (text: string, length: number): string => text.repeat(Math.ceil(length / text.length)).slice(0, length);
  test.each<[string, string]>([
    ['computed keys without an end', `{${part('[', MB / 4)}`],
    ['error heads without a stack', `[${part('Error: x, ', MB / 4)}`],
  ])('a quarter of %s takes seconds at most', (_, text) => {
    expect(cpuMs(() => readLiteral(text, 0))).toBeLessThan(LONGEST_MS);
  });
  test.each([4, 256, 1024])('%i kB of openers take seconds at most', (kB) => {
    expect(cpuMs(() => structuresIn(part('[{', kB * 1024), 6))).toBeLessThan(LONGEST_MS);
  });
});

/** The least of three: what else the machine does, and compiling, only ever adds. */
function cpuMs(work: () => unknown): number {
  const tries = [1, 2, 3].map(() => {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  });
  return Math.min(...tries);
}
