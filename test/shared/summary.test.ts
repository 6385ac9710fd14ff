import * as fc from 'fast-check';
import { summaryCsv } from '../../shared/csv.ts';
import type { Store } from '../../shared/ports.ts';
import { alignRange, parseTime } from '../../shared/range.ts';
import { defaultRange, readRollUps } from '../../shared/reading.ts';
import { DIMENSIONS, series, summarise } from '../../shared/summary.ts';
import {
  type CountedCell,
  DAY_MS,
  type Granularity,
  HOUR_MS,
  MINUTE_MS,
  OTHER,
  type RollUp,
} from '../../shared/window.ts';

const T0 = Date.parse('2026-03-01T00:00:00Z');
const minute = (n: number) => T0 + n * MINUTE_MS;
const day = { fromMs: T0, toMs: T0 + DAY_MS, asOfMs: T0 + DAY_MS, filters: {} } as const;

const success = (over: Partial<CountedCell> = {}): CountedCell => ({
  kind: 'success',
  status: 200,
  cause: null,
  ...{ model: 'gpt-4o', provider: 'openai', tenant: 'acme', project: null, key: null, logGroup: '/app/a' },
  ...{ calls: 1, attempts: over.calls ?? 1, recovered: 0, firstMs: T0, lastMs: T0 },
  ...over,
});
const failure = (over: Partial<CountedCell> = {}): CountedCell =>
  success({ kind: 'failure', status: 429, cause: 'rate_limit_requests', ...over });

const rollUp = (windowMs: number, cells: CountedCell[], over: Partial<RollUp> = {}): RollUp => ({
  granularity: 'minute',
  windowMs,
  contributions: 1,
  totals: { received: cells.length, counted: cells.length, notCall: 0, malformed: 0, tooLate: 0 },
  skipped: {},
  cells: cells.map((cell) => ({ ...cell, firstMs: windowMs, lastMs: windowMs })),
  ...over,
});

const incident = [
  rollUp(minute(0), [success({ calls: 90, recovered: 3, attempts: 95 }), failure({ calls: 6, attempts: 18 })], {
    skipped: { unreadable: 2 },
  }),
  rollUp(
    minute(5),
    [
      failure({ calls: 3 }),
      failure({ calls: 1, status: 503, cause: 'provider_overloaded', model: 'claude' }),
      success({ calls: 1, model: 'claude' }),
    ],
    { skipped: { unreadable: 1, 'other-host': 4 } },
  ),
];

