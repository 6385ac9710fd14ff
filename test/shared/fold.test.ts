/**
 * Contributions -> roll-ups: a union. Whatever is delivered, in whatever order, cut and repetition, the counts are those of
 * one delivery of everything; what a border between two batches costs is bounded and heals when an overlapping batch comes.
 */
import fc from 'fast-check';
import { contributionsOf } from '../../shared/contribution.ts';
import { combine, fold } from '../../shared/fold.ts';
import type { LogEvent } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import {
  type Cell,
  type Contribution,
  lawHolds,
  MINUTE_MS,
  NO_TOTALS,
  OTHER,
  type Rank,
  type RollUp,
  windowOf,
} from '../../shared/window.ts';

const SEED = 20261117;
const AT_MS = Date.UTC(2026, 10, 17, 9, 0);
const CHAT = 'https://api.llmgrid.ai/v1/chat/completions';
const MAX_CELLS = DEFAULT_SETTINGS.maxCells;

type Line = Pick<LogEvent, 'message' | 'timestamp'>;
const stream = (lines: readonly Line[]): LogEvent[] => lines.map((line, i) => ({ id: String(i), ...line }));
const deliver = (events: readonly LogEvent[]): Contribution[] =>
  contributionsOf({ owner: 'o', logGroup: '/app', logStream: 's', events }, DEFAULT_SETTINGS, { nowMs: AT_MS });

/** What a store keeps: of each key the first. */
function stored(contributions: readonly Contribution[]): Contribution[] {
  const kept = new Map<string, Contribution>();
  for (const one of contributions)
    kept.set(`${one.windowMs} ${one.key}`, kept.get(`${one.windowMs} ${one.key}`) ?? one);
  return [...kept.values()];
}
/** Every minute folded with its neighbours, as the roll-up does it. */
const rollUps = (contributions: readonly Contribution[]): RollUp[] => {
  const all = stored(contributions);
  return [...new Set(all.map(({ windowMs }) => windowMs))]
    .sort((a, b) => a - b)
    .map((windowMs) =>
      fold(
        all.filter((one) => Math.abs(one.windowMs - windowMs) <= MINUTE_MS),
        windowMs,
        MAX_CELLS,
      ),
    );
};
/** Calls, attempts and recovered calls per minute and cell. */
const counts = (contributions: readonly Contribution[]): string[] =>
  rollUps(contributions)
    .flatMap(({ windowMs, cells }) =>
      cells.map(({ kind, status, cause, model, calls, attempts, recovered }) =>
        [(windowMs - AT_MS) / MINUTE_MS, kind, status, cause, model, calls, attempts, recovered].join(' '),
      ),
    )
    .sort();
const total = (contributions: readonly Contribution[], what: 'calls' | 'attempts' | 'recovered' = 'calls'): number =>
  rollUps(contributions)
    .flatMap(({ cells }) => cells)
    .reduce((sum, cell) => sum + cell[what], 0);

