import fc from 'fast-check';
import {
  type Bucket,
  bucketsByScope,
  detect,
  failureField,
  GROUPS,
  HISTORY_MS,
  type SeriesState,
  sentence,
  type Verdict,
} from '../../shared/detect.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type CountedCell, MINUTE_MS, OTHER, type RollUp } from '../../shared/window.ts';

const settings = DEFAULT_SETTINGS;
const START_MS = Date.UTC(2026, 0, 5, 12, 0);

const cell = (fields: Partial<CountedCell>): CountedCell => ({
  kind: 'failure',
  status: 429,
  cause: 'budget_exceeded',
  model: null,
  provider: null,
  tenant: null,
  project: null,
  key: null,
  logGroup: null,
  calls: 1,
  attempts: 1,
  recovered: 0,
  firstMs: 0,
  lastMs: 0,
  ...fields,
});
const rollUp = (windowMs: number, cells: readonly CountedCell[]): RollUp => ({
  granularity: 'minute',
  windowMs,
  contributions: 1,
  totals: { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 },
  skipped: {},
  cells,
});
const bucket = (minute: number, calls: number, failed: Partial<Bucket> = {}): Bucket => ({
  windowMs: START_MS + minute * MINUTE_MS,
  calls,
  e429: 0,
  e5xx: 0,
  timeout: 0,
  auth: 0,
  e4xx: 0,
  ...failed,
});

/** Evaluates minute after minute; `seen` may hide a bucket at the time of an evaluation. */
function walk(buckets: readonly Bucket[], seen: (b: Bucket, tick: number) => boolean = () => true) {
  let state: SeriesState | null = null;
  const last = Math.max(...buckets.map((b) => b.windowMs)) / MINUTE_MS - START_MS / MINUTE_MS;
  const verdicts: Verdict[] = [];
  for (let tick = 1; tick <= last + 1; tick += 1) {
    const atMs = START_MS + tick * MINUTE_MS;
    const known = buckets.filter((b) => b.windowMs < atMs && b.windowMs >= atMs - HISTORY_MS && seen(b, tick));
    const out = detect(known, state, atMs, settings);
    state = JSON.parse(JSON.stringify(out.state));
    verdicts.push(...out.verdicts);
  }
  const opened = (group: string) =>
    verdicts.filter((v) => v.group === group && v.state === 'spike').map((v) => (v.atMs - START_MS) / MINUTE_MS);
  return { verdicts, state, opened };
}
const calm = (from: number, to: number, calls = 100) =>
  Array.from({ length: to - from }, (_, i) => bucket(from + i, calls));
const failing = (from: number, to: number, calls: number, failed: Partial<Bucket>) =>
  Array.from({ length: to - from }, (_, i) => bucket(from + i, calls, failed));

describe('the group of a failed call', () => {
  test.each([
    ['429', { status: 429, cause: 'unknown' }, 'e429'],
    ['a limit under status 400', { status: 400, cause: 'budget_exceeded' }, 'e429'],
    ['a time-out without status', { status: null, cause: 'client_timeout' }, 'timeout'],
    ['504', { status: 504, cause: 'gateway_timeout' }, 'timeout'],
    ['503', { status: 503, cause: 'provider_overloaded' }, 'e5xx'],
    ['an unknown 500', { status: 500, cause: 'unknown' }, 'e5xx'],
    ['401', { status: 401, cause: 'expired_or_revoked_key' }, 'auth'],
    ['403', { status: 403, cause: 'model_access_denied' }, 'auth'],
    ['400', { status: 400, cause: 'invalid_json' }, 'e4xx'],
    ['a cause the catalogue lacks', { status: 400, cause: null }, 'e4xx'],
  ] as const)('%s', (_name, failed, field) => {
    expect(failureField(failed)).toBe(field);
  });
});

