/** Minutes of an alert -> what a person would look up first, and nothing where the data do not say. */
import type { CauseId } from '../../shared/causes.ts';
import type { Finding, Told } from '../../shared/findings/scene.ts';
import { findingsOf } from '../../shared/findings.ts';
import type { Stated } from '../../shared/stated.ts';
import { type CountedCell, MINUTE_MS, type RollUp } from '../../shared/window.ts';

const SINCE_MS = Date.UTC(2026, 0, 5, 14, 0);
const HISTORY = 60;
const MINUTES = 4;

const cell = (calls: number, change: Partial<CountedCell> = {}): CountedCell => ({
  kind: 'success',
  status: 200,
  cause: null,
  model: 'gpt-4o',
  provider: 'openai',
  tenant: 'acme',
  project: 'checkout',
  key: 'checkout-prod',
  logGroup: '/app/checkout',
  calls,
  attempts: calls,
  recovered: 0,
  firstMs: 0,
  lastMs: 0,
  ...change,
});
const refused = (calls: number, cause: CauseId, change: Partial<CountedCell> = {}) =>
  cell(calls, { kind: 'failure', status: 429, cause, ...change });
const stated = (change: Partial<Stated>): { stated: Stated[] } => ({
  stated: [
    {
      dimension: 'requests',
      owner: 'model',
      limit: null,
      used: null,
      resetsAtMs: null,
      minRetryAfterMs: null,
      maxRetryAfterMs: null,
      ...change,
    },
  ],
});
const search = { project: 'search', key: 'search-prod', logGroup: '/app/search' };

const minute = (at: number, cells: readonly CountedCell[]): RollUp => {
  const windowMs = SINCE_MS + at * MINUTE_MS;
  return {
    granularity: 'minute',
    windowMs,
    contributions: 1,
    totals: { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 },
    skipped: {},
    cells: cells.map((one) => ({ ...one, firstMs: windowMs, lastMs: windowMs })),
  };
};

interface Case {
  readonly told?: Partial<Told>;
  readonly before?: readonly CountedCell[];
  readonly during: readonly CountedCell[];
  readonly history?: number;
  readonly minutes?: number;
}
function found({
  told = {},
  before = [cell(60), cell(40, search)],
  during,
  history = HISTORY,
  minutes = MINUTES,
}: Case) {
  const rollUps = [
    ...Array.from({ length: history }, (_, i) => minute(i - history, before)),
    ...Array.from({ length: minutes }, (_, i) => minute(i, during)),
  ];
  const cause = during.find(({ kind }) => kind === 'failure')?.cause ?? 'unknown';
  const alert: Told = {
    group: 'e429',
    scope: { by: 'model', value: 'gpt-4o' },
    sinceMs: SINCE_MS,
    causes: [{ cause }],
    ...told,
  };
  return findingsOf(alert, rollUps, SINCE_MS + minutes * MINUTE_MS);
}
const says = (findings: readonly Finding[], kind: Finding['kind']) =>
  findings.filter((finding) => finding.kind === kind).map((finding) => finding.says);
const ofKey = { told: { scope: { by: 'key', value: 'checkout-prod' } } } as const;

describe('burst or budget', () => {
  test('what lets part of the calls through each minute is a burst', () => {
    const burst = found({ during: [cell(58), refused(40, 'rate_limit_requests')] });
    expect(says(burst, 'burst')).toEqual([
      'Burst: it recovers each minute. Of about 98 calls a minute, 58 get through.',
    ]);
  });
  test('a spent budget lets nothing through until the reset that the log states', () => {
    const resetsAtMs = SINCE_MS + 204 * MINUTE_MS;
    const during = [
      refused(
        30,
        'budget_exceeded',
        stated({ dimension: 'budget', owner: 'key', limit: 250, used: 250.031, resetsAtMs }),
      ),
    ];
    const findings = found({ ...ofKey, during });
    expect(says(findings, 'budget')).toEqual([
      'Budget, not a burst: nothing gets through (0 of the last 90 calls). The log says it resets at 17:24 UTC, in 3 hours 20 minutes.',
    ]);
    expect(says(findings, 'limit')).toEqual(['The key has spent 250.03 of a budget of 250.']);
  });
  test.each([
    ['has passed', SINCE_MS],
    ['lies months ahead', SINCE_MS + 90 * 1440 * MINUTE_MS],
  ])('a reset that %s is not believed', (_, resetsAtMs) => {
    const during = [refused(30, 'budget_exceeded', stated({ dimension: 'budget', resetsAtMs }))];
    expect(says(found({ ...ofKey, during }), 'budget')[0]).toMatch(/The log names no reset time\.$/);
  });
  test('where successes never name the key their absence proves nothing', () => {
    const before = [cell(60, { key: null })];
    const budget = found({ ...ofKey, before, during: [...before, refused(30, 'budget_exceeded')] });
    expect(says(budget, 'budget')[0]).toMatch(/^Budget, not a burst: these calls fail until it is raised or resets\./);
  });
  test('a limit per minute that frees nothing for five minutes is told apart', () => {
    const stuck = found({ during: [refused(30, 'rate_limit_unspecified')], minutes: 7 });
    expect(says(stuck, 'stuck')).toEqual([
      'Nothing has got through for 6 minutes (0 of 180 calls). That looks like a spent budget or quota, not like a burst.',
    ]);
    expect(says(found({ during: [refused(30, 'rate_limit_unspecified')] }), 'stuck')).toEqual([]);
  });
});

