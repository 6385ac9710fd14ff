/** What a team is told of log data that come late: once, marked, with the true times; and what it is not told. */
import type { Alert } from '../../shared/alert.ts';
import { evaluate } from '../../shared/pipeline.ts';
import { addSilence } from '../../shared/silence.ts';
import {
  alertsOf,
  type Delay,
  deliveriesOf,
  line,
  linesOf,
  live,
  minuteAt,
  msOf,
  onTime,
  settings,
  shown,
  told,
  type World,
  worldOf,
} from './late-world.ts';
import { badKey, budget, type Caller, CHECKOUT, SEARCH, SUPPORT as SUPPORT_APP, type Timetable } from './timetable.ts';

const SUPPORT = '/app/support';
/** The forwarder of an application is down from one minute to another, and then delivers all at once. */
const outage =
  (logGroup: string, from: number, to: number): Delay =>
  (group, minute) =>
    group === logGroup && minute >= from && minute < to ? to - minute : 0;
const steadily =
  (logGroup: string, minutes: number): Delay =>
  (group) =>
    group === logGroup ? minutes : 0;
const FEW: readonly (readonly [Caller, number])[] = [
  [SUPPORT_APP, 25],
  [SEARCH, 20],
];
const span = ({ sinceMs, untilMs = 0 }: Alert): string => `${minuteAt(sinceMs)}–${minuteAt(untilMs)}`;
const failuresOf = async (world: World): Promise<number[]> => (await alertsOf(world)).map(({ failures }) => failures);

