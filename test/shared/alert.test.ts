import fc from 'fast-check';
import { type Alert, decide, type Evaluation } from '../../shared/alert.ts';
import { bucketsByScope, GROUPS, type Verdict } from '../../shared/detect.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type CountedCell, MINUTE_MS, type RollUp } from '../../shared/window.ts';

const AT_MS = Date.UTC(2026, 0, 5, 14, 5);
const SINCE_MS = AT_MS - 5 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const settings = DEFAULT_SETTINGS;

type Names = Partial<Pick<CountedCell, 'key' | 'project' | 'tenant' | 'model' | 'provider' | 'logGroup'>>;
interface Traffic extends Names {
  readonly calls: number;
  readonly failures?: number;
  readonly cause?: CountedCell['cause'];
  readonly status?: number;
}

/** Cells of one minute: the calls that went well and those that did not. */
function cellsOf({ calls, failures = 0, cause = 'budget_exceeded', status = 429, ...names }: Traffic): CountedCell[] {
  const none = { key: null, project: null, tenant: null, model: null, provider: null, logGroup: null };
  const rest = { ...none, ...names, recovered: 0, firstMs: SINCE_MS, lastMs: SINCE_MS };
  const ok = calls - failures;
  return [
    { ...rest, kind: 'success', status: 200, cause: null, calls: ok, attempts: ok },
    { ...rest, kind: 'failure', status, cause, calls: failures, attempts: failures },
  ];
}

/** An evaluation of five minutes of this traffic, in which each scope above half a failing call in ten spikes. */
function evaluation(traffic: readonly Traffic[], change: Partial<Evaluation> = {}): Evaluation {
  const atMs = change.atMs ?? AT_MS;
  const rollUps = [5, 4, 3, 2, 1].map(
    (minutes): RollUp => ({
      granularity: 'minute',
      windowMs: atMs - minutes * MINUTE_MS,
      contributions: 1,
      totals: { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 },
      skipped: {},
      cells: traffic.flatMap(cellsOf),
    }),
  );
  const verdicts = [...bucketsByScope(rollUps).values()].flatMap(({ scope, buckets }) =>
    GROUPS.map((group): Verdict => {
      const calls = buckets.reduce((sum, b) => sum + b.calls, 0);
      const failures = buckets.reduce((sum, b) => sum + b[group] + (group === 'e5xx' ? b.timeout : 0), 0);
      const hot = failures >= 0.05 * calls && failures >= 10;
      const spike = { state: 'spike', reason: 'share-above-normal', sinceMs: SINCE_MS, untilMs: atMs } as const;
      const quiet = { state: 'quiet', reason: 'normal', sinceMs: null, untilMs: null } as const;
      return { scope, group, atMs, calls, failures, normalShare: 0.004, ...(hot ? spike : quiet) };
    }),
  );
  return { verdicts, alerts: [], rollUps, atMs, settings, ...change };
}
const names = (alerts: readonly Alert[]) => alerts.map((a) => `${a.scope.by} ${a.scope.value}`.trim());
const told = (alerts: readonly Alert[]) => alerts.flatMap((a) => a.outbox.map((n) => n.reason));
const sent = (alert: Alert | undefined): Alert[] => (alert ? [{ ...alert, outbox: [] }] : []);
const HEALTHY: Traffic = {
  calls: 200,
  key: 'search',
  project: 'search',
  model: 'sonnet',
  provider: 'anthropic',
  logGroup: '/search',
  tenant: 'acme',
};
const OUTAGE = { status: 503, cause: 'provider_overloaded' } as const;

