import { difference, type Told, toldOfPages } from '../../shared/backtest.ts';
import type { PageEvent } from '../../shared/watch.ts';
import { MINUTE_MS } from '../../shared/window.ts';

const told = (since: number, over: number | null, fields: Partial<Told> = {}): Told => ({
  ...{ what: 'Service failing', where: 'provider openai', group: 'e5xx', calls: 100, failures: 50, normalShare: 0.01 },
  ...{ sinceMs: since * MINUTE_MS, firedMs: (since + 3) * MINUTE_MS, overMs: over === null ? null : over * MINUTE_MS },
  messages: 2,
  ...fields,
});
const shape = (ours: readonly Told[], others: readonly Told[]) =>
  difference(ours, others).map((pair) => [pair.with?.sinceMs, pair.against?.sinceMs].map((ms) => ms && ms / MINUTE_MS));

describe('the difference of two runs', () => {
  test.each([
    ['pairs the same alert sent later', [told(10, 20)], [told(12, 22)], [[10, 12]]],
    [
      'keeps apart what is another hour',
      [told(10, 20)],
      [told(80, 90)],
      [
        [10, undefined],
        [undefined, 80],
      ],
    ],
    [
      'keeps apart what is another group',
      [told(10, 20)],
      [told(10, 20, { group: 'auth' })],
      [
        [10, undefined],
        [undefined, 10],
      ],
    ],
    ['pairs what one names wider', [told(10, 20)], [told(10, 20, { where: 'all calls' })], [[10, 10]]],
    [
      'prefers the same place',
      [told(10, 20)],
      [told(11, 20, { where: 'model gpt-4o' }), told(12, 20)],
      [
        [10, 12],
        [undefined, 11],
      ],
    ],
    ['pairs what still lasts', [told(10, null)], [told(200, null)], [[10, 200]]],
    [
      'uses each alert once',
      [told(10, 20)],
      [told(10, 14), told(18, 25)],
      [
        [10, 10],
        [undefined, 18],
      ],
    ],
    ['is empty where nothing is told', [], [], []],
  ])('%s', (_name, ours, others, expected) => {
    expect(shape(ours, others)).toEqual(expected);
  });
});

test('pages of series are told from opening to closing', () => {
  const event = (series: string, at: number, type: PageEvent['type'], failures: number): PageEvent => ({
    ...{ series, atMs: at * MINUTE_MS, type, class: 'timeout', reason: 'share-above-normal', sinceMs: 10 * MINUTE_MS },
    ...{ calls: 100, failures, normalShare: 0.01, sentence: '' },
  });
  const events = [event('a', 13, 'open', 20), event('b', 14, 'open', 30), event('a', 40, 'close', 90)];
  expect(toldOfPages(events)).toEqual([
    told(10, 40, { what: 'No answer', where: 'a', failures: 90 }),
    told(10, null, { what: 'No answer', where: 'b', failures: 30, firedMs: 14 * MINUTE_MS, messages: 1 }),
  ]);
});