describe('buckets by scope', () => {
  test('count each cell once in every scope it names', () => {
    const cells = [
      cell({ kind: 'success', status: 200, cause: null, key: 'a', logGroup: '/g', calls: 9 }),
      cell({ key: 'a', logGroup: '/g', calls: 2 }),
      cell({ key: 'b', logGroup: '/g', calls: 3, status: 503, cause: 'provider_overloaded' }),
    ];
    const series = bucketsByScope([rollUp(START_MS, cells)]);
    expect([...series.keys()].sort()).toEqual(['all:', 'key:a', 'key:b', 'logGroup:/g']);
    expect(series.get('all:')?.buckets).toEqual([bucket(0, 14, { e429: 2, e5xx: 3 })]);
    expect(series.get('key:a')?.buckets).toEqual([bucket(0, 11, { e429: 2 })]);
  });

  test('skip what the logs do not say and what was summed as other', () => {
    const series = bucketsByScope([rollUp(START_MS, [cell({ key: OTHER, model: OTHER })])]);
    expect([...series.keys()]).toEqual(['all:']);
  });

  test('take hostile values for plain names', () => {
    const series = bucketsByScope([rollUp(START_MS, [cell({ key: '__proto__', model: 'constructor' })])]);
    expect(series.get('key:__proto__')?.scope).toEqual({ by: 'key', value: '__proto__' });
  });
});

describe('a series', () => {
  test('opens within four minutes and says since when', () => {
    const { verdicts, opened } = walk([...calm(0, 60), ...failing(60, 66, 100, { e5xx: 40 })]);
    const first = opened('e5xx')[0];
    expect(first).toBeLessThanOrEqual(64);
    const spike = verdicts.find((v) => v.state === 'spike');
    expect(spike).toMatchObject({ reason: 'share-above-normal', sinceMs: START_MS + 60 * MINUTE_MS });
    expect(spike?.failures).toBe(40 * ((first ?? 0) - 60));
  });

  test('counts time-outs as unavailability', () => {
    expect(walk([...calm(0, 30), ...failing(30, 36, 50, { timeout: 10, e5xx: 10 })]).opened('e5xx')).not.toEqual([]);
  });

  test.each([
    ['one terrible minute', [...calm(0, 60), bucket(60, 100, { e5xx: 100 }), ...calm(61, 90)]],
    ['a blip across two buckets', [...calm(0, 60), ...failing(60, 62, 100, { e5xx: 50 }), ...calm(62, 90)]],
    ['nine failures in all', [...calm(0, 60, 3), ...failing(60, 63, 3, { e429: 3 }), ...calm(63, 90, 3)]],
    ['a surge at the normal share', [...failing(0, 60, 100, { e5xx: 1 }), ...failing(60, 80, 5000, { e5xx: 50 })]],
    ['a burst of 400s', [...calm(0, 60), ...failing(60, 90, 100, { e4xx: 60 })]],
    ['a rise by one point', [...failing(0, 200, 1000, { e5xx: 5 }), ...failing(200, 300, 1000, { e5xx: 15 })]],
    ['a client that never worked', failing(0, 300, 1, { auth: 1 }).filter((_, i) => i % 2 === 0)],
  ])('stays quiet at %s', (_name, buckets) => {
    const { opened } = walk(buckets);
    expect(GROUPS.flatMap(opened)).toEqual([]);
  });

  test('holds an overwhelming first minute as unconfirmed', () => {
    const { verdicts } = walk([...calm(0, 60), bucket(60, 100, { e5xx: 100 })]);
    expect(verdicts.at(-2)).toMatchObject({ group: 'e5xx', state: 'quiet', reason: 'unconfirmed' });
  });

  test('closes after five calm minutes with calls', () => {
    const { verdicts } = walk([...calm(0, 30), ...failing(30, 50, 100, { e429: 90 }), ...calm(50, 70)]);
    const closed = verdicts.find((v) => v.state === 'calm');
    expect(closed).toMatchObject({ reason: 'recovered', failures: 1800, calls: 2000 });
    expect(closed?.atMs).toBe(START_MS + 55 * MINUTE_MS);
    expect(closed?.untilMs).toBe(START_MS + 50 * MINUTE_MS);
  });

  test('takes no calls for no data and closes by silence after an hour', () => {
    const { verdicts } = walk([...calm(0, 30), ...failing(30, 50, 100, { e429: 90 }), bucket(125, 1)]);
    const states = (minute: number) =>
      verdicts.filter((v) => v.group === 'e429' && v.atMs === START_MS + minute * MINUTE_MS).map((v) => v.state);
    expect(states(61)).toEqual(['no-data']);
    expect(verdicts.find((v) => v.state === 'calm')).toMatchObject({ reason: 'silence' });
    expect(verdicts.find((v) => v.state === 'calm')?.atMs).toBe(START_MS + 110 * MINUTE_MS);
  });

  test('needs twice as long to close when it came back', () => {
    const again = [...calm(0, 30), ...failing(30, 40, 100, { e429: 90 }), ...calm(40, 60)];
    const { verdicts } = walk([...again, ...failing(60, 70, 100, { e429: 90 }), ...calm(70, 100)]);
    const closings = verdicts
      .filter((v, i, all) => v.state === 'calm' && all[i - GROUPS.length]?.state === 'spike')
      .map((v) => (v.atMs - START_MS) / MINUTE_MS);
    expect(closings).toEqual([45, 80]);
  });

  test('learns a normal share and pages only far above it', () => {
    const { opened, verdicts } = walk([...failing(0, 600, 100, { e5xx: 4 }), ...failing(600, 630, 100, { e5xx: 7 })]);
    expect(verdicts.at(-2)?.normalShare).toBeGreaterThan(0.03);
    expect(opened('e5xx')).toEqual([]);
  });

  test('sees a late row at the next evaluation', () => {
    const buckets = [...calm(0, 60), ...failing(60, 66, 100, { e5xx: 40 })];
    const { opened } = walk(buckets, (b, tick) => b.windowMs < START_MS + 60 * MINUTE_MS || tick >= 66);
    expect(opened('e5xx')).toEqual([66]);
  });

  test('is not moved by rows for settled minutes', () => {
    const gap = failing(40, 50, 100, { e5xx: 100 });
    const { opened } = walk([...calm(0, 40), ...gap, ...calm(50, 70)], (b, tick) => !gap.includes(b) || tick >= 56);
    expect(opened('e5xx')).toEqual([]);
  });

  test('judges a minute twice alike', () => {
    const buckets = [...calm(0, 4), ...failing(4, 10, 100, { e429: 80 })];
    const atMs = START_MS + 10 * MINUTE_MS;
    const once = detect(buckets, null, atMs, settings);
    expect(once.verdicts[0]?.state).toBe('spike');
    expect(detect(buckets, once.state, atMs, settings)).toEqual(once);
  });

  test('catches up on missed evaluations', () => {
    const { state } = walk(calm(0, 60));
    const later = detect(failing(60, 64, 100, { e5xx: 40 }), state, START_MS + 64 * MINUTE_MS, settings);
    expect(later.verdicts[1]).toMatchObject({ state: 'spike', failures: 160 });
  });
});

