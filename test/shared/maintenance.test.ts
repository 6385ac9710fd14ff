import fc from 'fast-check';
import { DAYS, isOpen, type Maintenance, maintenance, nameOf } from '../../shared/maintenance.ts';

const SATURDAY = Date.UTC(2026, 0, 3);
const at = (time: string, dayMs = SATURDAY): number =>
  dayMs + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * 60_000;
const DAY_MS = 86_400_000;
const window = (change: Partial<Maintenance> = {}): Maintenance => ({
  ...{ days: ['sat'], from: '22:00', to: '02:00', filters: {} },
  ...change,
});

describe('a maintenance window', () => {
  test.each<[string, Maintenance, number, boolean]>([
    ['opens at its first minute', window(), at('22:00'), true],
    ['is closed before', window(), at('21:59'), false],
    ['lasts over midnight', window(), at('01:59', SATURDAY + DAY_MS), true],
    ['is closed from its end on', window(), at('02:00', SATURDAY + DAY_MS), false],
    ['does not open in the small hours of its own day', window(), at('01:00'), false],
    ['is closed on other days', window(), at('22:30', SATURDAY + DAY_MS), false],
    ['may lie within a day', window({ from: '09:00', to: '17:30' }), at('17:29'), true],
    ['may be a whole day', window({ from: '00:00', to: '24:00' }), at('23:59'), true],
    ['of a whole day ends at midnight', window({ from: '00:00', to: '24:00' }), at('00:00', SATURDAY + DAY_MS), false],
    ['follows its time zone', window({ timeZone: 'Asia/Tokyo' }), at('13:00'), true],
    ['of another time zone is another time', window({ timeZone: 'Asia/Tokyo' }), at('22:00'), false],
    ['in summer is an hour earlier', window({ timeZone: 'Europe/Berlin' }), Date.UTC(2026, 6, 4, 20, 0), true],
    ['in winter is not', window({ timeZone: 'Europe/Berlin' }), Date.UTC(2026, 0, 3, 20, 0), false],
  ])('%s', (_name, given, atMs, expected) => {
    expect(isOpen(given, atMs)).toBe(expected);
  });

  test('is open as long each week as it says', () => {
    const clock = fc.nat({ max: 1439 }).map((m) => new Date(m * 60_000).toISOString().slice(11, 16));
    const days = fc.subarray([...DAYS], { minLength: 1 });
    fc.assert(
      fc.property(days, clock, clock, (on, from, to) => {
        fc.pre(from !== to);
        const minutes = Array.from({ length: 7 * 24 * 60 }, (_, m) => SATURDAY + m * 60_000);
        const open = minutes.filter((ms) => isOpen({ days: on, from, to, filters: {} }, ms)).length;
        const length = (at(to) - at(from)) / 60_000;
        expect(open).toBe(on.length * (length > 0 ? length : length + 1440));
      }),
      { numRuns: 3 },
    );
  });

  test('has a name that a person understands', () => {
    expect(nameOf(window({ days: ['sat', 'sun'] }))).toBe('maintenance sat sun 22:00-02:00 UTC');
  });
});

describe('the setting', () => {
  test('is taken as it is written', () => {
    const given = [window({ filters: { provider: 'openai', status: '503' }, timeZone: 'Europe/Berlin' })];
    expect(maintenance(given)).toEqual({ value: given });
    expect(maintenance(JSON.stringify(given))).toEqual({ value: given });
  });

  test('says everything that is wrong at once', () => {
    const bad = {
      days: ['sat', 'someday'],
      from: '25:00',
      to: '2',
      timeZone: 'Mars',
      filters: { mood: 'x', model: 7 },
      until: 1,
    };
    expect(maintenance([window(), bad, window({ to: '22:00' })]).problems).toEqual([
      'window 2: days must be a list out of mon tue wed thu fri sat sun',
      'window 2: from must be a time like "22:00"',
      'window 2: to must be a time like "02:00", or "24:00"',
      'window 2: timeZone must be a name like "Europe/Berlin"; without it UTC is meant',
      'window 2: filters.mood is not known; known are cause status category group model provider tenant project key logGroup',
      'window 2: filters.model must be a text',
      'window 2: until is not known',
      'window 3: from and to are the same; a whole day is from "00:00" to "24:00"',
    ]);
  });

  test('does not silence everything by leaving something out', () => {
    const { filters: _, ...lacking } = window();
    expect(maintenance([lacking]).problems).toEqual([
      'window 1: filters must say what is silenced, like {"provider": "openai"}; {} is everything',
    ]);
  });

  test.each([['not a list'], ['{}'], [{}], [null], [7], [Array(21).fill(window())]])('refuses %j', (input) => {
    expect(maintenance(input).problems).toHaveLength(1);
  });

  test('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => void maintenance([input])),
      { numRuns: 200 },
    );
  });
});
