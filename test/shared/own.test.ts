/** What a team adds in gridwatch.json: read, refused with all that is wrong, and honoured by the whole walk. */
import fc from 'fast-check';
import { contributionsOf } from '../../shared/contribution.ts';
import { fold } from '../../shared/fold.ts';
import type { Own } from '../../shared/own.ts';
import type { LogBatch } from '../../shared/record.ts';
import { MAX_OWN_BYTES } from '../../shared/setting-rules.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { readSettings, toSettings } from '../../shared/settings-file.ts';
import { matchPattern, readPattern } from '../../shared/text-pattern.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9, 0);
const LLMGRID = { url: 'https://api.llmgrid.ai/v1/chat/completions' };

function settingsOf(own: Partial<Own>): Settings {
  const { settings, problems } = readSettings({ logGroups: '/a', ...own }, 'gridwatch.json');
  expect(problems).toEqual([]);
  return { ...DEFAULT_SETTINGS, ...toSettings(settings) };
}
const problemsOf = (own: Record<string, unknown>) =>
  readSettings({ logGroups: '/a', ...own }, 'gridwatch.json').problems.map((text) =>
    text.replace('gridwatch.json: ', ''),
  );

const batchOf = (messages: readonly string[]): LogBatch => ({
  owner: 'local',
  logGroup: '/app/a',
  logStream: 's',
  events: messages.map((message, i) => ({ id: String(i), timestamp: AT_MS + i, message })),
});
const read = (message: string | object, own: Partial<Own>) => {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return contributionsOf(batchOf([text]), settingsOf(own), { nowMs: AT_MS })[0];
};
const cellOf = (message: string | object, own: Partial<Own>) => read(message, own)?.cells[0];

describe('a pattern of text', () => {
  test.each<[pattern: string, text: string, matches: boolean]>([
    ['house limit', 'The House Limit is reached', true],
    ['limit * reached', 'limit 7 of 9 reached', true],
    ['limit * reached', 'reached the limit', false],
    ['*limit*', 'a limit', true],
    ['a.b', 'axb', false],
    ['{status}', 'it says {status}', true],
  ])('%j on %j: %p', (pattern, text, matches) => {
    const parsed = readPattern(pattern);
    if (typeof parsed === 'string') throw new Error(parsed);
    expect(matchPattern(parsed, text) !== null).toBe(matches);
  });

  test.each<[pattern: string, text: string, names: Record<string, string> | null]>([
    ['to {model} gave {status}', 'call to GPT-4o gave 429', { model: 'GPT-4o', status: '429' }],
    ['model={model};', 'model=a b; model=gpt-4o; done', { model: 'gpt-4o' }],
    ['<{model}:{status}>', 'x <gpt-4o:503>', { model: 'gpt-4o', status: '503' }],
    ['at {status} * by {model}', 'at 503 it ended by gpt-4o', { status: '503', model: 'gpt-4o' }],
    ['by {model}', 'by "quoted"', null],
    ['by {model}', `by ${'x'.repeat(200)}`, null],
  ])('%j reads names out of %j', (pattern, text, names) => {
    const parsed = readPattern(pattern, ['model', 'status']);
    if (typeof parsed === 'string') throw new Error(parsed);
    const found = matchPattern(parsed, text);
    expect(found && Object.fromEntries(found)).toEqual(names);
  });

  test.each<[pattern: string, problem: string]>([
    ['', 'holds no word to look for'],
    [' * ', 'holds no word to look for'],
    ['{model} failed', 'has no text before {model}'],
    ['a {model}{status}', 'has no text between {status} and the name before it'],
    ['a {model} b {model}', 'names the same field twice'],
  ])('%j %s', (pattern, problem) => {
    expect(readPattern(pattern, ['model', 'status'])).toBe(problem);
  });

  test('matches what was put together from it', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.array(word), (words, between) => {
        const pattern = readPattern(words.join('*'));
        if (typeof pattern === 'string') throw new Error(pattern);
        expect(matchPattern(pattern, words.join(` ${between.join(' ')} `))).not.toBeNull();
      }),
    );
  });

  test('costs no more on a text made to be slow', () => {
    const pattern = readPattern('a{model}a{status}a{type}a{class}b*c', ['model', 'status', 'type', 'class']);
    if (typeof pattern === 'string') throw new Error(pattern);
    const cpuMs = (text: string): number => {
      const before = process.cpuUsage().user;
      matchPattern(pattern, text);
      return (process.cpuUsage().user - before) / 1000;
    };
    expect(Math.min(...[1, 2, 3].map(() => cpuMs('a'.repeat(1_000_000))))).toBeLessThan(2000);
  });
});

