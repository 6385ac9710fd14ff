/**
 * The whole walk over the recorded hour: the counts are the truth of the fixture, the three incidents are told once, and
 * repeats, disorder, a failing notifier, a second evaluator and crashes at any step of the store change neither.
 */
import { memoryStore } from '../../functions/local/memory-store.ts';
import type { Message } from '../../shared/message.ts';
import { evaluate, ingest } from '../../shared/pipeline.ts';
import type { Notifier, Store } from '../../shared/ports.ts';
import type { LogBatch, LogEvent } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { addSilence } from '../../shared/silence.ts';
import { timestampOf } from '../../shared/timestamp.ts';
import { addTotals, type CountedCell, lawHolds, MINUTE_MS, NO_TOTALS } from '../../shared/window.ts';
import { INCIDENT_FROM_MS, incident, incidentTruth } from '../fixtures/incident.ts';
import { type Rng, rng } from '../fixtures/rng.ts';

const SEED = 20261117;
const HOUR = 60;
const settings = DEFAULT_SETTINGS;
const truth = incidentTruth();
const minuteMs = (minute: number): number => INCIDENT_FROM_MS + minute * MINUTE_MS;

/** The lines of a file as log events; a line without a time of its own belongs to the one above it. */
function eventsOf(name: string, lines: readonly string[]): LogEvent[] {
  let timestamp = INCIDENT_FROM_MS;
  return lines.map((line, i) => {
    timestamp = timestampOf(line) ?? timestamp;
    // The fixture gives every passed-through 529 the same request id, which rightly would make one call of several.
    return { id: `${name}:${i}`, timestamp, message: line.replace('req_fixture0001', `req_fixture${i}`) };
  });
}
const files = incident().map(({ name, lines }) => ({ name, events: eventsOf(name, lines) }));
/** One batch per file and minute. */
const batchesOf = (minute: number): LogBatch[] =>
  files.flatMap(({ name, events }) => {
    const own = events.filter(({ timestamp: ms }) => ms >= minuteMs(minute) && ms < minuteMs(minute + 1));
    return own.length === 0 ? [] : [{ owner: 'local', logGroup: `/app/${name}`, logStream: name, events: own }];
  });
const BATCHES = Array.from({ length: HOUR }, (_, minute) => batchesOf(minute));

interface Recorded {
  readonly notifier: Notifier;
  readonly sent: Message[];
}
function recorder(before: (nth: number) => void = () => {}): Recorded {
  const sent: Message[] = [];
  let nth = 0;
  const send = async (message: Message): Promise<void> => {
    before(++nth);
    sent.push(message);
  };
  return { notifier: { send }, sent };
}

interface Run {
  readonly store: Store;
  readonly notifier: Notifier;
  readonly from?: number;
  readonly to?: number;
  /** Deliveries of a minute; the batches of the fixture, once and in order, unless told otherwise. */
  readonly deliveries?: (batches: readonly LogBatch[]) => readonly LogBatch[];
  readonly evaluators?: number;
  /** Runs one step of the platform: tries again where it must. */
  readonly platform?: (step: () => Promise<unknown>) => Promise<unknown>;
}
const once = (step: () => Promise<unknown>): Promise<unknown> => step();

/** The platform: each minute's batches, then an evaluation when the minute is over. */
async function run({
  store,
  notifier,
  from = 0,
  to = HOUR,
  deliveries = (batches) => batches,
  evaluators = 1,
  platform = once,
}: Run) {
  for (let minute = from; minute < to; minute += 1) {
    const nowMs = minuteMs(minute + 1);
    for (const batch of deliveries(BATCHES[minute] ?? []))
      await platform(() => ingest(batch, { store, settings, nowMs }));
    const one = () => platform(() => evaluate({ store, settings, nowMs, notifier }));
    await Promise.all(Array.from({ length: evaluators }, one));
  }
}