describe('the sentence', () => {
  const evidence = { group: 'e429', calls: 301, failures: 112, normalShare: 0.004 } as const;
  const sinceMs = Date.UTC(2026, 0, 5, 14, 2);
  test.each([
    [
      'of an hour ago',
      { ...evidence, sinceMs },
      'Since 14:02 UTC, 112 of 301 calls (37 %) failed with 429; normal is 0.4 %.',
    ],
    [
      'of another day',
      { ...evidence, sinceMs, atMs: sinceMs + 86_400_000, failures: 300 },
      'Since 2026-01-05 14:02 UTC, 300 of 301 calls (over 99 %) failed with 429; normal is 0.4 %.',
    ],
    [
      'without a start',
      { ...evidence, sinceMs: null, calls: 12_345, normalShare: 0.0005 },
      '112 of 12,345 calls (0.9 %) failed with 429; normal is under 0.1 %.',
    ],
  ])('%s', (_name, verdict, text) => {
    expect(sentence(verdict)).toBe(text);
  });
});

test('any history gives a verdict per group and finite numbers', () => {
  const minute = fc.record({
    at: fc.integer({ min: 0, max: 40 }),
    calls: fc.nat({ max: 100_000 }),
    shares: fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { minLength: 5, maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(minute, { minLength: 1, maxLength: 40 }), (minutes) => {
      const part = (calls: number, share = 0) => Math.floor(calls * share);
      const buckets = new Map(
        minutes.map(({ at, calls, shares: [a, b, c, d, e] }) => {
          const failed = { e429: part(calls, a), e5xx: part(calls, b), timeout: part(calls, c) };
          return [at, bucket(at, calls, { ...failed, auth: part(calls, d), e4xx: part(calls, e) })];
        }),
      );
      const { verdicts, state } = walk([...buckets.values()]);
      for (const v of verdicts) {
        expect(v.normalShare).toBeGreaterThan(0);
        expect(v.failures).toBeLessThanOrEqual(v.calls);
      }
      for (const { evidence, normal } of Object.values(state?.groups ?? {}))
        expect(
          [evidence?.soft ?? 0, evidence?.hard ?? 0, normal.failures, normal.clumpSquares].every(Number.isFinite),
        ).toBe(true);
    }),
    { seed: 1, numRuns: 60 },
  );
});