/** The stream cut before each of these places. */
const cutAt = (events: readonly LogEvent[], places: readonly number[]): LogEvent[][] => {
  const borders = [0, ...new Set(places.filter((place) => place < events.length))].sort((a, b) => a - b);
  return borders.map((from, i) => events.slice(from, borders[i + 1] ?? events.length));
};
const shuffled = <T>(items: readonly T[], order: readonly number[]): T[] =>
  items
    .map((item, i) => [order[i % order.length] ?? 0, item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);

const line = (message: string, timestamp: number): Line => ({ message, timestamp });
/** Lines that come so many milliseconds after each other. */
function paced(steps: readonly (readonly [string, number])[], fromMs: number): Line[] {
  let atMs = fromMs;
  return steps.map(([message, afterMs]) => {
    atMs += afterMs;
    return line(message, atMs);
  });
}
const json = (model: string, fields: object): string => JSON.stringify({ url: CHAT, model, ...fields });
const FINALS = [
  json('a', { status: 200, usage: {} }),
  json('b', { status: 200, usage: {} }),
  json('a', { status: 429, error: { type: 'budget_exceeded', message: 'x' } }),
  json('b', { status: 503, error: { message: 'overloaded' } }),
  json('b', { status: 200, usage: {}, retry_count: 2 }),
  'user 4711 signed in',
];
const finals = fc
  .array(fc.tuple(fc.constantFrom(...FINALS), fc.constantFrom(0, 5, 5000, 30_000, 61_000)), {
    minLength: 1,
    maxLength: 25,
  })
  .map((steps) => {
    return stream(paced(steps, AT_MS));
  });

const httpx = (status: string): string =>
  `2026-11-17 09:00:00,000 INFO httpx: HTTP Request: POST ${CHAT} "HTTP/1.1 ${status}"`;
const NOTICE =
  '2026-11-17 09:00:00,000 INFO openai._base_client: Retrying request to /chat/completions in 0.48 seconds';
const END = `2026-11-17 09:00:00,000 ERROR app: LLM call failed: Error code: 429 - {'error': {'message': 'Budget has been exceeded!', 'type': 'budget_exceeded', 'param': None, 'code': '429'}}`;
/** Calls of one worker, one after the other, each with up to two retries; some straddle a minute. */
const chain = fc
  .tuple(fc.nat(2), fc.boolean(), fc.constantFrom(4000, 20_000, 58_000))
  .map(([retries, isSaved, pauseMs]) => [
    ...Array.from({ length: retries }, () => [
      [httpx('429 Too Many Requests'), 300],
      [NOTICE, 1],
    ]).flat(),
    ...(isSaved
      ? [[httpx('200 OK'), 900]]
      : [
          [httpx('429 Too Many Requests'), 900],
          [END, 2],
        ]),
    ['user 4711 signed in', pauseMs],
  ]);
const chains = fc.array(chain, { minLength: 1, maxLength: 8 }).map((calls) => {
  const steps = calls.flat().map(([message, after]) => [String(message), Number(after)] as const);
  return { events: stream(paced(steps, AT_MS + 40_000)), calls: calls.length };
});
const places = fc.array(fc.nat(24), { maxLength: 6 });
const order = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 });
const check = <T>(property: fc.IProperty<T>, numRuns = 80): void => fc.assert(property, { seed: SEED, numRuns });

describe('union of lines that end a call', () => {
  test('any cut into batches counts the same', () => {
    check(
      fc.property(finals, places, (events, cuts) => {
        expect(counts(cutAt(events, cuts).flatMap(deliver))).toEqual(counts(deliver(events)));
      }),
    );
  });
  test('any order of the batches folds to the same bytes', () => {
    check(
      fc.property(finals, places, order, (events, cuts, by) => {
        const contributions = cutAt(events, cuts).flatMap(deliver);
        for (const { windowMs } of contributions)
          expect(fold(shuffled(contributions, by), windowMs, 3)).toStrictEqual(fold(contributions, windowMs, 3));
      }),
    );
  });
  test('repeats and other cuts of the same stream change nothing', () => {
    check(
      fc.property(finals, places, places, order, (events, cuts, others, by) => {
        const contributions = [...cutAt(events, cuts), ...cutAt(events, others), events].flatMap(deliver);
        expect(counts(shuffled([...contributions, ...contributions], by))).toEqual(counts(deliver(events)));
      }),
    );
  });
  test('overlapping batches that cover the stream count it once', () => {
    check(
      fc.property(finals, fc.nat(24), fc.nat(24), (events, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
        expect(counts([events.slice(0, to), events.slice(from)].flatMap(deliver))).toEqual(counts(deliver(events)));
      }),
    );
  });
  test('the law holds for every roll-up', () => {
    check(
      fc.property(finals, places, (events, cuts) => {
        for (const { totals } of rollUps(cutAt(events, cuts).flatMap(deliver))) expect(lawHolds(totals)).toBe(true);
      }),
      50,
    );
  });
});

