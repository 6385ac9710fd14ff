import './environment.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { redriveHandler } from '../../functions/redrive.ts';
import { breakable, call, contextOf, ingestWorldOf, listen, MINUTE, packed, subscription, T0 } from './fakes.ts';

const key = (n: number): string =>
  `aws/lambda/async/Test-ingest/2026/11/17/2026-11-17T09.00.${String(n).padStart(2, '0')}-x`;
/** What Lambda writes: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
const recordOf = (requestPayload: unknown): string =>
  JSON.stringify({
    version: '1.0',
    timestamp: '2026-11-17T09:00:00.000Z',
    requestContext: { requestId: 'r', functionArn: 'arn', condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    requestPayload,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType: 'Error', errorMessage: 'x' },
  });
const batch = (n: number) =>
  packed(subscription([call(503, T0 + n), call(200, T0 + n + 1)], { logStream: `stream-${n}` }));

function deployment() {
  const store = breakable(memoryStore());
  const { world, objects } = ingestWorldOf(T0 + MINUTE, { store });
  let pauses = 0;
  const pause = async () => {
    pauses += 1;
  };
  const run = (remainingMs: () => number = () => 240_000) => {
    const context = Object.assign(contextOf(), { getRemainingTimeInMillis: remainingMs });
    return listen(() => redriveHandler(async () => ({ ...world, objects, pause }))({}, context));
  };
  const counted = async () =>
    (await store.contributions(0, T0 + 99 * MINUTE)).reduce((sum, { totals }) => sum + totals.counted, 0);
  return { store, kept: objects.kept, objects, run, counted, pauses: () => pauses };
}

test('failed batches are counted and deleted, and a second run finds nothing', async () => {
  const { kept, run, counted } = deployment();
  for (let n = 0; n < 25; n++) kept.set(key(n), recordOf(batch(n)));
  const { metrics, lines } = await run();
  expect(lines).toEqual([expect.objectContaining({ redriven: 25, failed: 0, left: 0 })]);
  expect(metrics).toMatchObject({ Redriven: 25, RedriveLeft: 0, Counted: 50 });
  expect(kept.size).toBe(0);
  await expect(counted()).resolves.toBe(50);
  expect((await run()).metrics).toMatchObject({ Redriven: 0 });
});

test('C7 waits a random while before the first batch, and not when there is none', async () => {
  const { kept, run, pauses } = deployment();
  await run();
  expect(pauses()).toBe(0);
  for (let n = 0; n < 25; n++) kept.set(key(n), recordOf(batch(n)));
  await run();
  expect(pauses()).toBe(1);
});

test('A6 a batch that had been counted in fact changes nothing', async () => {
  const { kept, run, counted } = deployment();
  kept.set(key(1), recordOf(batch(1)));
  await run();
  kept.set(key(2), recordOf(batch(1)));
  const { metrics } = await run();
  expect(metrics).toMatchObject({ Redriven: 1, DuplicateBatches: 1 });
  await expect(counted()).resolves.toBe(2);
});

test('C7 while the store is away everything stays, and is counted exactly once when it is back', async () => {
  const { kept, run, counted, store } = deployment();
  for (let n = 0; n < 60; n++) kept.set(key(n), recordOf(batch(n)));
  store.broken = ['add'];
  for (let time = 0; time < 3; time++) {
    const { answer, metrics } = await run();
    expect(answer).toMatchObject({ code: 'REDRIVE_FAILED' });
    expect(metrics['Redriven']).toBe(0);
  }
  expect(kept.size).toBe(60);
  store.broken = [];
  await run();
  expect(kept.size).toBe(0);
  await expect(counted()).resolves.toBe(120);
});

test('counted, but not deleted: the next run counts nothing twice', async () => {
  const { kept, run, counted, objects } = deployment();
  kept.set(key(1), recordOf(batch(1)));
  objects.fail = 'remove';
  await run();
  objects.fail = null;
  await run();
  expect(kept.size).toBe(0);
  await expect(counted()).resolves.toBe(2);
});

test('poison in the bucket is quarantined with its code, and does not come back', async () => {
  const { kept, run, store } = deployment();
  kept.set(key(1), recordOf({ awslogs: { data: '*' } }));
  kept.set(key(2), 'no record');
  kept.set(key(3), '{"requestContext":{}}');
  const { metrics } = await run();
  expect(metrics).toMatchObject({ Quarantined: 3 });
  expect([...kept.keys()].every((name) => name.startsWith('quarantine/'))).toBe(true);
  const codes = (await store.list('quarantine/')).map(({ value }) => Object(value).code);
  expect(codes.sort()).toEqual(['BAD_BASE64', 'BAD_FAILURE_RECORD', 'BAD_FAILURE_RECORD']);
});

test('a tick of the clock that failed is deleted, not counted', async () => {
  const { kept, run } = deployment();
  kept.set(key(1), recordOf({ source: 'aws.events', 'detail-type': 'Scheduled Event', time: '2026-11-17T09:00:00Z' }));
  expect((await run()).lines).toEqual([expect.objectContaining({ tick: 1 })]);
  expect(kept.size).toBe(0);
});

test('quarantined batches and other objects are not touched', async () => {
  const { kept, run } = deployment();
  kept.set('quarantine/2026-11-17/abc', 'x');
  kept.set('aws/lambda/other', 'x');
  await run();
  expect(kept.size).toBe(2);
});

test('it stops in time, and the rest is done by the next run', async () => {
  const { kept, run } = deployment();
  for (let n = 0; n < 30; n++) kept.set(key(n), recordOf(batch(n)));
  let leftMs = 60_000;
  const { metrics, answer } = await run(() => {
    leftMs -= 10_000;
    return leftMs;
  });
  expect(answer).toBeUndefined();
  expect(metrics['RedriveLeft']).toBeGreaterThan(0);
  expect(kept.size).toBeGreaterThan(0);
  await run();
  expect(kept.size).toBe(0);
});

test('one that fails does not hold up the others', async () => {
  const { kept, run, objects } = deployment();
  for (let n = 0; n < 10; n++) kept.set(key(n), recordOf(n === 3 ? {} : batch(n)));
  objects.fail = 'put';
  const { answer, lines } = await run();
  expect(answer).toBeUndefined();
  expect(lines).toEqual([expect.objectContaining({ redriven: 9, failed: 1, code: 'BUCKET_FAILED' })]);
  expect([...kept.keys()]).toEqual([key(3)]);
});
