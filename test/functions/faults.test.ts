/**
 * The faults a deployment has to survive, by number (reliability §2). Most are tested beside what they concern: the table
 * says where, and fails when a test it names is gone. The rest is here.
 */
import './environment.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FAILED_PREFIX } from '../../functions/aws/failure.ts';
import { evaluateHandler } from '../../functions/evaluate.ts';
import { ingestHandler } from '../../functions/ingest.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { redriveHandler } from '../../functions/redrive.ts';
import type { Store } from '../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { addTotals, NO_TOTALS } from '../../shared/window.ts';
import {
  call,
  contextOf,
  fakeTopic,
  ingestWorldOf,
  listen,
  MINUTE,
  minuteOf,
  OWNER,
  packed,
  subscription,
  T0,
} from './fakes.ts';

const ROOT = join(import.meta.dirname, '../..');

const TABLE: readonly (readonly [fault: string, file: string, title: string])[] = [
  ['A14', 'functions/ingest', 'A14 an empty list of events is a success that writes nothing'],
  ['A15', 'functions/ingest', 'A15 a control message is acknowledged and writes nothing'],
  ['A16', 'functions/ingest', 'A16 an unknown message type'],
  ['A20', 'functions/ingest', 'A20 a foreign account'],
  ['A20', 'functions/faults', 'A20 another account is counted once it is allowed, under its own name'],
  ['B1', 'functions/ingest', 'B1 no payload'],
  ['B1', 'functions/ingest', 'B1 data is no text'],
  ['B2', 'functions/ingest', 'B2 no base64'],
  ['B3', 'functions/ingest', 'B3 cut gzip'],
  ['B3', 'shared/envelope', 'a payload cut at any length is refused'],
  ['B3', 'functions/faults', 'B3 with any byte damaged'],
  ['B3', 'e2e/pipeline', 'B3 a damaged payload is kept in the bucket, and acknowledged'],
  ['B3', 'functions/requeue', 'a batch put back is counted by redrive'],
  ['B4', 'functions/ingest', 'B4 a gzip bomb'],
  ['B4', 'functions/faults', 'B4 a bomb of 700 MiB'],
  ['B5', 'functions/ingest', 'B5 concatenated gzip members are counted'],
  ['B6', 'functions/ingest', 'B6 no JSON'],
  ['B6', 'functions/ingest', 'B6 another shape'],
  ['B6', 'functions/faults', 'B6 a byte order mark'],
  ['B7', 'functions/ingest', 'B7 a broken event costs itself, not its neighbours'],
  ['B7', 'shared/envelope', 'a broken event costs only itself'],
  ['B8', 'functions/ingest', 'B8 bytes that are no UTF-8 are counted'],
  ['C5', 'aws/dynamo-faults', 'C5: the SDK repeats a put that was applied'],
  ['C5', 'aws/dynamo-faults', 'C5: the SDK repeats a write whose answer was lost'],
  ['C6', 'aws/dynamo-faults', 'C6: throttled $times times, stored by delivery $deliveries'],
  ['C6', 'functions/ingest', 'C6 a store that fails throws, and the redelivery is counted once'],
  ['C7', 'functions/redrive', 'C7 while the store is away everything stays'],
  ['C7', 'functions/faults', 'C7 DynamoDB is down for 172 minutes'],
  ['C7', 'functions/redrive', 'C7 waits a random while before the first batch'],
  ['C7', 'infra/alarms', 'an outage is one message and one recovery'],
  ['C8', 'functions/faults', 'C8 no write can be done in part'],
  ['C9', 'aws/dynamo-faults', 'C9: a broken world is thrown with the table and the action'],
  ['C9', 'e2e/pipeline', 'C9 with its table gone ingest throws'],
  ['C9', 'infra/alarms', 'on ingest rings two minutes after a table was deleted'],
  ['C10', 'aws/dynamo-items', 'C10: no partition is hot'],
  ['C11', 'aws/dynamo-items', 'C11: larger than an item'],
  ['C12', 'functions/ingest', 'C12 a batch of our own log group is dropped, counted and not quarantined'],
  ['C12', 'functions/faults', 'C12 a batch of our own log group'],
  ['C12', 'infra/delivery', 'are refused by name when they are our own'],
  ['C13', 'functions/preflight', 'two filters of others leave no room'],
  ['C14', 'infra/delivery', 'share one permission'],
  ['C14', 'infra/delivery', 'is for any log group of this account and region'],
];

