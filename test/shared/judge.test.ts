/** What the evaluator keeps between two minutes: that it is little, that it loses nothing, and which minutes it judges. */
import { memoryStore } from '../../functions/local/memory-store.ts';
import { headOf, type Series, seriesOf, shardsOf } from '../../shared/detect/state.ts';
import { type Bucket, detect, SETTLE_MS, scopeKey, type Verdict } from '../../shared/detect.ts';
import { DETECTOR_KEY, judge, minutesToJudge, readDetector, saveDetector } from '../../shared/judge.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type CountedCell, HOUR_MS, MINUTE_MS, type RollUp } from '../../shared/window.ts';
import { rng } from '../fixtures/rng.ts';

const settings = DEFAULT_SETTINGS;
const START_MS = Date.UTC(2026, 0, 5, 12);
const at = (minute: number): number => START_MS + minute * MINUTE_MS;

/** Clumps, an outage that comes back, a gap: everything the state holds. */
function history(seed: number): Bucket[] {
  const random = rng(seed);
  return Array.from({ length: 400 }, (_, i): Bucket => {
    const calls = i >= 300 && i < 320 ? 0 : random.int(1, 60);
    const share = (i >= 150 && i < 170) || (i >= 190 && i < 215) ? 0.5 : 0.01;
    const failed = Math.min(calls, random.chance(0.1) ? 3 : Math.round(calls * share));
    return {
      windowMs: at(i),
      calls,
      e429: seed % 2 ? failed : 0,
      e5xx: seed % 2 ? 0 : failed,
      timeout: 0,
      auth: 0,
      e4xx: 0,
    };
  });
}

const stored = (series: ReadonlyMap<string, Series>, atMs: number): Map<string, Series> => {
  const [head, shards] = JSON.parse(JSON.stringify([headOf(series.values(), atMs), shardsOf(series.values())]));
  return seriesOf(head, shards, SETTLE_MS);
};

/** Verdicts of all minutes; `between` is what happens to the state from one to the next. */
function walk(buckets: readonly Bucket[], between: (series: Map<string, Series>, atMs: number) => Map<string, Series>) {
  const scope = { by: 'key', value: 'shop:prod' } as const;
  let series = new Map<string, Series>();
  const verdicts: Verdict[] = [];
  for (let minute = 1; minute <= buckets.length; minute += 1) {
    const known = buckets.slice(Math.max(0, minute - 10), minute);
    const out = detect(known, series.get(scopeKey(scope))?.state ?? null, at(minute), settings, scope);
    series = between(new Map([[scopeKey(scope), { scope, state: out.state }]]), at(minute));
    verdicts.push(...out.verdicts);
  }
  return { verdicts, series };
}

describe('the state of a series', () => {
  test.each([1, 2, 3, 4])('decides the same after a round trip each minute (seed %d)', (seed) => {
    const kept = walk(history(seed), (series) => series);
    const again = walk(history(seed), stored);
    const decided = ({ verdicts }: typeof kept) =>
      verdicts.map((v) => `${v.atMs} ${v.group} ${v.state} ${v.reason} ${v.failures}`);
    expect(kept.verdicts.some((v) => v.state === 'spike')).toBe(true);
    expect(decided(again)).toEqual(decided(kept));
    again.verdicts.forEach(({ normalShare }, i) => {
      expect(normalShare).toBeCloseTo(kept.verdicts[i]?.normalShare ?? 0, 4);
    });
  });

  test('is the same after a second round trip', () => {
    const { series } = walk(history(1).slice(0, 160), stored);
    expect(stored(series, at(160))).toEqual(series);
  });
});

const cell = (key: string, calls: number): CountedCell => ({
  ...{
    kind: 'success',
    status: 200,
    cause: null,
    model: null,
    provider: null,
    tenant: null,
    project: null,
    key,
    logGroup: null,
  },
  ...{ calls, attempts: calls, recovered: 0, firstMs: 0, lastMs: 0, limit: null },
});
const rollUp = (windowMs: number, cells: readonly CountedCell[]): RollUp => ({
  ...{ granularity: 'minute', windowMs, contributions: 1, skipped: {}, cells },
  totals: { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 },
});