describe('summarise', () => {
  test('gives causes with shares, times, totals and skipped', () => {
    expect(summarise(incident, { ...day, by: ['cause'] })).toEqual({
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-03-02T00:00:00.000Z',
      granularity: 'minute',
      freshness: '2026-03-01T00:05:00.000Z',
      totals: { calls: 101, failures: 10, recovered: 3, attempts: 118 },
      by: ['cause'],
      rows: [
        {
          key: { cause: 'rate_limit_requests' },
          failures: 9,
          share: 0.9,
          first: '2026-03-01T00:00:00.000Z',
          last: '2026-03-01T00:05:00.000Z',
        },
        {
          key: { cause: 'provider_overloaded' },
          failures: 1,
          share: 0.1,
          first: '2026-03-01T00:05:00.000Z',
          last: '2026-03-01T00:05:00.000Z',
        },
      ],
      other: 0,
      partial: false,
      skipped: { 'other-host': 4, unreadable: 3 },
    });
  });

  test('shows calls where the dimension exists on successes', () => {
    const rows = summarise(incident, { ...day, by: ['model'] }).rows;
    expect(rows.map(({ key, failures, calls }) => [key.model, failures, calls])).toEqual([
      ['gpt-4o', 9, 99],
      ['claude', 1, 2],
    ]);
  });

  test('says the failures of each step where steps are asked for', () => {
    const { step, rows } = summarise(incident, { ...day, by: ['model'], stepMs: 6 * HOUR_MS });
    expect([step, rows.map(({ failures, trend }) => [failures, trend])]).toEqual([
      '6h',
      [
        [9, [9, 0, 0, 0]],
        [1, [1, 0, 0, 0]],
      ],
    ]);
  });

  test('the first and the last step may be cut by the range', () => {
    const range = { ...day, fromMs: T0 + 2 * MINUTE_MS, toMs: T0 + 8 * MINUTE_MS, stepMs: 5 * MINUTE_MS };
    const { from, rows } = summarise(incident, { ...range, by: ['cause'] });
    expect(from).toBe('2026-03-01T00:02:00.000Z');
    for (const { failures, trend = [] } of rows) {
      expect(trend).toHaveLength(2);
      expect(trend.reduce((sum, n) => sum + n, 0)).toBe(failures);
    }
  });

  test('shows no calls under a filter no success can pass', () => {
    const { rows, totals } = summarise(incident, { ...day, by: ['model'], filters: { cause: 'provider_overloaded' } });
    expect(rows).toEqual([expect.not.objectContaining({ calls: expect.anything() })]);
    expect(totals).toMatchObject({ calls: 1, failures: 1 });
  });

  test('filters failures and calls alike', () => {
    const { totals, rows } = summarise(incident, { ...day, by: ['cause'], filters: { model: 'claude' } });
    expect(totals).toMatchObject({ calls: 2, failures: 1 });
    expect(rows).toEqual([expect.objectContaining({ key: { cause: 'provider_overloaded' }, share: 1 })]);
  });

  test('the empty filter finds what the logs do not say', () => {
    const rollUps = [rollUp(T0, [failure({ project: 'web' }), failure({ project: null, calls: 2 })])];
    expect(summarise(rollUps, { ...day, by: ['project'], filters: { project: '' } }).rows).toEqual([
      expect.objectContaining({ key: { project: null }, failures: 2 }),
    ]);
  });

  test('sums the failures beyond top under other', () => {
    const { rows, other } = summarise(incident, { ...day, by: ['cause'], top: 1 });
    expect([rows.length, other]).toEqual([1, 1]);
  });

  test('names that were not kept apart are no row', () => {
    const cells = [failure({ model: OTHER, calls: 9 }), failure({ model: 'gpt-4o' })];
    const { rows, other, totals } = summarise([rollUp(T0, cells)], { ...day, by: ['model'] });
    expect([rows.map(({ key }) => key.model), other, totals.failures]).toEqual([['gpt-4o'], 9, 10]);
  });

  test('orders equal rows by key, unknown values last', () => {
    const models = [null, 'b', 'a'].map((model) => failure({ model }));
    const { rows } = summarise([rollUp(T0, models)], { ...day, by: ['model'] });
    expect(rows.map(({ key }) => key.model)).toEqual(['a', 'b', null]);
  });

  test('keeps hostile values apart from property names', () => {
    const models = ['__proto__', 'constructor', 'toString'].map((model) => failure({ model }));
    const skipped = JSON.parse('{"__proto__": 2}');
    const summary = summarise([rollUp(T0, models, { skipped })], { ...day, by: ['model'] });
    expect(summary.rows.map(({ key }) => key.model)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(JSON.stringify(summary.skipped)).toBe('{"__proto__":2}');
  });

  test.each([
    ['a cause in the catalogue', { cause: 'budget_exceeded', status: 400 }, 'throttle'],
    ['unknown under 429', { cause: 'unknown', status: 429 }, 'throttle'],
    ['unknown under 418', { cause: 'unknown', status: 418 }, 'request'],
    ['unknown under 502', { cause: 'unknown', status: 502 }, 'transient'],
    ['unknown without a status', { cause: 'unknown', status: null }, 'connection'],
  ] as const)('takes the category of %s', (_, cell, category) => {
    const { rows } = summarise([rollUp(T0, [failure(cell)])], { ...day, by: ['category'] });
    expect(rows[0]?.key).toEqual({ category });
  });

  test('leaves out windows outside the range', () => {
    const { totals } = summarise(incident, { ...day, fromMs: minute(1), by: ['cause'] });
    expect(totals.failures).toBe(4);
  });

  test('is not fresher than the moment it is made', () => {
    const { freshness } = summarise(incident, { ...day, asOfMs: minute(2) + 1, by: ['cause'] });
    expect(freshness).toBe('2026-03-01T00:02:00.000Z');
  });

  test('answers an empty range with zeros and null', () => {
    const empty = { totals: { calls: 0, failures: 0, recovered: 0, attempts: 0 }, rows: [], other: 0, freshness: null };
    expect(summarise([], { ...day, by: ['cause'] })).toMatchObject(empty);
  });
});

const word = fc.constantFrom('a', 'b', '__proto__', 'constructor', '', '=1', null);
const cells = fc.array(
  fc.record({
    kind: fc.constantFrom('success', 'failure'),
    status: fc.constantFrom(null, 200, 400, 429, 503),
    cause: fc.constantFrom('unknown', 'rate_limit_requests', 'network_error', null),
    ...{ model: word, provider: word, tenant: word, project: word, key: word, logGroup: word },
    calls: fc.integer({ min: 0, max: 50 }),
  }),
  { maxLength: 12 },
);
const minutes = fc.array(fc.tuple(fc.integer({ min: 0, max: 1439 }), cells), { maxLength: 8 });
const rollUpsOf = (generated: [number, Partial<CountedCell>[]][]) =>
  generated.map(([n, partial]) =>
    rollUp(
      minute(n),
      partial.map((cell) => success({ recovered: 0, ...cell })),
    ),
  );
const dimensions = fc.subarray([...DIMENSIONS]);
const top = fc.integer({ min: 1, max: 5 });

test('rows and other add up to the failures, whatever the dimensions', () => {
  return fc.assert(
    fc.property(minutes, dimensions, top, (generated, by, most) => {
      const { rows, other, totals } = summarise(rollUpsOf(generated), { ...day, by, top: most });
      expect(rows.reduce((sum, row) => sum + row.failures, other)).toBe(totals.failures);
      expect(rows.every(({ failures, calls = failures }) => failures > 0 && calls >= failures)).toBe(true);
    }),
  );
});

test('the order of roll-ups and cells does not matter', () => {
  const shuffled = minutes.chain((generated) =>
    fc.tuple(
      fc.constant(generated),
      fc.shuffledSubarray(generated, { minLength: generated.length, maxLength: generated.length }),
    ),
  );
  return fc.assert(
    fc.property(shuffled, dimensions, top, ([generated, other], by, most) => {
      const reversed = other.map(([n, list]): [number, Partial<CountedCell>[]] => [n, [...list].reverse()]);
      const query = { ...day, by, top: most };
      expect(summarise(rollUpsOf(reversed), query)).toEqual(summarise(rollUpsOf(generated), query));
    }),
  );
});

describe('series', () => {
  const query = { ...day, fromMs: minute(1), toMs: minute(12), stepMs: 5 * MINUTE_MS, by: ['model'] } as const;

  test('fills in steps in which nothing happened', () => {
    const points = series(incident, query);
    expect(points.map(({ at, calls, failures }) => [at.slice(11, 16), calls, failures])).toEqual([
      ['00:00', 96, 6],
      ['00:05', 5, 4],
      ['00:10', 0, 0],
    ]);
  });

  test('keeps the keys that lead over the whole range', () => {
    const [, second] = series(incident, { ...query, top: 1 });
    expect(second).toMatchObject({ rows: [{ key: { model: 'gpt-4o' }, failures: 3, calls: 3 }], other: 1 });
  });

  test('points add up to the summary of the range', () => {
    return fc.assert(
      fc.property(minutes, dimensions, fc.constantFrom(1, 5, 60, 1440), (generated, by, n) => {
        const points = series(rollUpsOf(generated), { ...day, by, stepMs: n * MINUTE_MS, top: 2 });
        const { totals } = summarise(rollUpsOf(generated), { ...day, by });
        expect(points).toHaveLength(1440 / n);
        for (const name of ['calls', 'failures', 'attempts'] as const)
          expect(points.reduce((sum, point) => sum + point[name], 0)).toBe(totals[name]);
        for (const { rows, other, failures } of points)
          expect(rows.reduce((sum, row) => sum + row.failures, other)).toBe(failures);
      }),
    );
  });
});

describe('CSV', () => {
  test('quotes what needs it and defuses formulas', () => {
    const models = ['=1+1', '+1', '-1', '@x', '\tx', '\rx', 'a,b', 'say "hi"', null].map((model) => failure({ model }));
    const lines = summaryCsv(summarise([rollUp(T0, models)], { ...day, by: ['model'] })).split('\r\n');
    const fields = lines.slice(1, -1).map((line) => line.replace(/,1,1,0\.1.*/, ''));
    expect(lines[0]).toBe('model,calls,failures,share,first,last');
    expect(fields.sort()).toEqual(
      ['', "'\tx", "'+1", "'-1", "'=1+1", "'@x", '"\'\rx"', '"a,b"', '"say ""hi"""'].sort(),
    );
  });

  test('names what is beyond top in a last line', () => {
    const lines = summaryCsv(summarise(incident, { ...day, by: ['cause', 'model'], top: 1 })).split('\r\n');
    expect(lines.slice(-2)).toEqual(['(other),,1,0.1,,', '']);
  });
});

/** Holds roll-ups of all sizes, remembers what was read, and throws on everything but reading them. */
function storeOf(rollUps: readonly RollUp[], pending: unknown = null) {
  const reads: string[] = [];
  const told = {
    load: async (key: string) => (pending === null ? null : { key, version: 1, value: pending }),
    async rollUps(granularity: Granularity, fromMs: number, toMs: number) {
      reads.push(granularity);
      return rollUps
        .filter((r) => r.granularity === granularity && fromMs <= r.windowMs && r.windowMs < toMs)
        .sort((a, b) => a.windowMs - b.windowMs);
    },
  };
  const store = new Proxy(told as Store, {
    get: (target, name) => Reflect.get(target, name) ?? fail(`store.${String(name)} was not expected`),
  });
  return { store, reads };
}

function fail(message: string): never {
  throw new Error(message);
}

describe('reading a range', () => {
  const windows = (sizeMs: number, granularity: Granularity, days: number) =>
    Array.from({ length: (days * DAY_MS) / sizeMs }, (_, n) => rollUp(T0 + n * sizeMs, [failure()], { granularity }));
  const threeDays = [
    ...windows(MINUTE_MS, 'minute', 3),
    ...windows(HOUR_MS, 'hour', 3),
    ...windows(DAY_MS, 'day', 2), // the third day is not closed
  ];
  const sizeMs = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };
  const covered = (rollUps: RollUp[]) =>
    rollUps.flatMap((r) =>
      Array.from({ length: sizeMs[r.granularity] / MINUTE_MS }, (_, n) => r.windowMs + n * MINUTE_MS),
    );

  test('covers any range exactly once, with any roll-ups missing', async () => {
    const missing = fc.array(fc.nat({ max: threeDays.length - 1 - 4320 }), { maxLength: 20 });
    const range = fc.tuple(fc.integer({ min: 0, max: 4320 }), fc.integer({ min: 0, max: 4320 }));
    const coarsest = fc.constantFrom('minute', 'hour', 'day');
    await fc.assert(
      fc.asyncProperty(missing, range, coarsest, async (gone, [a, b], size) => {
        const kept = threeDays.filter((_, at) => !gone.includes(at - 4320));
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const read = await readRollUps(storeOf(kept).store, minute(from), minute(to), size);
        expect(covered(read)).toEqual(Array.from({ length: to - from }, (_, n) => minute(from + n)));
      }),
      { numRuns: 50 },
    );
  });

  const spanOf = { hour: HOUR_MS, day: DAY_MS };
  const within = (r: RollUp, windowMs: number, size: 'hour' | 'day') =>
    windowMs <= r.windowMs && r.windowMs < windowMs + spanOf[size];

  test('covers what is still to be rolled up, and takes other holes for empty', async () => {
    const hours = fc.uniqueArray(fc.nat({ max: 71 }), { maxLength: 6 });
    const days = fc.uniqueArray(fc.nat({ max: 1 }), { maxLength: 1 });
    await fc.assert(
      fc.asyncProperty(hours, days, hours, fc.nat({ max: 1440 }), async (openHours, openDays, emptyHours, from) => {
        const at = (n: number, size: 'hour' | 'day') => T0 + n * spanOf[size];
        const openDay = [...openDays, 2].map((n) => at(n, 'day'));
        const openHour = openHours.map((n) => at(n, 'hour'));
        const empty = emptyHours.filter((n) => !openHours.includes(n)).map((n) => at(n, 'hour'));
        const dayIsOpen = (ms: number) =>
          openDay.includes(ms) || openHour.some((hour) => ms <= hour && hour < ms + DAY_MS);
        const kept = threeDays
          .filter((r) => !(r.granularity === 'hour' && openHour.includes(r.windowMs)))
          .filter((r) => !(r.granularity === 'day' && dayIsOpen(r.windowMs)))
          .filter((r) => r.granularity === 'day' || !empty.some((hour) => within(r, hour, 'hour')));
        const { store, reads } = storeOf(kept, { hour: openHour, day: openDay });
        const read = await readRollUps(store, minute(from), T0 + 3 * DAY_MS);
        const minutes = kept.filter((r) => r.granularity === 'minute' && r.windowMs >= minute(from));
        const wholeDays = kept.filter((r) => r.granularity === 'day' && r.windowMs >= minute(from));
        const inDay = (ms: number) => wholeDays.some((r) => r.windowMs <= ms && ms < r.windowMs + DAY_MS);
        const expected = [
          ...wholeDays.flatMap((r) => covered([r])),
          ...minutes.map(({ windowMs }) => windowMs).filter((ms) => !inDay(ms)),
        ];
        expect(covered(read)).toEqual(expected.sort((a, b) => a - b));
        expect(reads.length).toBeLessThanOrEqual(5 + 2 * openHours.length);
      }),
      { numRuns: 50 },
    );
  });

  test('takes days and hours where the range covers them whole', async () => {
    const read = await readRollUps(storeOf(threeDays).store, minute(-30), T0 + DAY_MS + HOUR_MS + 90_000);
    expect(read.map(({ granularity }) => granularity)).toEqual(['day', 'hour', 'minute', 'minute']);
  });

  test('reads six hours in minutes only', async () => {
    const { store, reads } = storeOf(threeDays);
    await readRollUps(store, minute(7), minute(367));
    expect(reads).toEqual(['minute']);
  });
});

