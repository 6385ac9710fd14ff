import './environment.ts';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ingestHandler } from '../../functions/ingest.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import {
  breakable,
  call,
  contextOf,
  ingestWorldOf,
  listen,
  MINUTE,
  minuteOf,
  OWNER,
  packed,
  subscription,
  T0,
} from './fakes.ts';

/** Must never be logged. */
const CANARY = 'sk-canary-5f3a9b1c';
const good = () => packed(subscription([call(503, T0), call(200, T0 + 1)]));

const run = (event: unknown, fake = ingestWorldOf()) =>
  listen(() => ingestHandler(async () => fake.world)(event, contextOf()));
const counted = async (fake: ReturnType<typeof ingestWorldOf>) =>
  (await fake.store.contributions(0, T0 + 99 * MINUTE)).reduce((sum, each) => sum + each.totals.counted, 0);

const bytes = (buffer: Buffer) => ({ awslogs: { data: buffer.toString('base64') } });

test.each([
  ['B1 no payload', {}, 'NO_PAYLOAD'],
  ['B1 data is no text', { awslogs: { data: 7 } }, 'NO_PAYLOAD'],
  ['B1 null', null, 'NO_PAYLOAD'],
  ['B2 no base64', { awslogs: { data: `H4sI*${CANARY}` } }, 'BAD_BASE64'],
  ['B3 cut gzip', bytes(gzipSync(CANARY).subarray(0, -3)), 'GZIP_TRUNCATED'],
  ['B3 no gzip', bytes(Buffer.from(CANARY)), 'GZIP_CORRUPT'],
  ['B4 a gzip bomb', bytes(gzipSync(Buffer.alloc(65 * 1024 * 1024))), 'GZIP_TOO_LARGE'],
  ['B6 no JSON', packed(`{"${CANARY}`), 'BAD_JSON'],
  ['B6 another shape', packed({ messageType: 'DATA_MESSAGE', owner: 3, secret: CANARY }), 'BAD_SHAPE'],
  ['B7 events are no list', packed(subscription([], { logEvents: CANARY })), 'BAD_SHAPE'],
  ['A16 an unknown message type', packed(subscription([], { messageType: CANARY })), 'UNKNOWN_MESSAGE_TYPE'],
  [
    'A20 a foreign account',
    packed(subscription([{ atMs: T0, message: CANARY }], { owner: '999999999999' })),
    'FOREIGN_OWNER',
  ],
])('%s: quarantined with its code and acknowledged', async (_, event, code) => {
  const fake = ingestWorldOf();
  const { lines, metrics, answer, text } = await run(event, fake);
  expect(answer).toBeUndefined();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    code,
    at: expect.stringMatching(/^s3:\/\/bucket\/quarantine\/2026-11-17\/[0-9a-f]{32}$/),
  });
  expect(metrics['Quarantined']).toBe(1);
  expect(text).not.toContain(CANARY);
  const [[key, kept] = ['', '']] = [...fake.objects.kept];
  expect(kept).toBe(JSON.stringify(event));
  await expect(fake.store.load(key)).resolves.toMatchObject({
    value: { code, size: Buffer.byteLength(kept), object: key },
  });
  await expect(counted(fake)).resolves.toBe(0);
});

test('a poison batch delivered again is one object and one index entry', async () => {
  const fake = ingestWorldOf();
  await run({}, fake);
  await run({}, fake);
  expect(fake.objects.kept.size).toBe(1);
  await expect(fake.store.list('quarantine/')).resolves.toHaveLength(1);
});

test('E13 a quarantine that cannot be written throws: nothing is acknowledged', async () => {
  const fake = ingestWorldOf();
  fake.objects.fail = 'put';
  const { answer, lines, metrics } = await run({}, fake);
  expect(answer).toMatchObject({ code: 'BUCKET_FAILED' });
  expect(lines[0]).toMatchObject({ level: 'ERROR', code: 'BUCKET_FAILED' });
  expect(metrics['Quarantined']).toBeUndefined();
});

test('a payload too deep to be written down is quarantined all the same', async () => {
  let deep: unknown = [];
  for (let i = 0; i < 20_000; i++) deep = [deep];
  const { lines } = await run({ deep });
  expect(lines[0]).toMatchObject({ code: 'NO_PAYLOAD' });
});

test('A14 an empty list of events is a success that writes nothing', async () => {
  const fake = ingestWorldOf();
  const { answer, metrics } = await run(packed(subscription([])), fake);
  expect(answer).toBeUndefined();
  expect(metrics).toMatchObject({ Received: 0, Counted: 0 });
  await expect(fake.store.dirty()).resolves.toEqual([]);
});