describe('calls with retries', () => {
  test('one batch counts every call once', () => {
    check(fc.property(chains, ({ events, calls }) => expect(total(deliver(events))).toBe(calls)));
  });
  test('each border between batches adds one call at most', () => {
    check(
      fc.property(chains, places, ({ events, calls }, cuts) => {
        const batches = cutAt(events, cuts);
        const counted = total(batches.flatMap(deliver));
        expect(counted).toBeGreaterThanOrEqual(calls);
        expect(counted).toBeLessThanOrEqual(calls + batches.length - 1);
      }),
    );
  });
  const healed = (events: readonly LogEvent[], cuts: readonly number[], by: readonly number[]): void => {
    const contributions = [...cutAt(events, cuts), events].flatMap(deliver);
    expect(counts(shuffled(contributions, by))).toEqual(counts(deliver(events)));
  };
  test('a batch that saw the whole heals every border within a minute', () => {
    const hurried = chains.map(({ events }) =>
      events.map((event) => ({ ...event, timestamp: AT_MS + Math.floor((event.timestamp - AT_MS) / 60) })),
    );
    check(fc.property(hurried, places, order, healed));
  });
  // What a minute says of its events depends on those of the next: only the whole delivery may name a contribution.
  test('a batch that saw the whole heals every border', () => {
    check(
      fc.property(
        chains.map(({ events }) => events),
        places,
        order,
        healed,
      ),
    );
  });
  test('a border between two calls costs nothing', () => {
    check(
      fc.property(chains, ({ events }) => {
        const between = events.flatMap(({ message }, i) => (message.startsWith('user') ? [i, i + 1] : []));
        expect(counts(cutAt(events, between).flatMap(deliver))).toEqual(counts(deliver(events)));
      }),
    );
  });

  const straddling = [
    line(httpx('503 Service Unavailable'), AT_MS + 59_800),
    line(NOTICE, AT_MS + 59_801),
    line(httpx('200 OK'), AT_MS + 60_700),
  ];
  test('a call across a minute is counted once, where it ended', () => {
    expect(counts(deliver(stream(straddling)))).toEqual(['1 success 200   1 2 1']);
  });
  test('a border in a call across a minute makes two calls', () => {
    expect(total(cutAt(stream(straddling), [2]).flatMap(deliver))).toBe(2);
  });
  test('a call across a minute and a border is healed by its repeat', () => {
    const events = stream(straddling);
    const cut = cutAt(events, [2]).flatMap(deliver);
    expect(counts([...cut, ...deliver(events)])).toEqual(['1 success 200   1 2 1']);
  });
  test('a call that the log names is one across minutes, borders and streams', () => {
    const named = (status: number, timestamp: number): Line =>
      line(
        json('a', { status, x_llmgrid_trace_id: 'trace_1', error: { type: 'budget_exceeded', message: 'x' } }),
        timestamp,
      );
    const events = stream([named(429, AT_MS + 59_000), named(429, AT_MS + 61_000)]);
    expect(total(cutAt(events, [1]).flatMap(deliver))).toBe(1);
    const gateway = { owner: 'o', logGroup: '/gateway', logStream: 'g', events: events.slice(0, 1) };
    expect(total([...deliver(events), ...contributionsOf(gateway, DEFAULT_SETTINGS, { nowMs: AT_MS })])).toBe(1);
  });
});