describe('the stored detector', () => {
  const keys = Array.from({ length: 60 }, (_, i) => `key-${i}`);
  const rollUps = Array.from({ length: 30 }, (_, i) =>
    rollUp(
      at(i),
      keys.map((key) => cell(key, 5)),
    ),
  );

  async function evaluateAll(until: number) {
    const store = memoryStore();
    const written: string[][] = [];
    const counting = {
      ...store,
      save: (key: string, value: unknown, version: number) => {
        written.at(-1)?.push(key);
        return store.save(key, value, version);
      },
    };
    for (let minute = 1; minute <= until; minute += 1) {
      const detector = await readDetector(counting);
      const recent = rollUps.filter(({ windowMs }) => windowMs < at(minute) && windowMs >= at(minute - 10));
      const { series } = judge(recent, detector.series, at(minute), settings);
      written.push([]);
      await saveDetector(counting, detector, { series, evaluatedMs: at(minute), beganMs: 0 });
    }
    return { store, written };
  }

  test('writes what is normal every five minutes, and else its head alone', async () => {
    const { written } = await evaluateAll(26);
    const usual = written.slice(10);
    expect(usual.filter((keys_) => keys_.length === 1)).toHaveLength(13);
    expect(usual.filter((keys_) => keys_.length > 1)).toHaveLength(3);
    expect(written.every((keys_) => keys_.at(-1) === DETECTOR_KEY)).toBe(true);
  });

  test('judging a minute again after a crash before the head learns nothing twice', async () => {
    const { store } = await evaluateAll(15);
    const before = await readDetector(store);
    const { series } = judge(rollUps.slice(9, 19), before.series, at(19), settings);
    const crashing = {
      ...store,
      save: async (key: string, value: unknown, version: number) => {
        if (key === DETECTOR_KEY) throw new Error('crash');
        return store.save(key, value, version);
      },
    };
    await expect(saveDetector(crashing, before, { series, evaluatedMs: at(19), beganMs: 0 })).rejects.toThrow('crash');
    const again = await readDetector(store);
    expect(again.evaluatedMs).toBe(at(15));
    const second = judge(rollUps.slice(9, 19), again.series, at(19), settings).series.get('all:');
    expect(second?.state.groups.e429.normal.calls).toBeCloseTo(
      series.get('all:')?.state.groups.e429.normal.calls ?? 0,
      1,
    );
  });

  test('of an older layout keeps the watermark and drops the rest', async () => {
    const store = memoryStore();
    await store.save(
      DETECTOR_KEY,
      { evaluatedMs: at(3), series: [['all:', { scope: { by: 'all', value: '' }, state: { v: 1 } }]] },
      0,
    );
    expect(await readDetector(store)).toMatchObject({ evaluatedMs: at(3), series: new Map(), version: 1 });
  });

  test('forgets a series that nobody called for two days', async () => {
    const { store } = await evaluateAll(20);
    const { series } = await readDetector(store);
    expect(judge([], series, at(40), settings).series.size).toBe(61);
    expect(judge([], series, at(3 * 24 * 60), settings).series.size).toBe(0);
  });
});

describe('the minutes to judge', () => {
  const hour = (n: number): number => START_MS + n * HOUR_MS;
  const due = (evaluated: number | null, now: number, hours: number[] = [], firstMs: number | null = null) =>
    minutesToJudge({ evaluatedMs: evaluated === null ? null : at(evaluated), firstMs, nowMs: at(now), hours }).map(
      (ms) => (ms - START_MS) / MINUTE_MS,
    );

  test.each([
    ['none before anything was seen', due(null, 5), []],
    ['all since the first call', due(null, 3, [], START_MS), [1, 2, 3]],
    ['all since the last evaluation', due(10, 13), [11, 12, 13]],
    ['none twice', due(13, 13), []],
  ])('%s', (_name, minutes, expected) => {
    expect(minutes).toEqual(expected);
  });

  test('of a long outage are all in which anybody called', () => {
    const minutes = due(30, 200, [hour(0), hour(1), hour(2)]);
    expect(minutes).toEqual(Array.from({ length: 170 }, (_, i) => 31 + i));
  });

  test('of a quiet week are the first, the last and those after a call', () => {
    const minutes = due(30, 7 * 24 * 60 + 1, [hour(50)]);
    expect(minutes.slice(0, 75)).toEqual(Array.from({ length: 75 }, (_, i) => 31 + i));
    expect(minutes.slice(75, 76)).toEqual([3000]);
    expect(minutes.slice(-2)).toEqual([7 * 24 * 60, 7 * 24 * 60 + 1]);
    expect(minutes).toHaveLength(75 + 136 + 2);
  });

  test('are at most six hours at a time, the next ones later', () => {
    const busy = Array.from({ length: 24 }, (_, i) => hour(i));
    const first = due(0, 24 * 60, busy);
    expect(first).toHaveLength(360);
    expect(due(first.at(-1) ?? 0, 24 * 60, busy)[0]).toBe(361);
  });
});