describe('the name of an incident', () => {
  const checkout: Names = {
    key: 'checkout',
    project: 'shop',
    tenant: 'acme',
    model: 'gpt',
    provider: 'openai',
    logGroup: '/shop',
  };
  test.each<[string, Traffic[], string[]]>([
    [
      'the key whose budget is spent',
      [
        { ...checkout, calls: 60, failures: 60 },
        { ...checkout, key: 'cart', calls: 60 },
      ],
      ['key checkout'],
    ],
    [
      'the key, where key, model and log group are the same calls',
      [{ ...checkout, calls: 60, failures: 60 }],
      ['key checkout'],
    ],
    [
      'the project, where all its keys are throttled',
      [
        { ...checkout, calls: 60, failures: 30 },
        { ...checkout, key: 'cart', model: 'mini', calls: 60, failures: 30 },
        { ...checkout, project: 'x', key: 'x', calls: 60 },
      ],
      ['project shop'],
    ],
    [
      'the provider, where all its models fail',
      [
        { ...checkout, ...OUTAGE, calls: 60, failures: 30 },
        { ...checkout, ...OUTAGE, model: 'mini', key: 'b', logGroup: '/b', calls: 60, failures: 30 },
      ],
      ['provider openai'],
    ],
    [
      'the model, where the others of its provider work',
      [
        { ...checkout, ...OUTAGE, calls: 60, failures: 30 },
        { ...checkout, model: 'mini', calls: 60 },
      ],
      ['model gpt'],
    ],
    [
      'the model, though one key makes most of its calls',
      [
        { ...checkout, ...OUTAGE, calls: 90, failures: 45 },
        { ...checkout, ...OUTAGE, key: 'b', logGroup: '/b', calls: 30, failures: 15 },
        { ...checkout, model: 'mini', calls: 60 },
      ],
      ['model gpt'],
    ],
    [
      'the log group of a bad deploy, where its key works elsewhere',
      [
        { ...checkout, status: 401, cause: 'missing_auth_header', calls: 60, failures: 60 },
        { ...checkout, logGroup: '/b', calls: 60 },
      ],
      ['logGroup /shop'],
    ],
    [
      'everything, where nothing tells the failures apart',
      [
        { ...OUTAGE, model: 'a', calls: 60, failures: 30 },
        { ...OUTAGE, model: 'b', calls: 60, failures: 30 },
      ],
      ['all'],
    ],
    [
      'two keys, where two budgets are spent in one tenant',
      [
        { ...checkout, calls: 60, failures: 60 },
        {
          ...checkout,
          key: 'cart',
          project: 'cart',
          model: 'mini',
          provider: 'azure',
          logGroup: '/cart',
          calls: 60,
          failures: 60,
        },
      ],
      ['key checkout', 'key cart'],
    ],
    [
      'two scopes, where the causes differ',
      [
        { ...checkout, calls: 60, failures: 60 },
        { calls: 90, failures: 45, model: 'haiku', provider: 'anthropic', key: 'k', cause: 'rate_limit_tokens' },
      ],
      ['key checkout', 'key k'],
    ],
  ])('is %s', (_name, traffic, expected) => {
    const healthy = expected[0] === 'all' ? [] : [HEALTHY];
    expect(names(decide(evaluation([...traffic, ...healthy])).alerts).sort()).toEqual([...expected].sort());
  });
});

describe('an alert', () => {
  const traffic: Traffic[] = [
    { ...HEALTHY },
    { calls: 20, failures: 15, key: 'k', model: 'gpt', logGroup: '/a' },
    { calls: 20, failures: 5, key: 'k', model: 'mini', logGroup: '/a', cause: 'rate_limit_tokens' },
  ];
  const first = decide(evaluation(traffic)).alerts[0];

  test('carries its causes, the leading one first', () => {
    expect(first?.causes).toEqual([
      { cause: 'budget_exceeded', status: 429, failures: 75 },
      { cause: 'rate_limit_tokens', status: 429, failures: 25 },
    ]);
  });

  test('lists the other scopes it hits with their share', () => {
    expect(first?.blastRadius.map((hit) => [hit.scope.by, hit.scope.value, hit.share])).toEqual([
      ['logGroup', '/a', 1],
      ['model', 'gpt', 0.75],
      ['model', 'mini', 0.25],
    ]);
  });

  test('has an id that follows from group, scope and start', () => {
    expect(first?.id).toMatch(/^[0-9a-f]{12}$/);
    expect(decide(evaluation([...traffic].reverse())).alerts[0]?.id).toBe(first?.id);
  });

  test('is told late when its minute is caught up', () => {
    expect(told(decide(evaluation(traffic, { nowMs: AT_MS + 6 * MINUTE_MS })).alerts)).toEqual(['delayed']);
    expect(told(decide(evaluation(traffic, { nowMs: AT_MS + 5 * MINUTE_MS })).alerts)).toEqual(['first']);
  });

  test('waits as pending while unconfirmed and then fires under its id', () => {
    const unconfirmed = evaluation(traffic);
    const verdicts = unconfirmed.verdicts.map(
      (v): Verdict => (v.state === 'spike' ? { ...v, state: 'quiet', reason: 'unconfirmed' } : v),
    );
    const pending = decide({ ...unconfirmed, verdicts }).alerts;
    expect(pending.map((a) => [a.state, a.reason, a.outbox.length])).toEqual([['pending', 'unconfirmed', 0]]);
    const next = decide(evaluation(traffic, { atMs: AT_MS + MINUTE_MS, alerts: pending })).alerts;
    expect(next.map((a) => [a.id, a.state])).toEqual([[pending[0]?.id, 'firing']]);
    const over = decide(evaluation([HEALTHY], { atMs: AT_MS + MINUTE_MS, alerts: pending })).alerts;
    expect(over.map((a) => [a.state, a.reason, a.outbox.length])).toEqual([['resolved', 'blip', 0]]);
  });

  test('resolves when its scope is normal again', () => {
    const well: Traffic = { calls: 40, key: 'k', model: 'gpt', logGroup: '/a' };
    const over = decide(evaluation([HEALTHY, well], { atMs: AT_MS + HOUR_MS, alerts: sent(first) })).alerts;
    expect(over.map((a) => [a.id, a.state, a.reason])).toEqual([[first?.id, 'resolved', 'recovered']]);
    expect(told(over)).toEqual(['resolved']);
    expect(over[0]).toMatchObject({ causes: first?.causes, failures: first?.failures });
  });

  test('stays while nobody calls and closes by silence', () => {
    const silentFor = (minutes: number) =>
      decide(evaluation([], { atMs: AT_MS + minutes * MINUTE_MS, alerts: sent(first) })).alerts;
    expect(silentFor(59).map((a) => `${a.state} ${a.reason}`)).toEqual(['firing no-traffic']);
    expect(silentFor(60).map((a) => `${a.state} ${a.reason}`)).toEqual(['resolved silence']);
  });

  test('tells only the end when nothing before it was sent', () => {
    expect(told(decide(evaluation([HEALTHY], { atMs: AT_MS + HOUR_MS, alerts: first ? [first] : [] })).alerts)).toEqual(
      ['resolved'],
    );
  });

  test('does not open a second one when a wide series calms late', () => {
    const resolved = sent(first).map((a): Alert => ({ ...a, state: 'resolved', resolvedMs: AT_MS + MINUTE_MS }));
    const late = evaluation([HEALTHY], { atMs: AT_MS + 20 * MINUTE_MS, alerts: resolved });
    const verdicts = late.verdicts.map(
      (v): Verdict =>
        v.scope.by === 'all' && v.group === 'e429'
          ? { ...v, state: 'spike', sinceMs: SINCE_MS, untilMs: AT_MS, calls: 900, failures: 90 }
          : v,
    );
    expect(decide({ ...late, verdicts }).alerts).toEqual([]);
  });

  test.each([
    ['of the same minute', AT_MS],
    ['of an earlier minute', AT_MS - MINUTE_MS],
  ])('does not change at an evaluation %s', (_name, atMs) => {
    expect(decide(evaluation(traffic, { atMs, alerts: sent(first) })).alerts).toEqual([]);
  });
});