describe('times', () => {
  const now = Date.parse('2026-03-10T12:00:30Z');
  test.each([
    ['2026-03-01', T0],
    ['2026-03-01T08:00', T0 + 8 * HOUR_MS],
    ['2026-03-01T08:00:30.5Z', T0 + 8 * HOUR_MS + 30_500],
    ['2026-03-01T02:00+02:00', T0],
    ['2026-03-01T02:00 02:00', T0], // an unescaped plus
    [String(T0), T0],
    ['-90m', now - 90 * MINUTE_MS],
    ['-7d', now - 7 * DAY_MS],
    ['now', now],
    ['2026-02-30', null],
    ['2026-03-01T25:00Z', null],
    ['yesterday', null],
    ['1h', null],
    ['', null],
    ['99999999999999999', null],
  ])('%s is read as %s', (text, ms) => expect(parseTime(text, now)).toBe(ms));

  test.each([
    ['live data', minute(5), minute(7), [minute(7) - DAY_MS, minute(7)]],
    ['a file of three years ago', minute(5), T0 + 1100 * DAY_MS, [minute(6) - DAY_MS, minute(6)]],
    ['a clock that is ahead', minute(5), minute(-10), [minute(6) - DAY_MS, minute(6)]],
    ['an empty store', null, minute(0), [minute(0) - DAY_MS, minute(0)]],
  ])('the default range fits %s', async (_, newest, nowMs, [fromMs, toMs]) => {
    const { store } = storeOf(newest === null ? [] : [rollUp(newest, [])]);
    expect(await defaultRange(store, nowMs)).toEqual({ fromMs, toMs });
  });

  test('a range is widened to whole steps, never narrowed', () => {
    expect(alignRange({ fromMs: minute(1) + 1, toMs: minute(2) + 1 })).toEqual({ fromMs: minute(1), toMs: minute(3) });
  });
});