async function cellsOf(store: Store): Promise<CountedCell[]> {
  return (await store.rollUps('minute', 0, Number.MAX_SAFE_INTEGER)).flatMap(({ cells }) => cells);
}
const sum = (cells: readonly CountedCell[], what: 'calls' | 'recovered' = 'calls'): number =>
  cells.reduce((all, cell) => all + cell[what], 0);
/** Everything that a summary is made of, so that two runs can be compared. */
async function counts(store: Store): Promise<string[]> {
  const rollUps = await store.rollUps('minute', 0, Number.MAX_SAFE_INTEGER);
  return rollUps.flatMap(({ windowMs, cells }) => cells.map((cell) => JSON.stringify({ windowMs, ...cell }))).sort();
}

const alertOf = ({ json }: Message) =>
  json['alert'] as { id: string; group: string; scope: { by: string; value: string }; since: string };
const ids = (messages: readonly Message[]): string[] => messages.map(({ notificationId }) => notificationId);
/** When, why and about whom. */
const line = ({ json, ...message }: Message): string => {
  const { scope } = alertOf({ json, ...message });
  return `${json['reason']} ${scope.by} ${scope.value}`;
};
const minuteOf = ({ json }: Message): number => (Date.parse(String(json['at'])) - INCIDENT_FROM_MS) / MINUTE_MS;

const clean = { store: memoryStore(), ...recorder() };
let cleanCounts: string[] = [];
beforeAll(async () => {
  // Long enough for the last alert, whose application falls silent with the log, to be closed.
  await run({ ...clean, to: HOUR + 75 });
  cleanCounts = await counts(clean.store);
});

describe('counts of the recorded hour', () => {
  const failures = (cells: readonly CountedCell[]): CountedCell[] => cells.filter(({ kind }) => kind === 'failure');

  // No tolerance: its calls never cross a minute in which their batch ends, and no line lacks what tells its call.
  test('calls, failures and recovered calls are the truth', async () => {
    const cells = await cellsOf(clean.store);
    expect({ calls: sum(cells), failures: sum(failures(cells)), recovered: sum(cells, 'recovered') }).toEqual({
      calls: truth.calls,
      failures: truth.failures,
      recovered: truth.recovered,
    });
  });
  test('failures have their causes', async () => {
    const byCause = new Map<string | null, number>();
    for (const { cause, calls } of failures(await cellsOf(clean.store)))
      byCause.set(cause, (byCause.get(cause) ?? 0) + calls);
    expect(Object.fromEntries(byCause)).toEqual(truth.byCause);
  });
  test('every file has its calls and failures', async () => {
    const cells = await cellsOf(clean.store);
    for (const [file, counted] of Object.entries(truth.byFile)) {
      const own = cells.filter(({ logGroup }) => logGroup === `/app/${file}`);
      expect({ file, calls: sum(own), failures: sum(failures(own)) }).toEqual({ file, ...counted });
    }
  });
  test('failures stand in their minutes', async () => {
    const rollUps = await clean.store.rollUps('minute', 0, Number.MAX_SAFE_INTEGER);
    const perMinute = rollUps.map(({ windowMs, cells }) => [
      (windowMs - INCIDENT_FROM_MS) / MINUTE_MS,
      sum(failures(cells)),
    ]);
    const expected = perMinute.map(([minute]) => [
      minute,
      Object.values(truth.byMinute[minute ?? 0] ?? {}).reduce((all, n) => all + n, 0),
    ]);
    expect(perMinute).toEqual(expected);
  });
  test('the hour is rolled up, and the law holds everywhere', async () => {
    const [hour] = await clean.store.rollUps('hour', 0, Number.MAX_SAFE_INTEGER);
    const minutes = await clean.store.rollUps('minute', 0, Number.MAX_SAFE_INTEGER);
    expect(hour?.totals).toEqual(minutes.reduce((all, { totals }) => addTotals(all, totals), NO_TOTALS));
    expect(sum(hour?.cells ?? [])).toBe(truth.calls);
    expect([...minutes, hour].every((rollUp) => rollUp && lawHolds(rollUp.totals))).toBe(true);
    expect(hour?.totals.received).toBe(files.reduce((all, { events }) => all + events.length, 0));
  });
  test('nothing is left dirty', async () => {
    expect(await clean.store.dirty()).toEqual([]);
  });
});

