import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type PageEvent, type SeriesRow, watch } from '../../shared/watch.ts';
import { MINUTE_MS } from '../../shared/window.ts';

const START_MS = Date.UTC(2026, 0, 5, 12);
const ms = (minute: number): number => START_MS + minute * MINUTE_MS;
const NONE = { e429: 0, e5xx: 0, timeout: 0, auth: 0, e4xx: 0 };

const row = (minute: number, calls: number, failed: Partial<SeriesRow> = {}, batch = `${minute}`): SeriesRow => ({
  ...{ series: 'shop', batch, windowMs: ms(minute), calls },
  ...NONE,
  ...failed,
});

/** Pages of a timetable as `minute type class`; `rowsAt` are the rows that arrive in the minute before a tick. */
function run(minutes: number, rowsAt: (minute: number) => readonly SeriesRow[], names: readonly string[] = []) {
  const series = watch(names, DEFAULT_SETTINGS);
  const events: PageEvent[] = [];
  let late = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    for (const one of rowsAt(minute)) if (!series.add(one)) late += 1;
    events.push(...series.tick(ms(minute + 1)));
  }
  const told = events.map(({ atMs, type, class: name }) => `${(atMs - START_MS) / MINUTE_MS} ${type} ${name}`);
  return { events, told, late };
}
const between = (minute: number, from: number, to: number): boolean => minute >= from && minute < to;

test('an outage is one page that opens and closes', () => {
  const { events, told } = run(100, (m) => [row(m, 100, between(m, 60, 75) ? { e5xx: 40 } : {})]);
  expect(told).toEqual([expect.stringMatching(/^6[2-4] open e5xx$/), expect.stringMatching(/^8\d close e5xx$/)]);
  expect(events[0]?.sentence).toMatch(
    /^Since 13:00 UTC, \d+ of \d+ calls \(40 %\) failed with 5xx or no answer; normal is /,
  );
  expect(events.map(({ reason }) => reason)).toEqual(['share-above-normal', 'recovered']);
});

test('calls that are not answered are a page of time-outs', () => {
  const { told } = run(70, (m) => [row(m, 100, m >= 60 ? { timeout: 40, e5xx: 5 } : {})]);
  expect(told).toEqual([expect.stringMatching(/open timeout$/)]);
});

test('two groups that fail together are one page, of the greater', () => {
  const { told } = run(100, (m) => [row(m, 100, between(m, 60, 75) ? { e5xx: 40, e429: 20 } : {})]);
  expect(told.map((line) => line.replace(/^\d+ /, ''))).toEqual(['open e5xx', 'close e5xx']);
});

test('a greater failure of another group, later, pages again', () => {
  const failed = (m: number) => ({ e429: between(m, 60, 120) ? 20 : 0, auth: between(m, 90, 120) ? 80 : 0 });
  const { told } = run(140, (m) => [row(m, 100, failed(m))]);
  expect(told.map((line) => line.replace(/^\d+ /, ''))).toEqual(['open e429', 'close e429', 'open auth', 'close auth']);
});

test('late, split, repeated and disordered rows tell the same pages', () => {
  const whole = (m: number) => row(m, 100, between(m, 60, 75) ? { e5xx: 40 } : {}, `${m}:a`);
  const half = (m: number, batch: string) => row(m, 50, between(m, 60, 75) ? { e5xx: 20 } : {}, `${m}:${batch}`);
  const split = run(100, (m) => [half(m, 'b'), half(m, 'a'), half(m, 'a'), half(m, 'b')]);
  expect(split.told).toEqual(run(100, (m) => [whole(m)]).told);
  const late = run(100, (m) => (m >= 2 ? [half(m, 'a'), half(m - 2, 'b')] : [half(m, 'a')]));
  expect(late.told).toEqual([expect.stringMatching(/^6[2-5] open e5xx$/), expect.stringMatching(/^8\d close e5xx$/)]);
});

test('a gap delivered an hour late changes nothing', () => {
  const gap = (m: number) => (m === 120 ? Array.from({ length: 30 }, (_, i) => row(60 + i, 100, { e5xx: 90 })) : []);
  const { told, late } = run(150, (m) => (between(m, 60, 90) ? [] : [row(m, 100), ...gap(m)]));
  expect(told).toEqual([]);
  expect(late).toBe(30);
});

test('silence keeps a page open for an hour', () => {
  const { events, told } = run(140, (m) => (m < 70 ? [row(m, 100, m >= 60 ? { e429: 100 } : {})] : []), [
    'shop',
    'idle',
  ]);
  expect(told.at(-1)).toBe('130 close e429');
  expect(events.at(-1)?.reason).toBe('silence');
});

test.each([
  [1, 100],
  [50_000, 8],
])('at %d calls a minute an outage pages', (calls, within) => {
  const { told } = run(700, (m) => [row(m, calls, m >= 600 ? { e5xx: calls } : {})]);
  expect(told).toHaveLength(1);
  expect(Number.parseInt(told[0] ?? '', 10)).toBeLessThanOrEqual(600 + within);
});

test('an outage of days is never taken for normal', () => {
  const { told } = run(3 * 1440, (m) => [row(m, 30, between(m, 600, 3 * 1440 - 60) ? { e5xx: 15 } : {})]);
  expect(told).toEqual([expect.stringMatching(/^60\d open e5xx$/), expect.stringMatching(/^42[67]\d close e5xx$/)]);
});
