import './environment.ts';
import { evaluateHandler } from '../../functions/evaluate.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { causeById } from '../../shared/causes.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { deliver, evaluateAt } from './deployment.ts';
import { breakable, contextOf, fakeTopic, listen, MINUTE, minuteOf, packed, subscription, T0 } from './fakes.ts';

/** A deployment in virtual time: minute by minute, ingest then evaluate. */
function deployment() {
  const store = breakable(memoryStore());
  const [alerts, chat] = [fakeTopic(), fakeTopic('arn:aws:sns:us-east-1:123456789012:chat')];
  let clockMs = T0;
  const world = { store, settings: { ...DEFAULT_SETTINGS, keySalt: '' }, alerts, chat, now: () => clockMs };
  const evaluate = evaluateHandler(() => world);
  const tick = (atMs: number) => {
    clockMs = atMs + 900;
    return evaluateAt(atMs, evaluate);
  };
  const minute = async (index: number, failing: number) => {
    const fromMs = T0 + index * MINUTE;
    const event = packed(subscription(minuteOf(fromMs, 60, failing)));
    await deliver(store, fromMs + MINUTE, event);
    return tick(fromMs + MINUTE);
  };
  /** Ten calm minutes, then failing ones until minute `to`. */
  const outage = async (to: number) => {
    for (let index = 0; index < to; index++) await minute(index, index < 10 ? 0 : 40);
  };
  return { store, alerts, chat, minute, tick, outage, setClock: (ms: number) => (clockMs = ms) };
}

test('a spike becomes one publish, with a text for people and what Slack needs for machines', async () => {
  const { alerts, chat, outage } = deployment();
  await outage(14);
  expect(alerts.published).toHaveLength(1);
  const [{ subject, text, json, attributes }] = alerts.published as [(typeof alerts.published)[0]];
  expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
  expect(text).toContain('503');
  expect(json).toMatchObject({ schema: 'gridwatch.alert/1', subject, reason: 'first', remediation: expect.any(Array) });
  expect(attributes).toEqual({
    notificationId: json?.['notificationId'],
    alertId: expect.any(String),
    reason: 'first',
  });
  expect(chat.raw.map((raw) => JSON.parse(raw))).toMatchObject([
    { version: '1.0', source: 'custom', metadata: { threadId: attributes?.['alertId'] } },
  ]);
});

test('each minute says failures by category, open alerts, lag and the law', async () => {
  const { outage, minute } = deployment();
  await outage(14);
  const { metrics, lines } = await minute(14, 40);
  expect(metrics).toMatchObject({
    ...{ Failures: 40, FailuresTransient: 40, FailuresThrottle: 0, FailuresRequest: 0, FailuresConnection: 0 },
    ...{ AlertsOpen: 1, LawBroken: 0, MessagesSent: 0, EvaluationLagSeconds: expect.any(Number) },
  });
  expect(metrics['EvaluationLagSeconds']).toBeLessThan(60);
  expect(lines).toEqual([
    expect.objectContaining({ message: 'done', alertsOpen: 1, failures: expect.objectContaining({ transient: 40 }) }),
  ]);
});

test('failures by cause have one dimension more, the cause, and nothing else of a call', async () => {
  const { outage, minute } = deployment();
  await outage(14);
  const { text } = await minute(14, 40);
  const documents = text
    .split('\n')
    .filter((line) => line.includes('FailuresByCause'))
    .map((line) => JSON.parse(line));
  expect(documents).toEqual([
    { _aws: expect.any(Object), service: expect.any(String), cause: expect.any(String), FailuresByCause: 40 },
  ]);
  const [{ _aws, cause }] = documents;
  expect(causeById(cause)).toBeDefined();
  expect(_aws.CloudWatchMetrics).toEqual([
    {
      Namespace: expect.any(String),
      Dimensions: [expect.arrayContaining(['service', 'cause'])],
      Metrics: [expect.objectContaining({ Name: 'FailuresByCause' })],
    },
  ]);
});

test('D10 a deployment that has seen no event is not late', async () => {
  const { metrics } = await deployment().tick(T0);
  expect(metrics).toMatchObject({ EvaluationLagSeconds: 0, Failures: 0, AlertsOpen: 0 });
});