describe('rules', () => {
  const house = { name: 'house', when: { text: 'flux * cold' }, cause: 'maintenance' } as const;
  const failure = { ...LLMGRID, level: 'error', error: { message: 'the flux capacitor is cold', type: 'flux_error' } };

  test('name what nobody else can name', () => {
    expect(cellOf(failure, {})).toMatchObject({ cause: 'unknown' });
    expect(cellOf(failure, { rules: [house] })).toMatchObject({ cause: 'maintenance' });
  });
  test('stand before what gridwatch knows', () => {
    const known = { ...LLMGRID, status: 429, error: { message: 'Budget has been exceeded! flux is cold' } };
    expect(cellOf(known, {})).toMatchObject({ cause: 'budget_exceeded' });
    expect(cellOf(known, { rules: [house] })).toMatchObject({ cause: 'maintenance' });
  });
  test('are asked in their order', () => {
    const second = { ...house, name: 'second', cause: 'quota_exceeded' } as const;
    expect(cellOf(failure, { rules: [second, house] })).toMatchObject({ cause: 'quota_exceeded' });
  });
  test.each<[string, object, boolean]>([
    ['type', { type: 'FLUX_ERROR' }, true],
    ['another type', { type: 'other' }, false],
    ['no status', { status: 'none' }, true],
    ['a status', { status: 503 }, false],
    ['shape', { shape: 'winston' }, true],
    ['type and text', { type: 'flux_error', text: 'cold' }, true],
    ['type and another text', { type: 'flux_error', text: 'warm' }, false],
  ])('hold by %s only when all of it is so', (_, when, holds) => {
    const cause = cellOf({ ...failure, message: 'llm call failed' }, { rules: [{ ...house, when }] })?.cause;
    expect(cause === 'maintenance').toBe(holds);
  });
  test('leave no signature of what they name, and the stub of one is a rule', () => {
    expect(read(failure, { rules: [house] })).not.toHaveProperty('signatures');
    expect(
      problemsOf({ rules: [{ name: 'unnamed-0a1b2c3d', when: { text: 'words of the line' }, cause: 'unknown' }] }),
    ).toEqual([]);
  });
  test('change nothing that was counted before', () => {
    const [before] = contributionsOf(batchOf([JSON.stringify(failure)]), settingsOf({}), { nowMs: AT_MS });
    const [after] = contributionsOf(batchOf([JSON.stringify(failure)]), settingsOf({ rules: [house] }), {
      nowMs: AT_MS,
    });
    // The same delivery has the same name, so the store keeps what it has; told in both ways, a call counts once.
    expect([after?.key, after?.digest]).toEqual([before?.key, before?.digest]);
    const both = [before, after].flatMap((one, at) => (one ? [{ ...one, key: `cut-${at}` }] : []));
    expect(fold(both, AT_MS, 100).cells.map(({ calls }) => calls)).toEqual([1]);
  });
});

describe('shapes of text', () => {
  const shapes = [{ name: 'house-gateway', text: 'HGW call to {model} answered {status} for {tenant};' }];
  test.each([
    ['HGW call to m answered 429 for acme; wait', { kind: 'failure', status: 429, model: 'm', tenant: 'acme' }],
    ['10:00 hgw call to m answered 200 for acme;', { kind: 'success', status: 200, model: 'm' }],
  ])('%s', (line, cell) => {
    expect(read(line, {})?.totals).toMatchObject({ counted: 0 });
    expect(cellOf(line, { shapes })).toMatchObject(cell);
  });
  test('may say themselves what their lines tell', () => {
    const attempt = { name: 'house-retry', text: 'HGW retries {model}', kind: 'attempt' } as const;
    expect(read('HGW retries gpt-4o', { shapes: [attempt] })?.entries[0]).toMatchObject({ rank: 'attempt' });
  });
  test('do not make calls of other lines', () => {
    expect(read('HGW started on port 429', { shapes })?.totals).toMatchObject({ counted: 0, notCall: 1 });
  });
  test('do not overrule the hosts whose calls count', () => {
    const line = 'HGW call to m answered 429 for acme; url: https://api.openai.com/v1/chat/completions';
    expect(read(line, { shapes })?.skipped).toEqual({ 'other-host': 1 });
  });
});