describe('records of several lines', () => {
  const traceback = [
    'ERROR app: LLM call failed',
    'Traceback (most recent call last):',
    '  File "/srv/app.py", line 88, in answer',
    '    reply = client.chat.completions.create(',
    "openai.RateLimitError: Error code: 429 - {'error': {'message': 'Budget has been exceeded!', 'code': '429'}}",
  ];
  const dump = [
    'llm call failed RateLimitError: 429 slow',
    '    at a (/app/node_modules/openai/a.js:1:1) {',
    '  status: 429,',
    "  error: { message: 'Budget has been exceeded!', type: 'budget_exceeded' }",
    '}',
  ];
  const events = (lines: readonly string[]): LogEvent[] => stream(lines.map((text, i) => line(text, AT_MS + i)));
  test.each([
    ['traceback', traceback],
    ['dump', dump],
  ])('a %s delivered whole is one call', (_, lines) => {
    expect(counts(deliver(events(lines)))).toEqual([expect.stringMatching(/^0 failure 429 budget_exceeded .* 1 1 0$/)]);
  });
  // Lines of a record leave no entry, so the fold cannot know that the exception line belongs to a call it has.
  test.failing('a traceback that was cut is one call once it came whole', () => {
    for (let cut = 1; cut < traceback.length; cut += 1)
      expect(total([...cutAt(events(traceback), [cut]).flatMap(deliver), ...deliver(events(traceback))])).toBe(1);
  });
  // Of two readings of one event the lesser key wins, not the one that saw more of it.
  test.failing('a dump that was cut has its cause once it came whole', () => {
    const whole = deliver(events(dump));
    for (let cut = 1; cut < dump.length; cut += 1)
      expect(counts([...cutAt(events(dump), [cut]).flatMap(deliver), ...whole])).toEqual(counts(whole));
  });
});

describe('cells', () => {
  const cell = (fields: Partial<Cell> = {}): Cell => ({
    kind: 'failure',
    status: 404,
    cause: 'model_not_found',
    model: null,
    provider: null,
    tenant: null,
    project: null,
    key: null,
    logGroup: '/app',
    ...fields,
  });
  const of = (
    cells: readonly Cell[],
    callsOf: (i: number) => number = () => 1,
    rank: Rank = 'final',
  ): Contribution => ({
    windowMs: AT_MS,
    key: 'k',
    source: 's',
    digest: 'd',
    classifier: 1,
    totals: NO_TOTALS,
    skipped: {},
    cells,
    entries: cells.flatMap((_, i) =>
      Array.from({ length: callsOf(i) }, (_, n) => ({
        event: `${i}-${n}`,
        call: `${i}-${n}`,
        rank,
        cell: i,
        attempts: 2,
      })),
    ),
  });
  const sum = (rollUp: RollUp, what: 'calls' | 'attempts' = 'calls'): number =>
    rollUp.cells.reduce((all, one) => all + one[what], 0);

  test('100,000 models are capped with exact totals', () => {
    const cells = Array.from({ length: 100_000 }, (_, i) => cell({ model: `m${i}`, status: i % 2 ? 404 : 400 }));
    const rollUp = fold([of(cells)], AT_MS, 500);
    expect(rollUp.cells).toHaveLength(502);
    expect([sum(rollUp), sum(rollUp, 'attempts')]).toEqual([100_000, 200_000]);
    const rest = rollUp.cells.filter(({ model }) => model === OTHER);
    expect(rest.map(({ status, calls }) => [status, calls])).toEqual(
      expect.arrayContaining([
        [400, expect.any(Number)],
        [404, expect.any(Number)],
      ]),
    );
    expect(rest.reduce((all, { calls }) => all + calls, 0)).toBe(99_500);
  });
  test('the largest are kept', () => {
    const rollUp = fold(
      [
        of(
          Array.from({ length: 20 }, (_, i) => cell({ model: `m${i}` })),
          (i) => i + 1,
        ),
      ],
      AT_MS,
      3,
    );
    expect(rollUp.cells.map(({ model, calls }) => [model, calls])).toEqual([
      ['m19', 20],
      ['m18', 19],
      ['m17', 18],
      [OTHER, (17 * 18) / 2],
    ]);
  });
  test('a model called other is not taken for the rest', () => {
    const cells = ['other', 'a', 'b', 'c'].map((model) => cell({ model }));
    const rollUp = fold([of(cells, (i) => (i === 0 ? 9 : 1))], AT_MS, 1);
    expect(rollUp.cells.map(({ model, calls }) => [model, calls])).toEqual([
      ['other', 9],
      [OTHER, 3],
    ]);
  });
  test('minutes into an hour keep totals beyond the cap', () => {
    const minute = (i: number): RollUp =>
      fold([of(Array.from({ length: 50 }, (_, m) => cell({ model: `m${i}-${m}` })))], AT_MS, 20);
    const hour = combine([0, 1, 2].map(minute), 'hour', windowOf(AT_MS, 'hour'), 10);
    expect(sum(hour)).toBe(150);
    expect(hour.cells.filter(({ model }) => model === OTHER)).toHaveLength(1);
    expect(hour.cells.length).toBeLessThanOrEqual(11);
  });
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', ''])(
    'the name %j is counted literally',
    (name) => {
      const cells = [cell({ model: name, tenant: name, key: name, logGroup: name }), cell()];
      const rollUp = fold([{ ...of(cells), skipped: Object.fromEntries([[name, 3]]) }], AT_MS, MAX_CELLS);
      expect(rollUp.cells.find(({ model }) => model === name)).toMatchObject({ tenant: name, key: name, calls: 1 });
      expect(Object.entries(rollUp.skipped)).toEqual([[name, 3]]);
      expect(sum(combine([rollUp, rollUp], 'hour', windowOf(AT_MS, 'hour'), MAX_CELLS))).toBe(4);
    },
  );
  test('the same name of another kind is another cell', () => {
    const cells = [cell({ model: 'null' }), cell({ model: null }), cell({ tenant: 'null' }), cell({ kind: 'success' })];
    expect(fold([of(cells)], AT_MS, MAX_CELLS).cells).toHaveLength(4);
  });
  test('an entry without its cell is a bug and says where', () => {
    const broken = { ...of([cell()]), cells: [] };
    expect(() => fold([broken], AT_MS, MAX_CELLS)).toThrow('contribution k names cell 0 of 0');
  });
});

