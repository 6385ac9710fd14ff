import { barsOf, concerns } from '../../functions/dashboard/lanes.ts';
import { lengthOf, narrowed, stepFor, stepMs } from '../../functions/dashboard/range-choice.ts';
import { layersOf, stacked, successRates } from '../../functions/dashboard/stack.ts';
import { sparkline, trendOf } from '../../functions/dashboard/trend.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-17T10:00:00Z');
const row = (cause: string | null, failures: number) => ({ key: { cause }, failures });

describe('stacking', () => {
  const points = [
    { rows: [row('a', 1), row('b', 5)], other: 0 },
    { rows: [], other: 2 },
    { rows: [row('a', 3), row(null, 1)], other: 0 },
  ];
  test('most failures lie at the bottom, the rest on top', () => {
    expect(layersOf(points, 'cause').map(({ value, failures }) => [value, failures])).toEqual([
      ['b', 5],
      ['a', 4],
      [null, 1],
      [undefined, 2],
    ]);
  });
  test('causes of one category stand together', () => {
    const groupOf = (value: unknown) => (value === 'b' ? 'x' : 'y');
    const moreOfY = [...points, { rows: [row('a', 2)], other: 0 }];
    expect(layersOf(moreOfY, 'cause', groupOf).map(({ value }) => value)).toEqual(['a', null, 'b', undefined]);
  });
  test('the top of the stack is every failure', () => {
    expect(stacked(layersOf(points, 'cause')).at(-1)).toEqual([6, 2, 4]);
  });
  test('where nobody called there is no success rate', () => {
    expect(
      successRates([
        { calls: 4, failures: 1 },
        { calls: 0, failures: 0 },
      ]),
    ).toEqual([0.75, null]);
  });
});

describe('alerts over the chart', () => {
  const span = (id: string, from: number, to: number | null) => ({ id, sinceMs: from, untilMs: to });
  test('those that overlap take different lanes', () => {
    const bars = barsOf([span('a', 0, 50), span('b', 40, 90), span('c', 60, null)], 0, 100);
    expect(bars.map(({ id, lane }) => [id, lane])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
    ]);
  });
  test('one that lasts reaches the end, one from before the range begins at its edge', () => {
    expect(barsOf([span('a', -50, null)], 0, 100)).toEqual([{ id: 'a', left: 0, width: 1, lane: 0 }]);
  });
  test('what lies outside the range is not drawn', () => {
    expect(barsOf([span('a', -50, -10), span('b', 100, 120)], 0, 100)).toEqual([]);
  });
  test('a short one at the very end can still be hit', () => {
    const [bar] = barsOf([span('a', 9999, 10_000)], 0, 10_000);
    expect(bar?.width).toBeGreaterThan(0.01);
    expect((bar?.left ?? 1) + (bar?.width ?? 1)).toBeLessThanOrEqual(1);
  });
});

test.each([
  ['nothing', {}, true],
  ['its own scope', { key: 'support-prod' }, true],
  ['what it hits', { model: 'gpt-4o-mini' }, true],
  ['another model', { model: 'o3' }, false],
  ['its cause', { cause: 'budget_exceeded', status: '429' }, true],
  ['another cause', { cause: 'client_timeout' }, false],
  ['another status', { status: '' }, false],
])('with a filter on %s an alert is drawn: %p %p', (_, filters, isDrawn) => {
  const alert = {
    scope: { by: 'key' as const, value: 'support-prod' },
    blastRadius: [{ scope: { by: 'model' as const, value: 'gpt-4o-mini' }, failures: 210, share: 1 }],
    causes: [{ cause: 'budget_exceeded', status: 429, failures: 210 }],
  };
  expect(concerns(alert, filters)).toBe(isDrawn);
});

describe('the range', () => {
  test.each([
    [HOUR, 120, '1m'],
    [24 * HOUR, 120, '15m'],
    [7 * 24 * HOUR, 120, '3h'],
    [400 * 24 * HOUR, 120, '1d'],
  ])('of %d ms in at most %d points has steps of %s', (lengthMs, points, step) => {
    expect(stepFor(lengthMs, points)).toBe(step);
    expect(lengthMs / stepMs(step)).toBeLessThanOrEqual(Math.max(points, 400));
  });
  test.each([
    ['-6h', null, 6 * HOUR],
    [null, null, 24 * HOUR],
    ['2026-11-17T09:00Z', '2026-11-17T09:30Z', HOUR / 2],
    ['yesterday', null, null],
    ['2026-11-17T09:30Z', '2026-11-17T09:00Z', null],
  ])('from %s to %s is so long', (from, to, lengthMs) => {
    expect(lengthOf(from, to, NOW)).toBe(lengthMs);
  });
  const points = (calls: readonly number[]) =>
    calls.map((n, i) => ({ at: new Date(NOW - 24 * HOUR + i * HOUR).toISOString(), calls: n }));
  const end = new Date(NOW).toISOString();
  test('an empty beginning is cut off, but an hour is left', () => {
    const lastHour = points([...Array(23).fill(0), 5]);
    expect(narrowed(lastHour, end)).toBe('2026-11-17T09:00:00.000Z');
  });
  test('a beginning that is not empty stays', () => {
    expect(narrowed(points([0, 0, ...Array(22).fill(5)]), end)).toBe('2026-11-16T10:00:00.000Z');
    expect(narrowed(points(Array(24).fill(0)), end)).toBe('2026-11-16T10:00:00.000Z');
    expect(narrowed([], end)).toBeNull();
  });
});

test.each([
  ['new', [0, 0, 0, 0, 0, 0, 4, 9]],
  ['rising', [2, 2, 2, 2, 2, 2, 9, 9]],
  ['steady', [2, 3, 2, 3, 2, 3, 2, 3]],
  ['falling', [9, 9, 9, 9, 9, 9, 2, 2]],
  ['over', [9, 9, 9, 9, 9, 9, 0, 0]],
])('a row that is %s is called so', (trend, values) => {
  expect(trendOf(values)).toBe(trend);
});

test('a sparkline stays within its box', () => {
  const points = sparkline([0, 5, 10], 72, 20)
    .split(' ')
    .map((pair) => pair.split(',').map(Number));
  expect(points).toEqual([
    [0, 19],
    [36, 10],
    [72, 1],
  ]);
  expect(sparkline([3], 72, 20)).toBe('0.0,1.0');
});