test('A15 a control message is acknowledged and writes nothing', async () => {
  const fake = ingestWorldOf();
  const { answer, lines } = await run(packed(subscription([], { messageType: 'CONTROL_MESSAGE' })), fake);
  expect(answer).toBeUndefined();
  expect(lines[0]).toMatchObject({ control: true });
  expect(fake.objects.kept.size).toBe(0);
  await expect(fake.store.dirty()).resolves.toEqual([]);
});

test('B5 concatenated gzip members are counted', async () => {
  const text = JSON.stringify(subscription([call(503, T0)]));
  const { metrics } = await run(bytes(Buffer.concat([gzipSync(text.slice(0, 50)), gzipSync(text.slice(50))])));
  expect(metrics).toMatchObject({ Counted: 1 });
});

test('B7 a broken event costs itself, not its neighbours', async () => {
  const logEvents = [
    null,
    { id: '1', timestamp: 'now', message: 'x' },
    { id: '2', timestamp: T0, message: 7 },
    { id: '3', timestamp: T0, message: call(429, T0).message },
  ];
  const fake = ingestWorldOf();
  const { metrics, lines } = await run(packed(subscription([], { logEvents })), fake);
  expect(metrics).toMatchObject({ Received: 4, Counted: 1, Unreadable: 3, LawBroken: 0 });
  expect(lines[0]).toMatchObject({ totals: { received: 4, counted: 1, malformed: 3 } });
});

test('B8 bytes that are no UTF-8 are counted', async () => {
  const text = Buffer.from(JSON.stringify(subscription([{ atMs: T0, message: `@@ ${call(503, T0).message}` }])));
  text[text.indexOf('@@')] = 0xff;
  const { metrics } = await run(bytes(gzipSync(text)));
  expect(metrics).toMatchObject({ Counted: 1, Utf8Repaired: 1 });
  expect((await run(good())).metrics).toMatchObject({ Utf8Repaired: 0 });
});

test('C12 a batch of our own log group is dropped, counted and not quarantined', async () => {
  const fake = ingestWorldOf();
  const event = packed(subscription([{ atMs: T0, message: CANARY }], { logGroup: '/gridwatch/Test/ingest' }));
  const { metrics, answer, text } = await run(event, fake);
  expect(answer).toBeUndefined();
  expect(metrics).toMatchObject({ LoopGuard: 1 });
  expect(fake.objects.kept.size).toBe(0);
  await expect(fake.store.dirty()).resolves.toEqual([]);
  expect(text).not.toContain(CANARY);
});

test('A1 the same delivery twice changes no count', async () => {
  const fake = ingestWorldOf();
  const first = await run(good(), fake);
  const second = await run(good(), fake);
  expect([first.metrics['DuplicateBatches'], second.metrics['DuplicateBatches']]).toEqual([0, 1]);
  await expect(counted(fake)).resolves.toBe(2);
});

test('C6 a store that fails throws, and the redelivery is counted once', async () => {
  const store = breakable(memoryStore());
  const fake = ingestWorldOf(T0, { store });
  store.broken = ['add'];
  const { answer, lines } = await run(good(), fake);
  expect(answer).toMatchObject({ code: 'TABLE_FAILED' });
  expect(lines).toEqual([expect.objectContaining({ level: 'ERROR', error: 'Error', code: 'TABLE_FAILED' })]);
  store.broken = [];
  await run(good(), fake);
  await run(good(), fake);
  await expect(counted(fake)).resolves.toBe(2);
});

test('one line per invocation, with counts and duration, without anything of the events', async () => {
  const lines = [...minuteOf(T0, 20, 5), { atMs: T0, message: `password ${CANARY}` }];
  const said = await run(packed(subscription(lines)));
  expect(said.lines).toHaveLength(1);
  expect(said.lines[0]).toMatchObject({
    ...{ level: 'INFO', message: 'done', service: 'Test', requestId: 'request-1', durationMs: expect.any(Number) },
    totals: { received: 21, counted: 20, notCall: 1, malformed: 0, tooLate: 0 },
    skipped: { 'not-a-call': 1 },
  });
  expect(said.metrics).toMatchObject({ Received: 21, Counted: 20, LawBroken: 0 });
  expect(said.text).not.toMatch(new RegExp(`${CANARY}|httpx|chat/completions`));
});

test('whatever the payload is, it is counted, quarantined or acknowledged, never thrown', async () => {
  const json = fc.jsonValue();
  const nearlyRight = fc
    .record({
      messageType: fc.constantFrom('DATA_MESSAGE', 'X'),
      owner: fc.constantFrom(OWNER, 'x'),
      logGroup: fc.string(),
      logStream: fc.string(),
      logEvents: json,
    })
    .map((message) => packed(message));
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, nearlyRight), async (event) => {
      const { answer, lines } = await run(event);
      expect(answer).toBeUndefined();
      expect(lines).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});