describe('an incident that only late data show', () => {
  const table: Timetable = { begin: 100, minutes: 185, faults: [badKey(130, 145)] };

  test('and that is over when they come is told once, as over, with its true times', async () => {
    const world = await told(table, outage(SUPPORT, 125, 170));
    expect(linesOf(world)).toEqual(['171 resolved key support-prod 130–145']);
    expect(world.sent.map(({ message }) => message.subject)).toEqual([
      'Found late, over: Virtual key expired or revoked: key support-prod, 375 calls failed in 15 minutes',
    ]);
    const [alert] = await alertsOf(world);
    expect(alert).toMatchObject({ state: 'resolved', reason: 'found-late', lateMs: msOf(171), failures: 375 });
    expect(alert?.history).toMatchObject({ times: 1 });
  });

  test('is named and counted as if it had been told on time', async () => {
    const [onTimeWorld, late] = [await told(table, onTime), await told(table, outage(SUPPORT, 125, 170))];
    expect(linesOf(onTimeWorld)).toEqual([
      '133 first key support-prod 130–133',
      '150 resolved key support-prod 130–145',
    ]);
    const what = async (world: World) =>
      (await alertsOf(world)).map(({ id, scope, sinceMs, untilMs, firedMs, resolvedMs, calls, failures, causes }) => {
        return { id, scope, sinceMs, untilMs, firedMs, resolvedMs, calls, failures, causes };
      });
    expect(await what(late)).toEqual(await what(onTimeWorld));
  });

  test('and that lasts is told as delayed, and resolves as any other', async () => {
    const lasting: Timetable = { begin: 100, minutes: 200, traffic: FEW, faults: [badKey(150, 180)] };
    const world = await told(lasting, outage(SUPPORT, 125, 165));
    expect(linesOf(world)).toEqual(['166 delayed key support-prod 150–165', '185 resolved key support-prod 150–180']);
    expect(world.sent[0]?.message.text).toMatch(/the log data came late, at\s+14:46\s+UTC/);
    expect(await failuresOf(world)).toEqual([750]);
  });

  test.each([10, 40, 100])('of a log group that is always %i minutes late is told so much later', async (minutes) => {
    const steady: Timetable = { begin: 100, minutes: 160 + minutes, traffic: FEW, faults: [badKey(130, 145)] };
    const world = await told(steady, steadily(SUPPORT, minutes));
    expect(linesOf(world)).toEqual([
      `${133 + minutes} delayed key support-prod 130–133`,
      `${150 + minutes} resolved key support-prod 130–145`,
    ]);
    expect(await failuresOf(world)).toEqual([375]);
  });

  test('in batches that come in any order is told once', async () => {
    const world = await told(table, (group, minute) =>
      group === SUPPORT && minute >= 125 && minute < 160 ? 170 - minute + ((minute * 7) % 5) : 0,
    );
    expect(world.sent).toHaveLength(1);
    expect((await alertsOf(world)).map(span)).toEqual(['130–145']);
    expect(await failuresOf(world)).toEqual([375]);
  });

  test('of an application that then falls silent is closed after an hour without data', async () => {
    const silent: Timetable = { begin: 100, minutes: 280, traffic: FEW, faults: [badKey(150, 300)] };
    const world = await told(silent, (group, minute) =>
      group !== SUPPORT || minute < 125 ? 0 : minute < 160 ? 200 - minute : null,
    );
    expect(linesOf(world)).toEqual(['201 delayed key support-prod 150–160', '260 resolved key support-prod 150–160']);
    expect(world.sent[1]?.message.subject).toMatch(/^Closed, nobody calls: /);
  });

  test('and that comes back late is the same alert', async () => {
    const twice: Timetable = { begin: 100, minutes: 215, traffic: FEW, faults: [badKey(120, 130), badKey(160, 200)] };
    const world = await told(twice, outage(SUPPORT, 145, 180));
    expect(linesOf(world)).toEqual([
      '123 first key support-prod 120–123',
      '135 resolved key support-prod 120–130',
      expect.stringMatching(/^181 delayed key support-prod/),
      expect.stringMatching(/^2\d\d resolved key support-prod/),
    ]);
    expect(new Set(world.sent.map((sent) => shown(sent).id)).size).toBe(1);
  });

  test('while something else was told is told beside it', async () => {
    const two: Timetable = { begin: 100, minutes: 185, faults: [badKey(130, 145), budget(CHECKOUT, 128, 150)] };
    const world = await told(two, outage(SUPPORT, 125, 170));
    expect(linesOf(world).filter((it) => !it.includes('checkout'))).toEqual(['171 resolved key support-prod 130–145']);
    expect(linesOf(world)).toHaveLength(3);
    const throttled = budget(SEARCH, 130, 145);
    const alike = await told(
      { ...two, faults: [throttled, budget(CHECKOUT, 128, 150)] },
      outage('/app/search', 125, 170),
    );
    expect(linesOf(alike)).toEqual([
      '131 first key checkout-prod 128–131',
      '155 resolved key checkout-prod 128–150',
      '171 resolved key search-prod 130–145',
    ]);
  });

  test('is kept quiet by a silence, and shown', async () => {
    const world = worldOf();
    const asked = { filters: { key: 'support-prod' }, reason: 'they know', fromMs: msOf(100), untilMs: msOf(400) };
    await addSilence(world.store, asked, msOf(100));
    await live(world, deliveriesOf({ ...table, traffic: FEW }, outage(SUPPORT, 125, 170)), [100, 180]);
    expect(world.sent).toEqual([]);
    expect((await alertsOf(world)).map(span)).toEqual(['130–145']);
  });
});