describe('one event told twice', () => {
  const cell: Cell = {
    kind: 'failure',
    status: 429,
    cause: 'budget_exceeded',
    model: null,
    provider: null,
    tenant: null,
    project: null,
    key: null,
    logGroup: null,
  };
  const told = (
    key: string,
    rank: Rank,
    { call = 'e', attempts = 1, cause = cell.cause, classifier = 1 } = {},
  ): Contribution => ({
    windowMs: AT_MS,
    key,
    source: 's',
    digest: key,
    classifier,
    totals: NO_TOTALS,
    skipped: {},
    cells: [{ ...cell, cause }],
    entries: [{ event: 'e', call, rank, cell: 0, attempts }],
  });
  const causes = (...contributions: Contribution[]): string[] =>
    [contributions, [...contributions].reverse()].map((list) =>
      fold(list, AT_MS, MAX_CELLS)
        .cells.map(({ cause, calls, attempts }) => `${cause} ${calls} ${attempts}`)
        .join(),
    );
  test.each<[string, string, Contribution[]]>([
    ['a part of a call is no call of its own', '', [told('a', 'final'), told('b', 'part', { call: 'f' })]],
    [
      'an end outranks a try',
      'network_error 1 1',
      [told('a', 'attempt'), told('b', 'final', { cause: 'network_error' })],
    ],
    [
      'more tries outrank fewer',
      'network_error 1 3',
      [told('a', 'final'), told('b', 'final', { attempts: 3, cause: 'network_error' })],
    ],
    [
      'the older classifier outranks the newer',
      'budget_exceeded 1 1',
      [told('b', 'final'), told('a', 'final', { classifier: 2, cause: 'network_error' })],
    ],
    [
      'the lesser key outranks the greater',
      'network_error 1 1',
      [told('b', 'final'), told('a', 'final', { cause: 'network_error' })],
    ],
  ])('%s', (_, expected, contributions) => {
    expect(causes(...contributions)).toEqual([expected, expected]);
  });
});
