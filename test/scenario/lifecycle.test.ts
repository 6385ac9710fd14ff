/** An alert's life by the clock: what is told, how often, and what is not. */
import type { Filters } from '../../shared/maintenance.ts';
import type { Silence } from '../../shared/silence.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { budget, CHECKOUT, type Fault, overload, run, runStored, START_MS } from './timetable.ts';

/** `minute reason scope` of each notification. */
const brief = (line: readonly string[]): string[] => line.map((it) => it.split(' | ').slice(0, 3).join(' '));
const all = (from: number, to: number): Fault => ({
  ...{ from, to, hits: () => true, share: 0.9, cause: 'service_unavailable_unspecified', status: 503 },
});
const mini = (from: number, to: number): Fault => ({
  ...overload(from, to, 0.9),
  hits: (c) => c.model === 'gpt-4o-mini',
});

describe('flapping', () => {
  const flap = (every: number, from: number, to: number): Fault[] =>
    Array.from({ length: Math.ceil((to - from) / (2 * every)) }, (_, n) =>
      overload(from + 2 * n * every, from + (2 * n + 1) * every, 1),
    );

  test.each([[1], [3]])('every %i minutes for an hour is one beginning and one end', (every) => {
    const { line } = run({ begin: 100, minutes: 200, faults: flap(every, 120, 180) });
    expect(line.map((it) => it.split(' | ')[1])).toEqual(['first', 'resolved']);
  });

  test('every 10 minutes is one alert, and its end is believed later each time', () => {
    const { line, told } = run({ begin: 100, minutes: 240, faults: flap(10, 120, 220) });
    expect(new Set(told.map(({ notification }) => notification.alert.id)).size).toBe(1);
    expect(line.map((it) => it.split(' | ').slice(1, 4).join(' '))).toEqual([
      'first provider openai share-above-normal',
      'resolved provider openai recovered',
      'first provider openai reopened',
      'resolved provider openai recovered',
      'first provider openai reopened',
      'resolved provider openai recovered',
    ]);
  });
});

describe('a wide incident of which a part is left', () => {
  const faults = [all(120, 130), mini(130, 150)];

  test('stays one alert, which names the part and ends by the name it began with', () => {
    const { line } = run({ begin: 100, minutes: 165, faults });
    expect(line.map((it) => it.split(' | ').slice(1, 3).join(' '))).toEqual([
      'first tenant acme',
      'resolved tenant acme',
    ]);
    const [alert] = run({ begin: 100, minutes: 148, faults }).alerts;
    expect(alert).toMatchObject({ state: 'firing', reason: 'narrower', scope: { by: 'model', value: 'gpt-4o-mini' } });
    expect(alert).toMatchObject({ widest: { by: 'tenant', value: 'acme' }, sinceMs: START_MS + 120 * MINUTE_MS });
  });

  test('keeps the size it had', () => {
    const { told } = run({ begin: 100, minutes: 165, faults });
    const [first, last] = told.map(({ notification }) => notification.alert);
    expect(last?.failures).toBeGreaterThan(800);
    expect(last?.sinceMs).toBe(first?.sinceMs);
  });

  test('is no news when it is wide again', () => {
    const { line } = run({ begin: 100, minutes: 160, faults: [...faults, all(150, 160)] });
    expect(line).toHaveLength(1);
  });
});

