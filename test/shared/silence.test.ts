import { memoryStore } from '../../functions/local/memory-store.ts';
import type { Filters } from '../../shared/maintenance.ts';
import type { Store } from '../../shared/ports.ts';
import {
  addSilence,
  endSilence,
  isInEffect,
  LONGEST_SILENCE_MS,
  matches,
  type NewSilence,
  type Silence,
  type Silenced,
  silenceProblems,
  silencer,
  silences,
} from '../../shared/silence.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 14, 0);
const HOUR_MS = 3_600_000;
const asked = (change: Partial<NewSilence> = {}): NewSilence => ({
  filters: { provider: 'openai' },
  reason: 'they know',
  fromMs: NOW_MS,
  untilMs: NOW_MS + HOUR_MS,
  ...change,
});
const hit = (by: Silenced['scope']['by'], value: string, share: number) => ({
  scope: { by, value },
  failures: 1,
  share,
});
const ALERT: Silenced = {
  group: 'e5xx',
  scope: { by: 'provider', value: 'openai' },
  causes: [
    { cause: 'provider_overloaded', status: 503, failures: 90 },
    { cause: 'client_timeout', status: null, failures: 10 },
  ],
  blastRadius: [hit('tenant', 'acme', 1), hit('model', 'gpt', 0.94), hit('logGroup', '/app/shop', 0.96)],
};

describe('a silence', () => {
  test.each<[string, Filters, boolean]>([
    ['of everything is about any alert', {}, true],
    ['of its scope', { provider: 'openai' }, true],
    ['of another', { provider: 'anthropic' }, false],
    ['of another kind of scope with the same name', { model: 'openai' }, false],
    ['of what holds nearly all of its failures', { logGroup: '/app/shop', tenant: 'acme' }, true],
    ['of a part of it is not about it', { model: 'gpt' }, false],
    ['of its leading cause', { cause: 'provider_overloaded', status: '503', category: 'transient' }, true],
    ['of another cause in it is not about it', { cause: 'client_timeout' }, false],
    ['of its group', { group: 'e5xx' }, true],
    ['of its group and another provider is not about it', { group: 'e5xx', provider: 'azure' }, false],
  ])('%s', (_name, filters, expected) => {
    expect(matches({ filters }, ALERT)).toBe(expected);
  });

  test('of calls without a status is `none`', () => {
    const timedOut = { ...ALERT, causes: ALERT.causes.slice(1) };
    expect(matches({ filters: { status: 'none', category: 'connection' } }, timedOut)).toBe(true);
    expect(matches({ filters: { status: 'none' } }, { ...ALERT, causes: [] })).toBe(false);
  });

  test('is in effect from its beginning until its end', () => {
    const silence: Silence = { ...asked(), id: 'a', createdMs: 0, endedMs: null, by: null };
    const inEffect = (change: Partial<Silence>) =>
      [-1, 0, HOUR_MS - 1, HOUR_MS].map((ms) => isInEffect({ ...silence, ...change }, NOW_MS + ms));
    expect(inEffect({})).toEqual([false, true, true, false]);
    expect(inEffect({ endedMs: NOW_MS + 1 })).toEqual([false, true, false, false]);
  });

  test('names itself on what it keeps quiet, and so does a maintenance window', () => {
    const silence: Silence = { ...asked(), id: 'a', createdMs: 0, endedMs: null, by: null };
    const noon = { days: ['mon'], from: '14:00', to: '15:00', filters: { group: 'e5xx' } } as const;
    expect(silencer([silence], [noon], [NOW_MS])(ALERT)).toBe('a');
    expect(silencer([], [noon], [NOW_MS])(ALERT)).toBe('maintenance mon 14:00-15:00 UTC');
    expect(silencer([silence], [noon], [NOW_MS + HOUR_MS])(ALERT)).toBeNull();
    expect(
      silencer([silence], [noon], [NOW_MS])({ ...ALERT, group: 'auth', scope: { by: 'all', value: '' } }),
    ).toBeNull();
  });
});

