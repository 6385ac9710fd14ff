/** Twenty applications of four teams call three models of two providers: whose incident is it, and who else is hit? */
import type { CauseId } from '../../shared/causes.ts';
import { type Caller, type Fault, run, runStored } from './timetable.ts';

const callsOf = (n: number, model: string, provider: string): [Caller, number] => {
  const name = `app-${n}`;
  return [{ model, provider, tenant: `team-${n % 4}`, project: name, key: name, logGroup: `/app/${n}` }, 6];
};
const TRAFFIC = Array.from({ length: 20 }, (_, n) => [
  callsOf(n, 'gpt-4o', 'openai'),
  n % 2 === 1 ? callsOf(n, 'gpt-4o-mini', 'openai') : callsOf(n, 'claude-sonnet-4', 'anthropic'),
]).flat();

const fault = (hits: Fault['hits'], share: number, [cause, status]: [CauseId, number]): Fault => ({
  ...{ from: 120, to: 130, hits, share, cause, status },
});
const OVERLOADED: [CauseId, number] = ['provider_overloaded', 503];
const SPENT: [CauseId, number] = ['budget_exceeded', 429];
const table = (...faults: Fault[]) => ({ begin: 100, minutes: 145, traffic: TRAFFIC, faults });

/** Who was told of, and of each the scopes that hold at least this share of its failures. */
function told(faults: readonly Fault[], least: number) {
  const firsts = run(table(...faults)).told.filter(({ notification }) => notification.reason === 'first');
  return firsts.map(({ notification: { alert } }) => ({
    named: `${alert.scope.by} ${alert.scope.value}`.trim(),
    hit: alert.blastRadius.filter(({ share }) => share >= least).map(({ scope }) => `${scope.by} ${scope.value}`),
  }));
}

describe('one incident over twenty log groups is one alert', () => {
  test.each<[string, Fault, string, string[]]>([
    [
      'a key that spends its budget',
      fault((c) => c.key === 'app-3', 1, SPENT),
      'key app-3',
      ['logGroup /app/3', 'project app-3', 'provider openai', 'tenant team-3'],
    ],
    [
      'a team over its quota',
      fault((c) => c.tenant === 'team-1', 0.7, ['quota_exceeded', 429]),
      'tenant team-1',
      ['provider openai'],
    ],
    ['an overloaded model', fault((c) => c.model === 'gpt-4o', 0.4, OVERLOADED), 'model gpt-4o', ['provider openai']],
    ['a provider that is down', fault((c) => c.provider === 'openai', 0.9, OVERLOADED), 'provider openai', []],
    ['a gateway that is down', fault(() => true, 0.9, ['service_unavailable_unspecified', 503]), 'all', []],
  ])('%s names it', (_name, given, named, hit) => {
    expect(told([given], 0.9)).toEqual([{ named, hit }]);
  });

  test('and its shares say who else is hit', () => {
    const hit = told([fault(() => true, 0.9, ['service_unavailable_unspecified', 503])], 0.2)[0]?.hit;
    const teams = [0, 1, 2, 3].map((n) => `tenant team-${n}`);
    expect(hit).toEqual(expect.arrayContaining(['provider openai', 'provider anthropic', 'model gpt-4o', ...teams]));
    expect(hit?.some((scope) => scope.startsWith('key'))).toBe(false);
  });
});

describe('two unrelated incidents at once', () => {
  const spent = fault((c) => c.key === 'app-3', 1, SPENT);
  test.each<[string, Fault, string[]]>([
    [
      'of different kinds',
      fault((c) => c.provider === 'anthropic', 0.5, OVERLOADED),
      ['key app-3', 'provider anthropic'],
    ],
    [
      'of the same kind',
      fault((c) => c.model === 'claude-sonnet-4', 0.5, ['rate_limit_tokens', 429]),
      ['key app-3', 'model claude-sonnet-4'],
    ],
  ])('%s stay two', (_name, other, named) => {
    expect(
      told([spent, other], 1)
        .map((it) => it.named)
        .sort(),
    ).toEqual(named);
  });

  test('are told in one message a minute', async () => {
    const other = fault((c) => c.provider === 'anthropic', 0.5, OVERLOADED);
    const { sent } = await runStored([table(spent, other)]);
    expect(new Set(sent.map(({ minute }) => minute)).size).toBe(sent.length);
    expect(sent[0]?.message.subject).toMatch(/^2 alerts \(2 new\): /);
  });
});
