/** A screen may let a text pass in vain; it never keeps a match back. */
import fc from 'fast-check';
import { literalsOf } from '../../shared/screen/literals.ts';
import { holdsWordsOf, screened } from '../../shared/screen.ts';
import { SIGNALS } from '../../shared/signals.ts';
import { FAILURES } from '../fixtures/failures.ts';
import { NOISE } from '../fixtures/noise.ts';
import { canRender, SHAPES } from '../fixtures/shapes.ts';

describe('what a pattern needs', () => {
  test.each<[string, RegExp, readonly string[] | null]>([
    ['a word', /quota/, ['quota']],
    ['one of some words', /quota|budget/i, ['quota', 'budget']],
    ['letters of either case, any digit, any sign', /API v1-x/, ['api v0 x']],
    ['what may be missing, with and without', /rate[- _]?limit/, ['ratelimit', 'rate limit']],
    ['each way through a group', /tim(?:ed|ing) out/, ['timed out', 'timing out']],
    ['the longest part that is sure', /\bis .{0,40}too large\w*/, ['too large']],
    ['what stands around the match', /(?<=\?token=)[^&]+/, [' token ']],
    ['what repeats at least once', /(?:quota)+ ?\d/, ['quota']],
    ['not what holds a shorter one', /rate limit exceeded|rate limit/, ['rate limit']],
    ['a letter beyond ASCII, however short the word', /失败|é/, ['§']],
    // Built for Lambda, patterns hold nothing but ASCII (`build.mjs`).
    ['a letter beyond ASCII written by its code', /[\u5931\u8d25]|\xe9/, ['§']],
    ['nothing where one way needs nothing', /quota|\d/, null],
    ['nothing of what may be missing', /(?:quota)?/, null],
    ['nothing of what must not follow', /a(?!quota)/, null],
    ['nothing of a class', /[a-z]{3,}[^q]/, null],
    ['nothing where case folds beyond ASCII', /quota/iu, null],
    ['nothing that is too short to look for', /ab/, null],
  ])('%s', (_, pattern, needs) => {
    expect(literalsOf(pattern)).toEqual(needs);
  });
});

const texts = [
  ...NOISE,
  ...Object.values(SHAPES).flatMap((shape) =>
    FAILURES.filter((failure) => canRender(shape, failure)).flatMap((failure) =>
      shape.render({ failure, atMs: Date.UTC(2026, 10, 17), model: 'gpt-4o' }),
    ),
  ),
];
const patterns = SIGNALS.flatMap(({ text }) => text ?? []);

test('nearly every pattern of the causes needs something that can be looked for', () => {
  const unscreened = patterns.filter((pattern) => literalsOf(pattern) === null);
  expect(unscreened.length).toBeLessThan(patterns.length / 10);
});

test('screened patterns answer on every fixture as they do alone', () => {
  const screens = patterns.map(screened);
  const differing = texts.flatMap((text) =>
    patterns
      .filter((pattern, at) => screens[at]?.test(text) !== pattern.test(text))
      .map(({ source }) => [source, text]),
  );
  expect(differing).toEqual([]);
});

describe('generated patterns and texts', () => {
  const piece = fc.constantFrom('ab', 'Abc', 'x', ' ', '-', '0', '429', 'é', '失', '\n', 'limit', 'rate');
  const atom = fc.oneof(
    piece,
    fc.constantFrom(
      '\\d',
      '\\w',
      '\\s',
      '\\b',
      '.',
      '[ab]',
      '[^a]',
      '[a-c0-1]',
      '[\\w-]',
      '[- _]',
      '\\x41',
      '\\.',
      '^',
      '$',
    ),
  );
  const times = (...quantifiers: string[]) => fc.constantFrom('', '', ...quantifiers);
  // Without bound only over one character, so that no pattern takes for ever.
  const atoms = fc
    .tuple(atom, times('?', '+', '{2}', '{0,2}', '+?'))
    .map(([body, n]) => (n ? `(?:${body})${n}` : body));
  const inBrackets = (body: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.constantFrom('?:', '', '?=', '?<=', '?!'), body, times('?', '{1,2}'))
      .map(([kind, inner, n]) => `(?:(${kind}${inner}))${n}`);
  const waysOf = (part: fc.Arbitrary<string>) =>
    fc
      .array(
        fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
        { minLength: 1, maxLength: 3 },
      )
      .map((ways) => ways.join('|'));
  const pattern = waysOf(fc.oneof(atoms, inBrackets(waysOf(fc.oneof(atoms, inBrackets(waysOf(atoms)))))));
  const text = fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 8 }).map((parts) => parts.join(''));
  test('a match is never kept back', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.constantFrom('', 'i', 'm', 'is'),
        fc.array(text, { minLength: 10, maxLength: 10 }),
        (source, flags, all) => {
          const alone = new RegExp(source, flags);
          const screen = screened(new RegExp(source, flags));
          const holds = holdsWordsOf([screen]);
          for (const one of all) {
            expect([one, screen.exec(one)?.index]).toEqual([one, alone.exec(one)?.index]);
            expect([one, alone.test(one) && !holds(one)]).toEqual([one, false]);
          }
        },
      ),
      { seed: 20261117, numRuns: 200 },
    );
  });
});

test.each([
  ['ASCII', 'x: quota'],
  ['of two bytes', 'né: quota'],
  ['of three bytes', '失败: quota'],
  ['that JavaScript counts twice', '😀: quota'],
  ['that are half of one', '\ud83d: quota'],
])('a match beside characters %s is found wherever it stands in a long text', (_, words) => {
  const pattern = /\W\W ?quota/;
  const [screen, missing] = [screened(pattern), screened(/\Wquote/)];
  for (let before = 8170; before < 8200; before += 1) {
    const text = `${'a'.repeat(before)}${words} ${'b'.repeat(20)}`;
    expect([before, screen.exec(text)?.index]).toEqual([before, pattern.exec(text)?.index]);
    expect(missing.test(text)).toBe(false);
  }
});

test('characters that count twice are two signs', () => {
  for (const text of ['x😀y', 'x😀😀y', '😀y', 'xé😀'])
    for (const pattern of [/x\W\Wy/, /x\W\W\W\Wy/, /\W\Wy/, /x\W\W\W/])
      expect([text, pattern, screened(pattern).test(text)]).toEqual([text, pattern, pattern.test(text)]);
});

test('texts that take turns keep their own answers', () => {
  const needles = ['quota', 'budget', 'timeout', 'refused', 'overload', 'expired'];
  const screens = needles.map((needle) => screened(new RegExp(needle)));
  const answers = Array.from({ length: 600 }, (_, turn) => {
    const at = (turn * 7) % needles.length;
    return screens.map((screen) => screen.test(`turn ${turn}: ${needles[at]}`)).indexOf(true) === at;
  });
  expect(answers).not.toContain(false);
});

describe('the words of patterns', () => {
  const holds = holdsWordsOf([screened(/"(?:responses|error)": ?\{/), screened(/limit-\d|é!/)]);
  test.each(['the "responses": {', 'a "responses" : and then', '"ERROR": {', 'limit 7', 'limit-7', 'né!'])(
    'stand in %s',
    (text) => {
      expect(holds(text)).toBe(true);
    },
  );

  test.each([
    'all of their letters, apart: "response", responsible sponsor uses: ses',
    'the word alone: limit',
    'error: none',
    '',
  ])('do not stand in %s', (text) => {
    expect(holds(text)).toBe(false);
  });
});