describe('names of fields, and services', () => {
  const record = {
    service: 'llm-bridge',
    'llm.deployment': 'gpt-4o',
    upstream_http: 429,
    reason_text: 'slow down',
    who: 'acme',
  };
  const own: Partial<Own> = {
    services: ['llm-bridge'],
    fields: { model: ['llm.deployment'], status: ['upstream_http'], message: ['reason_text'], tenant: ['who'] },
  };
  test('make a call of a record that only the team knows to be one', () => {
    expect(read(record, {})?.totals).toMatchObject({ counted: 0 });
    expect(cellOf(record, own)).toMatchObject({ kind: 'failure', status: 429, model: 'gpt-4o', tenant: 'acme' });
  });
  test('count wherever in the record they stand', () => {
    expect(cellOf({ service: 'llm-bridge', out: { upstream_http: 503 } }, own)).toMatchObject({ status: 503 });
  });
  test('leave other records of the service alone', () => {
    expect(read({ service: 'llm-bridge', message: 'listening' }, own)?.totals).toMatchObject({ counted: 0 });
  });
  test('leave other services alone', () => {
    expect(read({ ...record, service: 'shop' }, { services: ['llm-bridge'] })?.totals).toMatchObject({ counted: 0 });
  });
});

describe('what is wrong is said at once', () => {
  test.each<[name: string, own: Record<string, unknown>, problems: string[]]>([
    [
      'rules as an object',
      { rules: {} },
      [
        'rules: {} is not a list like [{"name": "house-limit", "when": {"text": "house limit *"}, "cause": "rate_limit_requests"}]; write it in gridwatch.json',
      ],
    ],
    [
      'a rule without anything',
      { rules: [{}] },
      ['rules: number 1: no name', 'rules: number 1: no when', 'rules: number 1: no cause'],
    ],
    [
      'an empty when',
      { rules: [{ name: 'a', when: {}, cause: 'unknown' }] },
      ['rules: "a": when is empty, so it would match every failure'],
    ],
    [
      'an unknown condition',
      { rules: [{ name: 'a', when: { txt: 'b' }, cause: 'unknown' }] },
      ['rules: "a": when: unknown "txt"; known are text, status, type, class, shape, provider, model, service'],
    ],
    [
      'two of one name',
      { rules: [1, 2].map((status) => ({ name: 'a', when: { status: status * 100 }, cause: 'unknown' })) },
      ['rules: two are called "a"; rename one'],
    ],
    [
      'a field before any text',
      { shapes: [{ name: 'a', text: '{model} b' }] },
      ['shapes: "a": text "{model} b" has no text before {model}'],
    ],
    [
      'a kind that is none',
      { shapes: [{ name: 'a', text: 'b', kind: 'bad' }] },
      ['shapes: "a": kind "bad" is not one of final, attempt, retry-notice, success'],
    ],
    [
      'a field that is none',
      { fields: { constructor: ['a'] } },
      [
        'fields: unknown "constructor"; known are status, type, class, message, model, provider, tenant, project, keyAlias, requestId, traceId, latencyMs, service',
      ],
    ],
    ['names that are none', { fields: { model: 'a' } }, ['fields: model "a" is not a list of names of fields']],
    ['a service with a blank', { services: ['a b'] }, ['services: "a b" is not a plain name']],
  ])('%s', (_, own, problems) => {
    expect(problemsOf(own)).toEqual(problems);
  });
  test('a cause that is none, with those there are', () => {
    expect(problemsOf({ rules: [{ name: 'a', when: { status: 429 }, cause: 'b' }] })[0]).toMatch(
      /^rules: "a": cause "b" is not a cause; the causes are invalid_json, .* unknown$/,
    );
  });
  test('more than a function has room for', () => {
    const rules = Array.from({ length: 40 }, (_, i) => ({
      name: `r${i}`,
      when: { text: 'a house limit is reached' },
      cause: 'unknown',
    }));
    expect(problemsOf({ rules })).toEqual([
      expect.stringMatching(
        new RegExp(`^rules, shapes, fields and services: together \\d{4} bytes, .* room for ${MAX_OWN_BYTES} `),
      ),
    ]);
  });
});