describe('alerts of the recorded hour', () => {
  test('each incident is told once, and its end', () => {
    expect(clean.sent.map(line)).toEqual([
      'first key support-prod',
      'resolved key support-prod',
      'first provider anthropic',
      'resolved provider anthropic',
      'first logGroup /app/doc-search.log',
      'resolved logGroup /app/doc-search.log',
    ]);
    expect(new Set(ids(clean.sent)).size).toBe(6);
    expect(new Set(clean.sent.map((message) => alertOf(message).id)).size).toBe(3);
  });
  test.each([
    ['e429', 'budget_exceeded'],
    ['e5xx', 'provider_overloaded'],
    ['auth', 'expired_or_revoked_key'],
  ])('%s is told within five minutes of %s, with its beginning', (group, cause) => {
    const begun = truth.incidents.find((known) => known.cause === cause);
    const first = clean.sent.find((message) => alertOf(message).group === group);
    if (begun === undefined || first === undefined) throw new Error(`no message about ${group}`);
    const delay = minuteOf(first) - (begun.fromMs - INCIDENT_FROM_MS) / MINUTE_MS;
    expect(delay).toBeGreaterThan(0);
    expect(delay).toBeLessThanOrEqual(5);
    expect(Date.parse(alertOf(first).since)).toBe(begun.fromMs);
  });
  test.each([
    ['e429', 27, 6],
    // Failures of that kind trickle on in the hour, so its quiet takes longer to be believed.
    ['e5xx', 42, 20],
    // The log ends four minutes after the incident: its alert is closed by an hour of silence.
    ['auth', 56, 70],
  ])('%s, over at 09:%i, is resolved within %i minutes', (group, end, within) => {
    const last = clean.sent.findLast((message) => alertOf(message).group === group);
    expect(last?.json['reason']).toBe('resolved');
    expect(minuteOf(last as Message) - end).toBeLessThanOrEqual(within);
  });
  test('no message holds a line of the logs', () => {
    const text = JSON.stringify(clean.sent);
    for (const word of ['CANARYPROMPT', 'sk-fixture', 'Traceback', 'Current cost', 'request_id'])
      expect(text).not.toContain(word);
  });
});

