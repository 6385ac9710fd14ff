import { memoryStore } from '../../functions/local/memory-store.ts';
import type { Alert } from '../../shared/alert.ts';
import type { Store } from '../../shared/ports.ts';
import { withHistory } from '../../shared/seen.ts';
import { AT_MS, alertOf, notificationOf, waiting } from './alerts.ts';

const DAY_MS = 86_400_000;
const later = (days: number, change: Partial<Alert> = {}): Alert =>
  waiting({ id: `day${days}`, sinceMs: AT_MS + days * DAY_MS, firedMs: AT_MS + days * DAY_MS, ...change });
const historyOf = async (store: Store, alert: Alert) => (await withHistory(store, [alert]))[0]?.history;

describe('the history of an alert that begins to fire', () => {
  test('is new the first time, and says so in what is told', async () => {
    const [alert] = await withHistory(memoryStore(), [waiting()]);
    const history = { firstSeenMs: AT_MS - 300_000, times: 1, backAfterMs: null };
    expect(alert?.history).toEqual(history);
    expect(alert?.outbox).toEqual([{ ...notificationOf(), alert: { ...notificationOf().alert, history } }]);
  });

  test('is back after the days since it was over', async () => {
    const store = memoryStore();
    await withHistory(store, [waiting()]);
    await store.save('alert/a', alertOf({ untilMs: AT_MS + DAY_MS }), 0);
    const back = { firstSeenMs: AT_MS - 300_000, times: 2, backAfterMs: 3 * DAY_MS };
    expect(await historyOf(store, later(4))).toEqual(back);
  });

  test('of one found late, before what was seen last, is not back', async () => {
    const store = memoryStore();
    await withHistory(store, [waiting()]);
    await withHistory(store, [later(4)]);
    const late = later(2, { state: 'resolved', reason: 'found-late' });
    expect(await historyOf(store, late)).toMatchObject({ times: 2, backAfterMs: null });
    expect(await historyOf(store, later(9))).toMatchObject({ times: 3, backAfterMs: 5 * DAY_MS });
  });

  test('is counted from its firing where the alert before is gone', async () => {
    const store = memoryStore();
    await withHistory(store, [waiting()]);
    expect(await historyOf(store, later(4))).toMatchObject({ times: 2, backAfterMs: 4 * DAY_MS });
  });

  test('is the same when it is asked again after a crash', async () => {
    const store = memoryStore();
    await withHistory(store, [waiting()]);
    const once = await historyOf(store, later(4));
    expect(await historyOf(store, later(4))).toEqual(once);
    expect(await historyOf(store, later(9))).toMatchObject({ times: 3, backAfterMs: 5 * DAY_MS });
  });

  test.each<[string, Partial<Alert>]>([
    ['of another scope', { scope: { by: 'key', value: 'other' } }],
    ['of another group', { group: 'e5xx' }],
    ['of another leading cause', { causes: [{ cause: 'rate_limit_tokens', status: 429, failures: 9 }] }],
  ])('%s is another one', async (_name, change) => {
    const store = memoryStore();
    await withHistory(store, [waiting()]);
    expect(await historyOf(store, later(4, change))).toMatchObject({ times: 1, backAfterMs: null });
  });

  test('costs nothing for alerts that go on', async () => {
    const store: Store = { ...memoryStore(), load: async () => Promise.reject(new Error('not to be read')) };
    const known = alertOf({ history: { firstSeenMs: 0, times: 1, backAfterMs: null } });
    const alerts = [known, alertOf({ state: 'pending' }), alertOf({ state: 'resolved' })];
    expect(await withHistory(store, alerts)).toEqual(alerts);
  });
});
