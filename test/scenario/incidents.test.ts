import { render } from '../../shared/message.ts';
import { MINUTE_MS } from '../../shared/window.ts';
import { expectGolden } from '../setup/golden.ts';
import {
  badKey,
  budget,
  CHECKOUT,
  caller,
  cell,
  type Fault,
  overload,
  REPORTS,
  run,
  SEARCH,
  SEED,
  START_MS,
  SUPPORT,
  type Told,
} from './timetable.ts';

const subjects = (told: readonly Told[]) =>
  told.map(({ notification }) => render(notification, { summaryUrl: null }).subject);

describe(`incidents (seed ${SEED})`, () => {
  test('a spent budget names its key within five minutes', () => {
    const { told, line } = run({ minutes: 180, faults: [budget(CHECKOUT, 120, 150)] });
    expect(line).toEqual([
      expect.stringMatching(/^12[2-5] \| first \| key checkout-prod \| share-above-normal$/),
      expect.stringMatching(/^15[5-9] \| resolved \| key checkout-prod \| recovered$/),
    ]);
    expect(new Set(told.map((t) => t.notification.alert.id)).size).toBe(1);
    expect(told[0]?.notification.alert).toMatchObject({ group: 'e429', sinceMs: START_MS + 120 * MINUTE_MS });
    expect(told[1]?.notification.alert).toMatchObject({ failures: 900, untilMs: START_MS + 150 * MINUTE_MS });
  });

  test('an overloaded provider is one alert across models and applications', () => {
    const { told, line } = run({ minutes: 170, faults: [overload(120, 145)] });
    expect(line.map((l) => l.replace(/^\d+ \| /, ''))).toEqual([
      'first | provider openai | share-above-normal',
      'resolved | provider openai | recovered',
    ]);
    // Small series within it take longer to be well again, and do not hold it up.
    expect(Number.parseInt(line[1] ?? '', 10)).toBeLessThanOrEqual(154);
    const scopes = told[0]?.notification.alert.blastRadius.map((hit) => hit.scope.value);
    expect(scopes).toEqual(expect.arrayContaining(['gpt-4o', 'gpt-4o-mini', '/app/checkout', '/app/search']));
  });

  test('a bad deploy pages with its 401s', () => {
    const { line } = run({ minutes: 140, faults: [badKey(120, 140)] });
    expect(line).toEqual([expect.stringMatching(/^12[2-4] \| first \| key support-prod \|/)]);
  });

  test('a deploy before anything was learned pages too', () => {
    const { line } = run({ begin: 0, minutes: 10, faults: [badKey(0, 10)] });
    expect(line).toEqual([expect.stringMatching(/^[2-5] \| first \| key support-prod \|/)]);
  });

  test('a blip of one minute does not page', () => {
    const { line, alerts } = run({ minutes: 150, faults: [overload(120, 121, 1)] });
    expect(line).toEqual([]);
    expect(alerts.map((a) => `${a.state} ${a.reason}`)).toEqual(['resolved blip']);
  });

  test('a drip of 401 from one client does not page', () => {
    const drip = { ...caller('old-cron', 'gpt-4o', 'openai'), tenant: null };
    const fail = cell(drip, 1, { cause: 'expired_or_revoked_key', status: 401 });
    const { line } = run({ minutes: 240, faults: [], extra: (minute) => (minute % 2 === 0 ? [fail] : []) });
    expect(line).toEqual([]);
  });

  test('a burst of 400s does not page', () => {
    const bug: Fault = { from: 120, to: 160, hits: () => true, share: 0.5, cause: 'invalid_parameter', status: 400 };
    expect(run({ minutes: 180, faults: [bug] }).line).toEqual([]);
  });

  test('silence keeps the alert and closes it after an hour', () => {
    const { line, told } = run({ minutes: 240, faults: [overload(120, 130, 0.8)], isCalling: (m) => m < 130 });
    expect(line.map((l) => l.replace(/\|.*\|/, '|'))).toEqual([
      expect.stringMatching(/^12\d \| share-above-normal$/),
      expect.stringMatching(/^1(89|90|91) \| silence$/),
    ]);
    expect(subjects(told)[1]).toMatch(/^Closed, nobody calls: /);
  });

  test('failures that come back within the hour reopen the same alert', () => {
    const { told, line } = run({ minutes: 240, faults: [budget(CHECKOUT, 120, 135), budget(CHECKOUT, 170, 190)] });
    expect(
      line.map((l) =>
        l
          .split(' | ')
          .filter((_, i) => i === 1 || i === 3)
          .join(' '),
      ),
    ).toEqual(['first share-above-normal', 'resolved recovered', 'first reopened', 'resolved recovered']);
    expect(new Set(told.map((t) => t.notification.alert.id)).size).toBe(1);
    expect(new Set(told.map((t) => t.notification.id)).size).toBe(4);
    expect(subjects(told)[2]).toMatch(/^Back again: /);
  });

  test('failures that come back after the hour are another alert', () => {
    const { told } = run({ minutes: 280, faults: [budget(CHECKOUT, 120, 135), budget(CHECKOUT, 230, 250)] });
    expect(new Set(told.map((t) => t.notification.alert.id)).size).toBe(2);
  });

  test.each([
    ['of different groups', [budget(CHECKOUT, 120, 150), badKey(120, 150)], ['key checkout-prod', 'key support-prod']],
    [
      'of two budgets',
      [budget(CHECKOUT, 120, 150), budget(SUPPORT, 120, 150)],
      ['key checkout-prod', 'key support-prod'],
    ],
    [
      'one large, one small',
      [budget(SEARCH, 120, 150), budget(REPORTS, 120, 150)],
      ['key reports-prod', 'key search-prod'],
    ],
    [
      'one after the other',
      [budget(CHECKOUT, 120, 150), budget(SUPPORT, 130, 150)],
      ['key checkout-prod', 'key support-prod'],
    ],
  ])('unrelated incidents %s are two alerts', (_name, faults, scopes) => {
    const { told } = run({ minutes: 150, faults });
    expect(told.map(({ notification: { reason } }) => reason)).toEqual(['first', 'first']);
    expect(told.map(({ notification: { alert } }) => `${alert.scope.by} ${alert.scope.value}`).sort()).toEqual(scopes);
  });

  test('an unchanged alert repeats after four hours, not before', () => {
    const { line } = run({ begin: 0, minutes: 5 * 60, faults: [budget(CHECKOUT, 30, 1000)] });
    const first = Number(line[0]?.split(' ')[0]);
    expect(line.map((l) => l.split(' | ').slice(0, 2).join(' '))).toEqual([`${first} first`, `${first + 240} repeat`]);
  });

  test('an incident that spreads escalates the alert it began as', () => {
    const one: Fault = { ...overload(120, 130, 0.9), hits: (c) => c.model === 'gpt-4o-mini' };
    const { line, told } = run({ minutes: 145, faults: [one, overload(130, 145, 0.9)] });
    expect(line.map((l) => l.replace(/^\d+ \| /, ''))).toEqual([
      'first | model gpt-4o-mini | share-above-normal',
      'escalated | provider openai | wider',
    ]);
    expect(new Set(told.map((t) => t.notification.alert.id)).size).toBe(1);
  });

  test('ten times as many failures a minute escalate', () => {
    const { line } = run({ minutes: 160, faults: [overload(120, 140, 0.08), overload(140, 160, 1)] });
    expect(line.map((l) => l.split(' | ').slice(1).join(' '))).toEqual([
      'first provider openai share-above-normal',
      'escalated provider openai ten-times-as-many',
    ]);
  });

  test('evaluating each minute twice tells nothing twice', () => {
    const table = {
      minutes: 240,
      faults: [budget(CHECKOUT, 120, 135), overload(126, 150), budget(CHECKOUT, 170, 190)],
    };
    expect(run(table, { evaluations: 2 }).line).toEqual(run(table).line);
  });

  test('the e-mails of an incident read well', () => {
    const { told } = run({ minutes: 180, faults: [budget(CHECKOUT, 120, 150)] });
    for (const { notification } of told) {
      const { subject, text } = render(notification, { summaryUrl: 'https://gridwatch.example/summary' });
      expectGolden(`email-budget-${notification.reason}.txt`, `Subject: ${subject}\n\n${text}`);
    }
    const overloaded = run({ minutes: 130, faults: [overload(120, 145)] }).told[0];
    const email = overloaded && render(overloaded.notification, { summaryUrl: null });
    expectGolden('email-overload-first.txt', `Subject: ${email?.subject}\n\n${email?.text}`);
    expectGolden('message-overload-first.json', `${JSON.stringify(email?.json, null, 2)}\n`);
  });
});
