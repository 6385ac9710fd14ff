import { problemOf } from '../../functions/dashboard/ask.ts';
import {
  alertTitle,
  brief,
  lasted,
  moment,
  percent,
  reasonWords,
  scopeWords,
  shown,
  valueWords,
} from '../../functions/dashboard/words.ts';

test.each([
  [null, '–'],
  [0, '0 %'],
  [0.0004, '< 0.1 %'],
  [0.004, '0.4 %'],
  [0.372, '37 %'],
  [0.968, '96.8 %'],
  [0.9996, '> 99.9 %'],
  [1, '100 %'],
])('a share of %s reads %s', (share, words) => {
  expect(percent(share)).toBe(words);
});

test.each([
  [20_000, '20 s'],
  [60_000, '1 min'],
  [7_500_000, '2 h 5 min'],
  [86_400_000, '1 d'],
  [469_000_000, '5 d 10 h'],
])('%d ms last %s', (ms, words) => {
  expect(lasted(ms)).toBe(words);
});

test('large figures are shortened only from ten thousand on', () => {
  expect([brief(9_999), brief(12_345), brief(3_456_789)]).toEqual(['9,999', '12.3K', '3.5M']);
});

test('a moment names its day only where it is another', () => {
  const at = Date.parse('2026-11-17T09:12:00Z');
  expect([moment(at), moment(at, at + 60_000), moment(at, at + 86_400_000)]).toEqual([
    '2026-11-17 09:12',
    '09:12',
    '2026-11-17 09:12',
  ]);
});

test.each([
  ['a name', 'gpt-4o', 'gpt-4o'],
  ['markup', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['direction characters', 'abc\u202Edcba\u2066', 'abcdcba'],
  ['control characters', 'a\u0000\u001Bb\nc', 'ab c'],
  ['a lone surrogate', 'a\uD800', 'a\uFFFD'],
  ['nothing', '', 'not in the logs'],
  ['only blanks', ' \u00A0\u2028 ', '(no name)'],
])('%s is shown as text', (_, value, words) => {
  expect(shown(value)).toBe(words);
});

test('a name of 10 kB is cut where it can still be read', () => {
  expect([...shown('😀'.repeat(5000))]).toHaveLength(128);
  expect(shown('x'.repeat(10_000))).toMatch(/^x{127}…$/);
});

test('values are called by their titles where there are any', () => {
  const titles = new Map([['budget_exceeded', 'Budget used up']]);
  expect([
    valueWords('cause', 'budget_exceeded', titles),
    valueWords('cause', 'new_cause', titles),
    valueWords('category', 'throttle'),
    valueWords('status', null),
    valueWords('model', null),
    valueWords('category', 'constructor'),
  ]).toEqual(['Budget used up', 'new cause', 'Throttled', 'no status', 'not in the logs', 'constructor']);
});

const alert = { group: 'e429' as const, causes: [{ cause: 'budget_exceeded', status: 429, failures: 210 }] };

test('an alert is called by its leading cause, else by what fails', () => {
  const titles = new Map([['budget_exceeded', 'Budget used up']]);
  expect(alertTitle(alert, titles)).toBe('Budget used up');
  expect(alertTitle({ ...alert, causes: [] }, titles)).toBe('Calls throttled');
  expect(scopeWords({ by: 'logGroup', value: '/aws/a' })).toBe('log group /aws/a');
  expect(scopeWords({ by: 'all', value: '' })).toBe('all calls');
});

test('a reason nobody has words for is shown as it is', () => {
  expect([reasonWords('recovered'), reasonWords('share-above-normal')]).toEqual([
    'calls are back to normal',
    'share above normal',
  ]);
});

test.each([
  [400, { title: 'Bad parameter', detail: 'from must be before to.' }, 'bad', 'from must be before to.'],
  [403, null, 'refused', 'gridwatch dashboard'],
  [404, { detail: 'GET /v1/alerts lists the alerts there are.' }, 'missing', 'GET /v1/alerts'],
  [500, 'oops', 'broken', 'asks again by itself'],
])('a %d says what to do', (status, body, kind, words) => {
  const problem = problemOf(status, body);
  expect(problem.kind).toBe(kind);
  expect(problem.detail).toContain(words);
  expect(problem.title).not.toBe('');
});