test.each(TABLE)('%s is tested in test/%s.test.ts: %s', (_, file, title) => {
  const source = readFileSync(join(ROOT, 'test', `${file}.test.ts`), 'utf8');
  const written = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // Not in this table itself, whose titles come third in a row.
  expect(source).toMatch(new RegExp(`(?:\\(|\\[\\s*|name: )['"\`]${written}`));
  expect(source).not.toMatch(/\b(?:test|it|describe)\.(?:skip|only|todo|failing)\b|\bx(?:test|it|describe)\(/);
});

test('every fault of the list has a row', () => {
  const range = (letter: string, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => `${letter}${from + i}`);
  const wanted = [...range('A', 14, 16), 'A20', ...range('B', 1, 8), ...range('C', 5, 14)];
  const rows = new Set(TABLE.map(([fault]) => fault));
  expect(wanted.filter((fault) => !rows.has(fault))).toEqual([]);
});

const run = (event: unknown, fake = ingestWorldOf()) =>
  listen(() => ingestHandler(async () => fake.world)(event, contextOf()));
const data = (bytes: Buffer) => ({ awslogs: { data: bytes.toString('base64') } });

test('A20 another account is counted once it is allowed, under its own name', async () => {
  const fake = ingestWorldOf(T0, { allowedOwners: [OWNER, '210987654321'] });
  const line = [call(503, T0)];
  for (const owner of [OWNER, '210987654321']) await run(packed(subscription(line, { owner })), fake);
  const found = await fake.store.contributions(0, T0 + MINUTE);
  expect(found.map(({ totals }) => totals.counted)).toEqual([1, 1]);
});

test('B3 with any byte damaged it is refused, or gives what was sent', async () => {
  const whole = gzipSync(JSON.stringify(subscription([call(503, T0)])));
  const became = new Map<string, number>();
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    const { answer, lines, metrics } = await run(data(damaged));
    expect(answer).toBeUndefined();
    const code = String(lines[0]?.['code'] ?? `counted ${metrics['Counted']}`);
    became.set(code, (became.get(code) ?? 0) + 1);
  }
  const kinds = [...became.keys()];
  expect(kinds.filter((kind) => !/^(?:GZIP_CORRUPT|GZIP_TRUNCATED|counted 1)$/.test(kind))).toEqual([]);
  // The time, the system and the hints in the header are not covered by the checksum.
  expect(became.get('counted 1') ?? 0).toBeLessThanOrEqual(6);
});

test('B4 a bomb of 700 MiB is refused before it is inflated', async () => {
  const member = gzipSync(Buffer.alloc(70 * 1024 * 1024), { level: 9 });
  const bomb = data(Buffer.concat(Array.from({ length: 10 }, () => member)));
  expect(JSON.stringify(bomb).length).toBeLessThan(1024 * 1024);
  // CPU, so that a busy machine does not fail it; the rest of the process is in it as well.
  const before = process.cpuUsage();
  const { lines, answer } = await run(bomb);
  const { user, system } = process.cpuUsage(before);
  expect(answer).toBeUndefined();
  expect(lines).toMatchObject([{ code: 'GZIP_TOO_LARGE' }]);
  expect((user + system) / 1000).toBeLessThan(500);
});

test('B6 a byte order mark is no part of the JSON', async () => {
  const { metrics } = await run(packed(`\ufeff${JSON.stringify(subscription([call(503, T0)]))}`));
  expect(metrics).toMatchObject({ Counted: 1 });
});

test('C8 no write can be done in part: items are put one by one, each under its condition', () => {
  const folders = ['functions', 'functions/aws'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(ROOT, folder, name)),
  );
  expect(files.length).toBeGreaterThan(20);
  const commands = files.flatMap((file) => readFileSync(file, 'utf8').match(/\w+Command\b(?=\()/g) ?? []);
  expect(commands).toEqual(expect.arrayContaining(['PutItemCommand', 'GetItemCommand', 'QueryCommand']));
  expect(commands.filter((name) => /Batch|Transact|Statement/.test(name))).toEqual([]);
});

test('C12 a batch of our own log group that waited in the bucket is dropped there too', async () => {
  const own = subscription([call(503, T0)], { logGroup: '/gridwatch/Test/ingest' });
  const { world, objects, store } = ingestWorldOf();
  objects.kept.set(`${FAILED_PREFIX}Test-ingest/x`, JSON.stringify({ requestPayload: packed(own) }));
  const { metrics } = await listen(() =>
    redriveHandler(async () => ({ ...world, objects, pause: async () => {} }))({}, contextOf()),
  );
  expect(metrics).toMatchObject({ LoopGuard: 1, Redriven: 1 });
  expect(objects.kept.size).toBe(0);
  await expect(store.dirty()).resolves.toEqual([]);
});