describe('limit arithmetic', () => {
  const limit = stated({ limit: 120 });
  const during = [
    cell(80),
    refused(60, 'rate_limit_requests', limit),
    cell(40, search),
    refused(10, 'rate_limit_requests', { ...search, ...limit }),
  ];
  test('names the limit, the load and a rate for the noisiest at which everything fits', () => {
    const findings = found({ during });
    expect(says(findings, 'limit')).toEqual([
      'The refusals state a limit of 120 requests a minute (model gpt-4o). At best 120 calls got through in a minute; about 190 calls are sent now.',
    ]);
    expect(says(findings, 'noisiest')).toEqual([
      'Key checkout-prod sends most: 74 %, about 140 of 190 a minute. Capped at about 64 a minute, everything stays under the limit.',
    ]);
  });
  test('the safe rate and the rest stay below the limit', () => {
    const [finding] = found({ during }).filter(({ kind }) => kind === 'noisiest');
    const { safe, total, demand } = finding?.figures ?? {};
    expect(Number(safe) + Number(total) - Number(demand)).toBeLessThan(120);
  });
  test('without a stated limit it is what got through', () => {
    const bare = during.map(({ stated: _, ...rest }) => rest);
    const findings = found({ during: bare });
    expect(says(findings, 'limit')).toEqual([
      'At best 120 calls got through in a minute; about 190 calls are sent now.',
    ]);
    expect(says(findings, 'noisiest')[0]).toMatch(/Capped at about 64 a minute, all would get through\.$/);
  });
  test('tokens are reckoned in tokens where the successes say theirs', () => {
    const tokens = stated({ dimension: 'tokens', owner: 'provider', limit: 30_000, used: 29_450 });
    const findings = found({
      before: [cell(10, { tokens: 5_000 }), cell(10, { ...search, tokens: 5_000 })],
      during: [
        cell(10, { tokens: 20_000 }),
        refused(20, 'rate_limit_tokens', tokens),
        cell(10, { ...search, tokens: 5_000 }),
      ],
    });
    expect(says(findings, 'limit')[0]).toMatch(
      /^The refusals state a limit of 30,000 tokens a minute \(model gpt-4o\)\. At best 25,000 tokens got through/,
    );
    expect(says(findings, 'noisiest')[0]).toBe(
      'Key checkout-prod sends most: 92 %, about 60,000 of 65,000 tokens a minute. Capped at about 23,000 tokens a minute (11 calls), everything stays under the limit.',
    );
    expect(says(findings, 'larger-calls')).toEqual([
      'Calls have grown: those that succeed use 1,250 tokens on average, 500 before.',
    ]);
  });
  test('limits that contradict each other are not reckoned with', () => {
    const two = [...during, refused(5, 'rate_limit_requests', stated({ limit: 90 }))];
    expect(says(found({ during: two }), 'limit')[0]).not.toContain('state a limit');
  });
  test('a limit per day is no limit per minute', () => {
    const ofDay = stated({
      dimension: 'tokens',
      owner: 'provider',
      limit: 100_000,
      minRetryAfterMs: 578_000,
      maxRetryAfterMs: 600_000,
    });
    const findings = found({ during: [cell(50), refused(60, 'rate_limit_tokens', ofDay)] });
    expect(JSON.stringify(findings)).not.toContain('100,000');
  });
  test('nobody is called noisiest when everything would fit', () => {
    const few = [cell(50), refused(2, 'rate_limit_requests', limit), cell(40, search)];
    expect(says(found({ during: few }), 'noisiest')).toEqual([]);
  });
});

describe('what changed', () => {
  test('calls that are tried again and again show, and that it is in vain', () => {
    const during = [refused(30, 'budget_exceeded', { attempts: 90 })];
    expect(says(found({ ...ofKey, during }), 'retries')).toEqual([
      'Retries: each call is tried 3.0 times (1.0 before): 360 tries for 120 calls. Retrying does not help here.',
    ]);
  });
  test('a model that was never seen before is named', () => {
    const fresh = { model: 'gpt-5-mini' };
    const told = { scope: { by: 'logGroup', value: '/app/checkout' } } as const;
    const during = [cell(30), refused(30, 'rate_limit_requests', fresh)];
    expect(says(found({ told, during }), 'first-seen')).toEqual([
      'New: model gpt-5-mini was first seen at 14:00 UTC, not in the 1 hour before. It has 100 % of these failures.',
    ]);
  });
  test('a key that only failures name is not new', () => {
    const before = [cell(60, { key: null })];
    const during = [cell(30, { key: null }), refused(30, 'budget_exceeded')];
    expect(says(found({ ...ofKey, before, during }), 'first-seen')).toEqual([]);
  });
  test.each<[string, Case, number]>([
    ['is told', { during: [refused(30, 'budget_exceeded')] }, 1],
    ['is not told without history', { during: [refused(30, 'budget_exceeded')], history: 10 }, 0],
    [
      'is not told if it was seen before',
      { before: [cell(60), refused(1, 'budget_exceeded')], during: [refused(30, 'budget_exceeded')] },
      0,
    ],
  ])('a cause not seen in the hour before %s', (_, given, times) => {
    expect(says(found({ ...ofKey, ...given }), 'new-cause')).toHaveLength(times);
  });
});

test('a quiet minute says nothing', () => {
  expect(
    findingsOf({ group: 'e429', scope: { by: 'all', value: '' }, sinceMs: SINCE_MS, causes: [] }, [], SINCE_MS),
  ).toEqual([]);
  expect(found({ during: [cell(60)] })).toEqual([]);
});

test('a name from a log becomes no link and no line break', () => {
  const during = [
    cell(80, { key: 'a\nhttps://evil.example' }),
    refused(60, 'rate_limit_requests', { key: 'a\nhttps://evil.example' }),
    cell(10, search),
  ];
  const text = found({ during })
    .map((finding) => finding.says)
    .join(' ');
  expect(text).toContain('evil');
  expect(text).not.toMatch(/https:\/\/|\n/);
});