describe('late data of what was told', () => {
  /** One key in two applications, of which one delivers late. */
  const CART: Caller = { ...CHECKOUT, logGroup: '/app/cart' };
  const table: Timetable = {
    ...{ begin: 100, minutes: 200, faults: [budget(CHECKOUT, 130, 150)] },
    traffic: [...FEW, [CHECKOUT, 20], [CART, 30]],
  };

  const reasons = ({ sent }: World): unknown[] => sent.map(({ message }) => message.json['reason']);

  test.each([
    ['after its end', outage('/app/cart', 125, 180), ['first', 'resolved']],
    // To tell that it is not one application but its key is news, as it is on time.
    ['while it lasts', outage('/app/cart', 125, 143), ['first', 'escalated', 'resolved']],
    ['all along', steadily('/app/cart', 15), ['first', 'resolved']],
  ])('that come %s change its figures and open nothing', async (_, delay, reasons_) => {
    const world = await told(table, delay);
    expect(reasons(world)).toEqual(reasons_);
    const alerts = await alertsOf(world);
    expect(alerts.map(span)).toEqual(['130–150']);
    expect(alerts).toMatchObject([{ scope: { by: 'key', value: 'checkout-prod' }, failures: 1000 }]);
    expect(alerts[0]).not.toHaveProperty('lateMs');
  });

  test('and show that it began earlier tell nothing', async () => {
    const faults = [{ ...budget(CHECKOUT, 130, 150), hits: (who: Caller) => who.logGroup === '/app/checkout' }];
    const earlier = { ...budget(CHECKOUT, 110, 150), hits: (who: Caller) => who.logGroup === '/app/cart' };
    const world = await told({ ...table, faults: [...faults, earlier] }, outage('/app/cart', 105, 180));
    expect(reasons(world)).toEqual(['first', 'resolved']);
    expect((await alertsOf(world)).map(span)).toEqual(['110–150']);
  });

  test('and went well tell nothing', async () => {
    const faults = [{ ...budget(CHECKOUT, 130, 150), hits: (who: Caller) => who.logGroup === '/app/checkout' }];
    const world = await told({ ...table, faults }, outage('/app/cart', 125, 180));
    expect(reasons(world)).toEqual(['first', 'resolved']);
    expect(await failuresOf(world)).toEqual([400]);
  });
});

describe('late data that tell nothing', () => {
  const table: Timetable = { begin: 100, minutes: 185, traffic: FEW, faults: [badKey(130, 145)] };
  const noted = async ({ store }: World) => (await store.load('late'))?.value ?? null;

  test('calls that went well', async () => {
    const world = await told({ ...table, faults: [] }, outage(SUPPORT, 125, 170));
    expect(world.sent).toEqual([]);
    expect(await alertsOf(world)).toEqual([]);
    expect(await noted(world)).toMatchObject({ windows: [], grown: [] });
  });

  test('a blip', async () => {
    expect(linesOf(await told({ ...table, faults: [badKey(130, 131)] }, outage(SUPPORT, 125, 170)))).toEqual([]);
  });

  test('repeats of what was counted', async () => {
    const world = await told(table, onTime);
    const again = new Map([[190, [...deliveriesOf(table, onTime).values()].flat()]]);
    const counts = async () =>
      (await world.store.rollUps('minute', 0, Number.MAX_SAFE_INTEGER)).map(({ cells }) => cells);
    const before = await counts();
    await live(world, again, [185, 195]);
    expect(await counts()).toEqual(before);
    expect(world.sent).toHaveLength(2);
    expect(await noted(world)).toBeNull();
  });

  test.each([
    ['5 h 50 min', 350, 1],
    ['6 h 20 min', 380, 0],
    ['a day', 1440, 0],
  ])('an incident %s ago, at minute %i, is told by %i messages', async (_, minutes, messages) => {
    const world = worldOf();
    const isLate = (minute: number): boolean => minute >= 125;
    const deliveries = deliveriesOf(table, (group, minute) => (group === SUPPORT && isLate(minute) ? null : 0));
    await live(world, deliveries, [100, 160]);
    const kept = deliveriesOf(table, (group, minute) => (group === SUPPORT && isLate(minute) ? 0 : null));
    const came = 130 + minutes;
    await evaluate({ store: world.store, settings, nowMs: msOf(came), notifier: { send: async () => {} } });
    await live(world, new Map([[came, [...kept.values()].flat().filter(({ windowMs }) => windowMs < msOf(145))]]), [
      came,
      came + 3,
    ]);
    expect(world.sent.map(line)).toHaveLength(messages);
    // A day that has come late is in every summary.
    const rollUps = await world.store.rollUps('minute', msOf(130), msOf(145));
    const failures = rollUps.flatMap(({ cells }) => cells).filter(({ status }) => status === 401);
    expect(failures.reduce((sum, { calls }) => sum + calls, 0)).toBe(375);
  });

  test('minutes of before anything was judged', async () => {
    const fresh: Timetable = { ...table, minutes: 180 };
    const world = await told(fresh, (group, minute) =>
      group === SUPPORT ? Math.max(0, 165 - minute) : minute < 150 ? null : 0,
    );
    expect(world.sent).toEqual([]);
    expect(await noted(world)).not.toMatchObject({ grown: [expect.anything()] });
  });
});
