/** A batch -> contributions: the law of conservation, names that are functions of content, minutes that are the events'. */
import fc from 'fast-check';
import { contributionsOf } from '../../shared/contribution.ts';
import type { LogBatch, LogEvent } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { addTotals, type Contribution, lawHolds, MINUTE_MS, NO_TOTALS, type Totals } from '../../shared/window.ts';

const SEED = 20261117;
const AT_MS = Date.UTC(2026, 10, 17, 9, 0);
const CHAT = 'https://api.llmgrid.ai/v1/chat/completions';

const failed = JSON.stringify({
  level: 'error',
  url: CHAT,
  model: 'gpt-4o',
  status: 429,
  error: { type: 'budget_exceeded' },
});
const ok = JSON.stringify({ level: 'info', url: CHAT, model: 'gpt-4o', status: 200, usage: {} });
const otherHost = JSON.stringify({
  level: 'error',
  url: 'https://api.openai.com/v1/chat/completions',
  status: 429,
  error: { message: 'x' },
});
const cut = `{"time":1,"url":"${CHAT}","request":{"input":"${'x'.repeat(200)}`;
const own = JSON.stringify({ service: 'gridwatch', message: 'llm evaluated', status: 429 });

const batchOf = (events: readonly Partial<LogEvent>[], more: Partial<LogBatch> = {}): LogBatch => ({
  owner: '123456789012',
  logGroup: '/app',
  logStream: 's',
  events: events.map((event, i) => ({ id: String(i), timestamp: AT_MS, message: 'hello', ...event })),
  ...more,
});
const of = (batch: LogBatch, { nowMs = AT_MS, malformed = 0 } = {}): Contribution[] =>
  contributionsOf(batch, DEFAULT_SETTINGS, { nowMs, malformed });
const sum = (contributions: readonly Contribution[]): Totals =>
  contributions.reduce((totals, contribution) => addTotals(totals, contribution.totals), NO_TOTALS);
const OLD_MS = AT_MS - DEFAULT_SETTINGS.horizonMs;