test('a storm of incidents is one alert', () => {
  const causes = ['budget_exceeded', 'quota_exceeded', 'rate_limit_tokens', 'rate_limit_requests'] as const;
  const storm = Array.from(
    { length: 300 },
    (_, i): Traffic => ({ calls: 10, failures: 2 + (i % 9), key: `k${i}`, cause: causes[i % 4] ?? null }),
  );
  const { alerts } = decide(evaluation(storm));
  expect(alerts.length).toBeLessThanOrEqual(2);
  expect(names(alerts)).toContain('all');
});

test('hostile names neither throw nor mix', () => {
  const hostile = { calls: 20, failures: 20, model: 'toString', tenant: 'constructor' };
  const { alerts } = decide(
    evaluation([{ ...hostile, key: '__proto__' }, { ...hostile, key: 'hasOwnProperty', failures: 0 }, HEALTHY]),
  );
  expect(names(alerts)).toEqual(['key __proto__']);
});

test('any minute decided twice changes nothing the second time', () => {
  const name = fc.constantFrom(null, 'a', 'b', 'c', '__proto__', 'other', '\u202e');
  const traffic = fc
    .record({
      calls: fc.nat({ max: 500 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      status: fc.constantFrom(429, 401, 503),
      key: name,
      model: name,
      provider: name,
      logGroup: name,
    })
    .map(
      ({ calls, share, ...rest }): Traffic => ({ ...rest, calls, failures: Math.floor(calls * share), cause: null }),
    );
  const minutes = fc.array(fc.array(traffic, { maxLength: 6 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(minutes, (timetable) => {
      const alerts = new Map<string, Alert>();
      timetable.forEach((minute, i) => {
        const now = evaluation(minute, { atMs: AT_MS + i * MINUTE_MS });
        for (const alert of decide({ ...now, alerts: [...alerts.values()] }).alerts) {
          expect(alert.state === 'resolved' || alert.resolvedMs === null).toBe(true);
          alerts.set(alert.id, JSON.parse(JSON.stringify({ ...alert, outbox: [] })));
        }
        expect(decide({ ...now, alerts: [...alerts.values()] }).alerts).toEqual([]);
      });
    }),
    { seed: 1, numRuns: 200 },
  );
});