describe('a silence', () => {
  const silence = (filters: Filters, from: number, to: number): Silence => ({
    ...{ id: 'quiet', filters, reason: 'they know', createdMs: 0, endedMs: null, by: null },
    ...{ fromMs: START_MS + from * MINUTE_MS, untilMs: START_MS + to * MINUTE_MS },
  });
  const OPENAI = { provider: 'openai' };
  const outage = (to: number, faults = [overload(120, to)]) => ({ begin: 100, minutes: to + 25, faults });

  test('keeps an alert quiet that is judged and shown as any other', () => {
    const { line, alerts } = run({ ...outage(140), minutes: 138 }, { silences: [silence(OPENAI, 110, 200)] });
    expect(line).toEqual([]);
    expect(alerts).toMatchObject([{ state: 'firing', silencedBy: 'quiet', lastNotifiedMs: null }]);
  });

  test('that outlasts the incident leaves nothing to tell', () => {
    const { line, alerts } = run(outage(130), { silences: [silence(OPENAI, 110, 200)] });
    expect(line).toEqual([]);
    expect(alerts.map(({ state }) => state)).toEqual(['resolved']);
  });

  test('that ends before the incident does tells its beginning then, with its start', () => {
    const { line, told } = run(outage(145), { silences: [silence(OPENAI, 110, 135)] });
    expect(line[0]).toBe('135 | first | provider openai | silence-over');
    expect(told[0]?.notification.alert.sinceMs).toBe(START_MS + 120 * MINUTE_MS);
    expect(line.map((it) => it.split(' | ')[1])).toEqual(['first', 'resolved']);
  });

  test('of what was told before says at its end that it still fails', () => {
    const { line } = run(outage(145), { silences: [silence(OPENAI, 130, 140)] });
    expect(line.map((it) => it.split(' | ')[1])).toEqual(['first', 'repeat', 'resolved']);
    expect(line[1]).toMatch(/^140 /);
  });

  test('of a model does not hide that the provider is down', () => {
    const faults = [mini(120, 130), overload(130, 145, 0.9)];
    const { line } = run(outage(145, faults), { silences: [silence({ model: 'gpt-4o-mini' }, 110, 200)] });
    expect(brief(line)[0]).toMatch(/^13\d first provider openai$/);
  });

  test('that recurs is a maintenance window', () => {
    // It is Monday; minute 120 is 14:00.
    const window = { days: ['mon'], from: '13:30', to: '14:15', filters: OPENAI } as const;
    const { line } = run(outage(145), { maintenance: [window] });
    expect(line[0]).toBe('135 | first | provider openai | silence-over');
    expect(run(outage(130), { maintenance: [window] }).line).toEqual([]);
  });
});

describe('telling', () => {
  test('is marked late when evaluation was behind', () => {
    const { line } = run({ begin: 100, minutes: 130, faults: [overload(120, 130)] }, { behind: () => 10 });
    expect(line.map((it) => it.split(' | ')[1])).toEqual(['delayed']);
  });

  test('repeats every four hours, and is not escalated by coming back from a lull', () => {
    const lull = [overload(110, 345, 0.5), overload(345, 360, 0.1), overload(360, 640, 0.5)];
    const { line } = run({ begin: 90, minutes: 600, faults: lull });
    const first = Number(line[0]?.split(' ')[0]);
    expect(brief(line)).toEqual([
      `${first} first provider openai`,
      `${first + 240} repeat provider openai`,
      `${first + 480} repeat provider openai`,
    ]);
  });

  test('says so when the same comes back after three days', async () => {
    const days = (n: number) => n * 24 * 60;
    const once = { begin: 100, minutes: 150, faults: [budget(CHECKOUT, 120, 130)] };
    const again = {
      begin: days(3) + 100,
      minutes: days(3) + 130,
      faults: [budget(CHECKOUT, days(3) + 120, days(3) + 130)],
    };
    const { sent, store } = await runStored([once, again]);
    expect(sent.map(({ message }) => message.json['reason'])).toEqual(['first', 'resolved', 'first']);
    const alerts = (await store.list('alert/')).map(({ value }) => value);
    const back = { times: 2, firstSeenMs: START_MS + 120 * MINUTE_MS, backAfterMs: (days(3) - 10) * MINUTE_MS };
    expect(alerts).toEqual(expect.arrayContaining([expect.objectContaining({ history: back })]));
  });

  test('a channel that is down for half an hour misses nothing, and tells only what still is so', async () => {
    const table = { begin: 100, minutes: 180, faults: [overload(120, 150), budget(CHECKOUT, 160, 175)] };
    const { sent } = await runStored([table], async (minute) => {
      if (minute < 145) throw new Error('the channel is down');
    });
    expect(sent.map(({ minute, message }) => `${minute} ${message.json['reason']}`)).toEqual([
      '145 first',
      expect.stringMatching(/^1(?:5\d|60) resolved$/),
      expect.stringMatching(/^16\d first$/),
      expect.stringMatching(/^1(?:7\d|80) resolved$/),
    ]);
  });
});