/** While it is down every call fails; of the writes, each seventh was done all the same. */
function outageOf(inner: Store) {
  const state = { isDown: false, failed: 0, doneAllTheSame: 0 };
  const store = { ...inner };
  for (const name of Object.keys(inner) as (keyof Store)[]) {
    const method = inner[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(store, {
      [name]: async (...args: unknown[]) => {
        if (!state.isDown) return method(...args);
        if (name === 'add' && state.failed++ % 7 === 0) {
          state.doneAllTheSame++;
          await method(...args);
        }
        throw Object.assign(new Error('dynamodb:PutItem on table t failed'), { code: 'TABLE_FAILED' });
      },
    });
  }
  return { store, state };
}

test('C7 DynamoDB is down for 172 minutes: nothing is lost or counted twice, and 15 minutes later all is exact', async () => {
  const [DOWN_AT, UP_AT] = [10, 10 + 172];
  const END = UP_AT + 15;
  const STREAMS = 4;
  const CALLS = 5;
  const inner = memoryStore();
  const { store, state } = outageOf(inner);
  const objects = ingestWorldOf().objects;
  const alerts = fakeTopic();
  const worldAt = (nowMs: number) => ingestWorldOf(nowMs, { store }).world;

  interface Queued {
    readonly event: unknown;
    readonly id: string;
    tries: number;
    atMinute: number;
  }
  let queue: Queued[] = [];
  const seen = {
    invocations: 0,
    failed: 0,
    toBucket: 0,
    redriven: 0,
    redriveRuns: 0,
    redriveFailed: 0,
    blind: 0,
    emptyAt: 0,
  };

  /** Lambda's queue: retries after one and two minutes, then the bucket. */
  const invoke = async (each: Queued, minute: number): Promise<boolean> => {
    const world = worldAt(T0 + minute * MINUTE);
    const { answer } = await listen(() => ingestHandler(async () => world)(each.event, contextOf()));
    seen.invocations++;
    if (answer === undefined) return true;
    seen.failed++;
    each.tries++;
    each.atMinute = minute + each.tries;
    if (each.tries < 3) return false;
    seen.toBucket++;
    objects.kept.set(`${FAILED_PREFIX}Test-ingest/${each.id}`, JSON.stringify({ requestPayload: each.event }));
    return true;
  };

  for (let minute = 1; minute <= END; minute++) {
    const nowMs = T0 + minute * MINUTE;
    state.isDown = minute >= DOWN_AT && minute < UP_AT;
    if (minute <= UP_AT) {
      for (let stream = 0; stream < STREAMS; stream++) {
        const lines = minuteOf(nowMs - MINUTE, CALLS, 1);
        const event = packed(subscription(lines, { logStream: `stream-${stream}` }));
        queue.push({ event, id: `${String(minute).padStart(3, '0')}-${stream}`, tries: 0, atMinute: minute });
      }
    }
    const waiting: Queued[] = [];
    for (const each of queue) if (each.atMinute > minute || !(await invoke(each, minute))) waiting.push(each);
    queue = waiting;

    if (minute % 5 === 0) {
      const world = worldAt(nowMs);
      const context = contextOf(240_000);
      const { answer, metrics } = await listen(() =>
        redriveHandler(async () => ({ ...world, objects, pause: async () => {} }))({ source: 'aws.events' }, context),
      );
      seen.redriveRuns++;
      seen.redriven += metrics['Redriven'] ?? 0;
      if (answer !== undefined) seen.redriveFailed++;
      if (minute >= UP_AT && objects.kept.size === 0) seen.emptyAt ||= minute;
    }
    const settings = { ...DEFAULT_SETTINGS, keySalt: '' };
    const evaluate = evaluateHandler(() => ({ store, settings, alerts, chat: null, now: () => nowMs }));
    const event = { source: 'aws.events', time: new Date(nowMs).toISOString() };
    if ((await listen(() => evaluate(event, contextOf()))).answer !== undefined) seen.blind++;
  }

  const batches = UP_AT * STREAMS;
  // What arrived from minute 10 to minute 178 failed three times; what arrived in the last three minutes was tried again in time.
  const lost = (UP_AT - DOWN_AT - 3) * STREAMS;
  expect(seen).toMatchObject({ toBucket: lost, redriven: lost, blind: UP_AT - DOWN_AT });
  // By the first redrive after the end.
  expect(seen.emptyAt).toBe(UP_AT + 3);
  expect(seen.redriveFailed).toBeGreaterThan(30);
  expect(state.doneAllTheSame).toBeGreaterThan(100);
  expect(queue).toEqual([]);
  expect(objects.kept.size).toBe(0);

  const totals = { ...NO_TOTALS, received: batches * CALLS, counted: batches * CALLS };
  const sum = (all: readonly { readonly totals: typeof NO_TOTALS }[]) =>
    all.reduce((left, each) => addTotals(left, each.totals), NO_TOTALS);
  expect(sum(await inner.contributions(0, T0 + END * MINUTE))).toEqual(totals);
  const rollUps = await inner.rollUps('minute', T0, T0 + END * MINUTE);
  expect(sum(rollUps)).toEqual(totals);
  expect(rollUps).toHaveLength(UP_AT);
  expect(new Set(rollUps.map((rollUp) => rollUp.totals.counted))).toEqual(new Set([STREAMS * CALLS]));
}, 60_000);