describe('repeats and disorder', () => {
  const shuffle = <T>(items: readonly T[], random: Rng): T[] =>
    items
      .map((item) => [random.next(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);

  test('every batch twice and in any order within its minute', async () => {
    const random = rng(SEED);
    const world = { store: memoryStore(), ...recorder() };
    await run({ ...world, deliveries: (batches) => shuffle([...batches, ...batches], random) });
    expect(await counts(world.store)).toEqual(cleanCounts);
    expect(ids(world.sent)).toEqual(ids(clean.sent.filter((message) => minuteOf(message) <= HOUR)));
  });
  test('the whole hour again at its end changes no count and tells nothing', async () => {
    const nowMs = minuteMs(HOUR + 75);
    const told = clean.sent.length;
    const repeats = [];
    for (const batch of BATCHES.flat()) repeats.push(await ingest(batch, { ...clean, settings, nowMs }));
    expect(repeats.every(({ duplicates, mismatches }) => duplicates === 1 && mismatches === 0)).toBe(true);
    await evaluate({ ...clean, settings, nowMs });
    expect(await counts(clean.store)).toEqual(cleanCounts);
    expect(clean.sent).toHaveLength(told);
  });
  test('the hour delivered at once, late, has the same counts', async () => {
    const world = { store: memoryStore(), ...recorder() };
    const nowMs = minuteMs(HOUR + 75);
    for (const batch of shuffle(BATCHES.flat(), rng(SEED))) await ingest(batch, { ...world, settings, nowMs });
    await evaluate({ ...world, settings, nowMs });
    expect(await counts(world.store)).toEqual(cleanCounts);
  });
});

describe('a broken world', () => {
  /** The minutes around the first alert, of the application it is about. */
  const [FROM, TO] = [10, 17] as const;
  const deliveries = (batches: readonly LogBatch[]): LogBatch[] =>
    batches.filter(({ logStream }) => logStream === 'support-copilot.jsonl');
  const ARMED = 12;
  let expected: { counts: string[]; ids: string[] };
  beforeAll(async () => {
    const world = { store: memoryStore(), ...recorder() };
    await run({ ...world, deliveries, from: FROM, to: TO });
    expected = { counts: await counts(world.store), ids: ids(world.sent) };
    if (expected.ids.length !== 1) throw new Error('the slice holds one message');
  });

  /** As Lambda does it: the same event again, up to three times. */
  const retrying = async (step: () => Promise<unknown>): Promise<unknown> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await step();
      } catch (error) {
        if (tries === 3) throw error;
      }
    }
  };

  test('two evaluators at once send once', async () => {
    const world = { store: memoryStore(), ...recorder() };
    await run({ ...world, deliveries, from: FROM, to: TO, evaluators: 2 });
    expect(ids(world.sent)).toEqual(expected.ids);
    expect(await counts(world.store)).toEqual(expected.counts);
  });

  test.each([1, 2, 3])('a notifier that throws %i times loses no message', async (times) => {
    const refuse = (nth: number): void => {
      if (nth <= times) throw new Error('the channel is down');
    };
    const world = { store: memoryStore(), ...recorder(refuse) };
    // What an evaluation throws is tried again at the next minute.
    await run({ ...world, deliveries, from: FROM, to: TO + 3, platform: (step) => step().catch(() => undefined) });
    expect(ids(world.sent)).toEqual(expected.ids);
  });

  /** A store whose n-th call, counted from when it is armed, fails: before it did its work, or after. */
  function failing(store: Store, n: number, when: 'before' | 'after') {
    const state = { isArmed: false, calls: [] as string[], hasFailed: false };
    const wrapped = Object.fromEntries(
      Object.entries(store).map(([name, method]) => [
        name,
        async (...args: readonly unknown[]) => {
          if (!state.isArmed) return method(...args);
          const fails = state.calls.push(name) === n;
          state.hasFailed ||= fails;
          if (fails && when === 'before') throw new Error(`crash before call ${n}, ${name}`);
          const result = await method(...args);
          if (fails) throw new Error(`crash after call ${n}, ${name}`);
          return result;
        },
      ]),
    ) as unknown as Store;
    return { store: wrapped, state };
  }

  /** The slice on a store that fails once: what came out, and the calls it made of the store. */
  async function crashed(n: number, when: 'before' | 'after') {
    const memory = memoryStore();
    const { store, state } = failing(memory, n, when);
    const { notifier, sent } = recorder();
    await run({ store, notifier, deliveries, from: FROM, to: ARMED });
    state.isArmed = true;
    await run({ store, notifier, deliveries, from: ARMED, to: TO, platform: retrying });
    const told = [...new Set(ids(sent))];
    const surprises = [
      ...(state.hasFailed ? [] : ['the crash never came']),
      ...(JSON.stringify(await counts(memory)) === JSON.stringify(expected.counts) ? [] : ['other counts']),
      ...(JSON.stringify(told) === JSON.stringify(expected.ids) ? [] : [`told ${told.length} of one`]),
      ...(sent.length <= 2 ? [] : [`told ${sent.length} times`]),
    ];
    return { calls: state.calls, surprises: surprises.map((text) => `crash ${when} call ${n}: ${text}`) };
  }
  /** All that the slice asks of the store, from before its incident until its message is sent and noted. */
  const callsOf = async (): Promise<readonly string[]> => (await crashed(Number.POSITIVE_INFINITY, 'after')).calls;

  test('a crash before any call of the store loses nothing', async () => {
    const calls = await callsOf();
    const surprises: string[] = [];
    for (const [i] of calls.entries()) surprises.push(...(await crashed(i + 1, 'before')).surprises);
    expect(surprises).toEqual([]);
    expect(calls.length).toBeGreaterThan(60);
  });
  // A crash after a read is a crash before the next call.
  test('a crash after any write of the store loses nothing', async () => {
    const calls = await callsOf();
    const writes = calls.flatMap((name, i) => (/^(?:add|clean|putRollUp|save)$/.test(name) ? [i + 1] : []));
    expect(new Set(writes.map((n) => calls[n - 1])).size).toBe(4);
    const surprises: string[] = [];
    for (const n of writes) surprises.push(...(await crashed(n, 'after')).surprises);
    expect(surprises).toEqual([]);
  });

  test('an evaluator that was away for ten minutes tells one alert, late and with its beginning', async () => {
    const world = { store: memoryStore(), ...recorder() };
    await run({ ...world, deliveries, from: FROM, to: ARMED });
    for (let minute = ARMED; minute < ARMED + 10; minute += 1)
      for (const batch of deliveries(BATCHES[minute] ?? []))
        await ingest(batch, { ...world, settings, nowMs: minuteMs(minute + 1) });
    const { alerts, evaluatedMs } = await evaluate({ ...world, settings, nowMs: minuteMs(ARMED + 10) });
    expect(world.sent.map(line)).toEqual(['delayed key support-prod']);
    expect(evaluatedMs).toBe(minuteMs(ARMED + 10));
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(1);
    expect(alertOf(world.sent[0] as Message).since).toBe(new Date(minuteMs(12)).toISOString());
  });
});