test('E1 SNS fails: the alert stays in the outbox and goes out when SNS is back', async () => {
  const { alerts, outage, minute } = deployment();
  alerts.fail = 'before';
  await outage(13);
  const { answer, lines } = await minute(13, 40);
  expect(answer).toMatchObject({ code: 'TOPIC_FAILED' });
  expect(lines).toEqual([expect.objectContaining({ level: 'ERROR', code: 'TOPIC_FAILED' })]);
  alerts.fail = null;
  await minute(14, 40);
  await minute(15, 40);
  expect(alerts.published).toHaveLength(1);
});

test('E2 published, but the answer is lost: one duplicate, of the same id and subject', async () => {
  const { alerts, outage, minute } = deployment();
  alerts.fail = 'after';
  await outage(12);
  const before = alerts.published.length;
  alerts.fail = null;
  await minute(12, 40);
  await minute(13, 40);
  expect(new Set(alerts.published.map(({ subject }) => subject)).size).toBe(1);
  expect(new Set(alerts.published.map(({ attributes }) => attributes?.['notificationId'])).size).toBe(1);
  expect(alerts.published.length - before).toBeLessThanOrEqual(1);
});

test('E3 SNS is away for a day: what is waiting goes out when it is back', async () => {
  const { alerts, outage, tick } = deployment();
  alerts.fail = 'before';
  await outage(14);
  alerts.fail = null;
  await tick(T0 + 24 * 60 * MINUTE);
  expect(alerts.published.length).toBeGreaterThanOrEqual(1);
  expect(new Set(alerts.published.map(({ attributes }) => attributes?.['alertId'])).size).toBe(1);
});

test('chat that refuses is said once through the alert topic, and e-mail is not repeated for it', async () => {
  const { alerts, chat, outage, minute } = deployment();
  chat.fail = 'before';
  await outage(14);
  await minute(14, 40);
  const notices = alerts.published.filter(({ json }) => json?.['schema'] === 'gridwatch.notice/1');
  expect(notices).toMatchObject([{ subject: 'gridwatch: CHAT_REFUSED' }]);
  expect(alerts.published).toHaveLength(2);
});

test('E10 subscriptions that nobody confirmed are counted every fifth minute', async () => {
  const { alerts, tick } = deployment();
  alerts.pending = 2;
  expect((await tick(T0)).metrics['UnconfirmedSubscriptions']).toBe(2);
  expect((await tick(T0 + MINUTE)).metrics['UnconfirmedSubscriptions']).toBeUndefined();
});

test.each([
  ['on time', T0, T0 + 400, { at: '2026-11-17T09:00:00.400Z', skewMs: 0 }],
  ['handed over late', T0, T0 + 90_000, { at: '2026-11-17T09:01:30.000Z', skewMs: 0 }],
  ['a clock 5 minutes ahead', T0, T0 + 300_000, { at: '2026-11-17T09:00:00.000Z', skewMs: 300_000 }],
  ['a clock 5 minutes behind', T0, T0 - 300_000, { at: '2026-11-17T09:00:00.000Z', skewMs: -300_000 }],
])('D8 %s: the present is told apart', async (_, meantMs, clockMs, expected) => {
  const world = {
    store: memoryStore(),
    settings: { ...DEFAULT_SETTINGS },
    alerts: fakeTopic(),
    chat: null,
    now: () => clockMs,
  };
  const event = { time: new Date(meantMs).toISOString() };
  const { lines } = await listen(() => evaluateHandler(() => world)(event, contextOf()));
  expect(lines[0]).toMatchObject(expected);
});

test('an event without a usable time is evaluated by the clock', async () => {
  const world = {
    store: memoryStore(),
    settings: { ...DEFAULT_SETTINGS },
    alerts: fakeTopic(),
    chat: null,
    now: () => T0,
  };
  for (const event of [null, {}, { time: 7 }, { time: 'noon' }]) {
    const { lines } = await listen(() => evaluateHandler(() => world)(event, contextOf()));
    expect(lines[0]).toMatchObject({ at: '2026-11-17T09:00:00.000Z' });
  }
});

test('C6 a store that fails throws, and the next minute catches up', async () => {
  const { store, alerts, minute, outage } = deployment();
  await outage(10);
  store.broken = ['rollUps'];
  expect((await minute(10, 40)).answer).toMatchObject({ code: 'TABLE_FAILED' });
  expect((await minute(11, 40)).answer).toMatchObject({ code: 'TABLE_FAILED' });
  store.broken = [];
  await minute(12, 40);
  await minute(13, 40);
  expect(alerts.published).toHaveLength(1);
});