describe('asking for a silence', () => {
  test.each<[string, Partial<NewSilence>, string[]]>([
    ['nothing is wrong with a good one', {}, []],
    ['everything may be silenced', { filters: {} }, []],
    [
      'hashes, groups and limits are names',
      { filters: { key: 'hash:0a1b2c3d', status: 'none', logGroup: '/aws/lambda/a' } },
      [],
    ],
    ['it ends', { untilMs: Number.NaN }, ['from', 'until']],
    ['it ends within a month', { untilMs: NOW_MS + LONGEST_SILENCE_MS + 1 }, ['until']],
    ['it ends in the future', { fromMs: 0, untilMs: NOW_MS }, ['until']],
    ['it begins before it ends', { fromMs: NOW_MS + HOUR_MS }, ['from']],
    ['it has a reason', { reason: ' ' }, ['reason']],
    [
      'its filters are known values',
      { filters: { cause: 'bad_luck', category: 'x', group: '429', status: '4xx' } },
      ['cause', 'category', 'group', 'status'],
    ],
    ['a key in clear is no filter', { filters: { key: 'sk-abcdefghijklmnop' } }, ['key']],
  ])('%s', (_name, change, parameters) => {
    const problems = silenceProblems(asked(change), NOW_MS);
    expect(problems.map(({ parameter }) => parameter)).toEqual(parameters);
    for (const { parameter, detail } of problems) expect(detail).toMatch(new RegExp(`^${parameter} .+\\.$`));
    expect(JSON.stringify(problems)).not.toContain('sk-');
  });
});

describe('silences in a store', () => {
  test('one asked for twice is one', async () => {
    const store = memoryStore();
    const first = await addSilence(store, asked({ by: 'ann' }), NOW_MS);
    const again = await addSilence(store, asked({ by: 'ann' }), NOW_MS + 1);
    expect(again).toEqual(first);
    expect(await silences(store)).toEqual([first]);
    expect(first).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{12}$/),
      createdMs: NOW_MS,
      endedMs: null,
      by: 'ann',
    });
  });

  test('another reason, time or filter is another silence, newest first', async () => {
    const store = memoryStore();
    await addSilence(store, asked(), NOW_MS);
    await addSilence(store, asked({ reason: 'other' }), NOW_MS + 1);
    await addSilence(store, asked({ filters: {} }), NOW_MS + 2);
    expect((await silences(store)).map(({ createdMs }) => createdMs - NOW_MS)).toEqual([2, 1, 0]);
  });

  test('ended once stays ended, until it is asked for again', async () => {
    const store = memoryStore();
    const { id } = await addSilence(store, asked(), NOW_MS);
    expect(await endSilence(store, id, NOW_MS + 1)).toMatchObject({ endedMs: NOW_MS + 1 });
    expect(await endSilence(store, id, NOW_MS + 2)).toMatchObject({ endedMs: NOW_MS + 1 });
    expect(await addSilence(store, asked(), NOW_MS + 3)).toMatchObject({ id, endedMs: null });
  });

  test('one that is over or unknown cannot be ended', async () => {
    const store = memoryStore();
    const { id } = await addSilence(store, asked(), NOW_MS);
    expect(await endSilence(store, id, NOW_MS + HOUR_MS)).toMatchObject({ endedMs: null });
    expect(await endSilence(store, 'none', NOW_MS)).toBeNull();
  });

  test('a reason keeps no secret', async () => {
    const silence = await addSilence(memoryStore(), asked({ reason: 'key sk-abcdefghijkl\u001b\n rotates' }), NOW_MS);
    expect(silence.reason).toBe('key [redacted] rotates');
  });

  test('two people at once both have theirs, and neither is lost', async () => {
    const store = memoryStore();
    await Promise.all([addSilence(store, asked(), NOW_MS), addSilence(store, asked(), NOW_MS + 1)]);
    expect(await silences(store)).toHaveLength(1);
  });

  test('a store that never takes it is an error, not an endless loop', async () => {
    const store: Store = { ...memoryStore(), save: async () => false };
    await expect(addSilence(store, asked(), NOW_MS)).rejects.toThrow(/^Silence [0-9a-f]{12} was changed by others/);
  });
});