describe('totals', () => {
  test.each<[string, Partial<LogEvent>, Partial<Totals>, Record<string, number>]>([
    ['a failed call', { message: failed }, { counted: 1 }, {}],
    ['a success', { message: ok }, { counted: 1 }, {}],
    ['a line of the application', { message: 'hello' }, { notCall: 1 }, { 'not-a-call': 1 }],
    ['a call of another host', { message: otherHost }, { notCall: 1 }, { 'other-host': 1 }],
    ['a line of our own', { message: own }, { notCall: 1 }, { 'own-log': 1 }],
    ['a record that was cut', { message: cut }, { malformed: 1 }, { unreadable: 1 }],
    ['a call before the horizon', { message: failed, timestamp: OLD_MS - 1 }, { tooLate: 1 }, { 'too-late': 1 }],
    ['a call at the horizon', { message: failed, timestamp: OLD_MS }, { counted: 1 }, {}],
    ['a call in the future', { message: failed, timestamp: AT_MS + 3_600_000 }, { counted: 1 }, {}],
  ])('%s', (_, event, totals, skipped) => {
    const [contribution, ...others] = of(batchOf([event]));
    expect(others).toEqual([]);
    expect(contribution?.totals).toEqual({ ...NO_TOTALS, received: 1, ...totals });
    expect(contribution?.skipped).toEqual(skipped);
  });

  test('every line of a dump is counted with its record', () => {
    const lines = [
      'llm call failed RateLimitError: 429 slow',
      '    at a (/app/node_modules/openai/a.js:1:1) {',
      '  status: 429',
      '}',
    ];
    const [contribution] = of(batchOf(lines.map((message) => ({ message }))));
    expect(contribution?.totals).toEqual({ ...NO_TOTALS, received: 4, counted: 4 });
    expect(contribution?.entries).toHaveLength(1);
  });

  test('events that the envelope refused are malformed', () => {
    expect(sum(of(batchOf([{ message: failed }]), { malformed: 3 }))).toEqual({
      ...NO_TOTALS,
      received: 4,
      counted: 1,
      malformed: 3,
    });
  });

  test('an empty batch says nothing', () => {
    expect(of(batchOf([]))).toEqual([]);
  });

  const event = fc.record({
    message: fc.constantFrom(
      failed,
      ok,
      otherHost,
      cut,
      own,
      'hello',
      '',
      '  at x (y:1:1)',
      '}',
      'Traceback (most recent call last):',
    ),
    timestamp: fc.constantFrom(
      AT_MS,
      AT_MS + 59_999,
      AT_MS + MINUTE_MS,
      AT_MS - MINUTE_MS,
      OLD_MS - 1,
      OLD_MS,
      0,
      -1,
      AT_MS + 1e9,
    ),
  });
  test('the law holds for every contribution of every batch', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), fc.nat(3), (events, malformed) => {
        const contributions = of(batchOf(events), { malformed });
        expect(contributions.filter(({ totals }) => !lawHolds(totals))).toEqual([]);
        // Refused events need a minute to be stored in, and only readable ones have any.
        expect(sum(contributions).received).toBe(events.length === 0 ? 0 : events.length + malformed);
        expect(sum(contributions).tooLate).toBe(events.filter(({ timestamp }) => timestamp < OLD_MS).length);
        for (const { totals, skipped } of contributions) {
          const reasons = Object.values(skipped).reduce((all, n) => all + n, 0);
          expect(reasons).toBe(totals.notCall + totals.malformed + totals.tooLate);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
  test('entries name cells that exist and events once', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), (events) => {
        for (const { entries, cells, totals } of of(batchOf(events))) {
          expect(entries.every(({ cell }) => cells[cell] !== undefined)).toBe(true);
          expect(new Set(entries.map((entry) => entry.event)).size).toBe(entries.length);
          expect(entries.length).toBeLessThanOrEqual(totals.counted);
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe('minutes', () => {
  test('one contribution for each minute of the events', () => {
    const events = [0, 59_999, 60_000, 150_000].map((ms) => ({ message: failed, timestamp: AT_MS + ms }));
    expect(of(batchOf(events)).map(({ windowMs, totals }) => [windowMs - AT_MS, totals.counted])).toEqual([
      [0, 2],
      [60_000, 1],
      [120_000, 1],
    ]);
  });
  const batch = batchOf([{ message: failed }, { message: ok, timestamp: AT_MS + MINUTE_MS }]);
  test('the time of arrival moves nothing', () => {
    for (const nowMs of [AT_MS - 3_600_000, AT_MS, AT_MS + 86_400_000])
      expect(of(batch, { nowMs })).toStrictEqual(of(batch));
    expect(of(batch, { malformed: 1, nowMs: AT_MS + 86_400_000 })).toStrictEqual(of(batch, { malformed: 1 }));
  });
  test('refused events stand in the first minute of the batch, whenever it arrives', () => {
    expect(of(batch, { malformed: 1, nowMs: AT_MS - 3_600_000 })).toStrictEqual(of(batch, { malformed: 1 }));
  });
  test('a batch of refused events only is not stored', () => {
    expect(of(batchOf([]), { malformed: 2 })).toEqual([]);
  });
});

describe('names', () => {
  const events = [{ message: failed }, { message: ok }];
  const keyOf = (batch: LogBatch): string | undefined => of(batch)[0]?.key;

  test('the same delivery has the same key and digest', () => {
    expect(of(batchOf(events), { nowMs: AT_MS + 5 })).toStrictEqual(of(batchOf(events)));
  });
  test.each<[string, LogBatch]>([
    ['another owner', batchOf(events, { owner: '210987654321' })],
    ['another group', batchOf(events, { logGroup: '/other' })],
    ['another stream', batchOf(events, { logStream: 't' })],
    ['fewer events', batchOf(events.slice(1))],
    ['another id', batchOf([{ ...events[0], id: 'x' }, events[1] ?? {}])],
    ['another minute', batchOf(events.map((event) => ({ ...event, timestamp: AT_MS + MINUTE_MS })))],
  ])('%s is another key', (_, batch) => {
    expect(keyOf(batch)).not.toBe(keyOf(batchOf(events)));
  });
  test('parts are not glued together in a name', () => {
    const a = keyOf(batchOf(events, { logGroup: 'ab', logStream: 'c' }));
    expect(keyOf(batchOf(events, { logGroup: 'a', logStream: 'bc' }))).not.toBe(a);
  });
  test('an event is named by its own content wherever it was cut', () => {
    const whole = of(
      batchOf([
        { message: failed, id: 'a' },
        { message: ok, id: 'b' },
      ]),
    )[0]?.entries;
    const parts = [
      ...(of(batchOf([{ message: failed, id: 'a' }]))[0]?.entries ?? []),
      ...(of(batchOf([{ message: ok, id: 'b' }]))[0]?.entries ?? []),
    ];
    expect(parts.map(({ event, call }) => [event, call])).toEqual(whole?.map(({ event, call }) => [event, call]));
  });
  test('a call that the log names has one name in every stream and group', () => {
    const message = JSON.stringify({ url: CHAT, status: 429, error: { message: 'x' }, x_llmgrid_trace_id: 'trace_1' });
    const calls = [{ logStream: 'a' }, { logStream: 'b' }, { logGroup: '/gateway' }].map(
      (place) => of(batchOf([{ message }], place))[0]?.entries[0]?.call,
    );
    expect(new Set(calls).size).toBe(1);
  });
  test('the source is of the stream, whatever it says', () => {
    const sourceOf = (place: Partial<LogBatch>) => of(batchOf(events, place))[0]?.source;
    expect(sourceOf({})).toBe(of(batchOf([{ message: 'nothing' }]))[0]?.source);
    expect(new Set([sourceOf({}), sourceOf({ logStream: 'b' }), sourceOf({ logGroup: 'b' })]).size).toBe(3);
  });
  test('names are 16 hexadecimal digits, keys 26 to base 32', () => {
    for (const { key, source, digest, entries } of of(batchOf(events))) {
      expect(key).toMatch(/^[0-7][0-9a-v]{25}$/);
      expect(digest).toMatch(/^[0-9a-f]{32}$/);
      expect(source).toMatch(/^[0-9a-f]{16}$/);
      expect(entries.every(({ event, call }) => /^[0-9a-f]{16}$/.test(event) && /^[0-9a-f]{16}$/.test(call))).toBe(
        true,
      );
    }
  });
});

describe('cells', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'a model called %s is counted under its name',
    (model) => {
      const message = `{"url":"${CHAT}","status":429,"model":"${model}","tenant_id":"${model}","error":{"message":"x"}}`;
      const [contribution] = of(batchOf([{ message }, { message }]));
      // A name that does not begin with a letter or digit is not shown, only told apart.
      const name = model.startsWith('_') ? expect.stringMatching(/^hash:[0-9a-f]{8}$/) : model;
      expect(contribution?.cells).toEqual([expect.objectContaining({ model: name, tenant: name })]);
      expect(contribution?.entries).toHaveLength(2);
    },
  );
  test('the key is its alias, else its salted hash', () => {
    const line = (fields: object): string =>
      JSON.stringify({ url: CHAT, status: 429, error: { message: 'x' }, ...fields });
    const keys = [
      { key_alias: 'prod', user_api_key_hash: 'f'.repeat(64) },
      { user_api_key_hash: 'f'.repeat(64) },
      {},
    ].map((fields) => of(batchOf([{ message: line(fields) }]))[0]?.cells[0]?.key);
    expect(keys).toEqual(['prod', expect.stringMatching(/^key:[0-9a-f]{8}$/), null]);
  });
});