describe('a silence in the store', () => {
  test('keeps the incident it is about quiet, and no other', async () => {
    const world = { store: memoryStore(), ...recorder() };
    const nowMs = minuteMs(0);
    const asked = { filters: { cause: 'budget_exceeded' }, reason: 'raised already', fromMs: nowMs };
    await addSilence(world.store, { ...asked, untilMs: nowMs + 2 * HOUR * MINUTE_MS }, nowMs);
    await run(world);
    expect(world.sent.map(line)).toEqual(
      clean.sent.filter((message) => alertOf(message).group !== 'e429' && minuteOf(message) <= HOUR).map(line),
    );
    const alerts = (await world.store.list('alert/')).map(
      ({ value }) => value as { group: string; silencedBy?: string },
    );
    expect(alerts.filter(({ group }) => group === 'e429')).toMatchObject([{ silencedBy: expect.any(String) }]);
  });

  test('and a year of alerts cost an evaluation one small read each', async () => {
    const world = { store: memoryStore(), ...recorder() };
    for (let n = 0; n < 300; n += 1) await world.store.save(`alert/${n}`, { id: `${n}`, outbox: [], resolvedMs: 1 }, 0);
    await world.store.save('open-alerts', [], 0);
    const calls: string[] = [];
    const counting = Object.fromEntries(
      Object.entries(world.store).map(([name, method]) => [
        name,
        (...args: readonly unknown[]) => {
          calls.push(`${name} ${args[0]}`);
          return method(...args);
        },
      ]),
    ) as unknown as Store;
    await run({ ...world, from: 0, to: 2 });
    await evaluate({ ...world, store: counting, settings, nowMs: minuteMs(3) });
    expect(calls.filter((call) => call.includes('alert'))).toEqual(['load open-alerts']);
    expect(calls.filter((call) => call.includes('silence'))).toEqual(['list silence/']);
    expect(calls.length).toBeLessThan(15);
  });
});
