/** An alert -> what support needs, and nothing of a line's text. */
import type { Alert } from '../../shared/alert.ts';
import { joinCalls } from '../../shared/calls.ts';
import { classify } from '../../shared/classify.ts';
import { type PacketCall, packetCall, packetOf, packetText, spread } from '../../shared/packet.ts';
import { parseBatch } from '../../shared/parse.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { type CountedCell, MINUTE_MS, type RollUp } from '../../shared/window.ts';

const SINCE_MS = Date.UTC(2026, 0, 5, 14, 0);
const ALERT: Alert = {
  id: '3f9a0c51d2e7',
  group: 'e5xx',
  scope: { by: 'model', value: 'gpt-4o' },
  state: 'firing',
  reason: 'share-above-normal',
  sinceMs: SINCE_MS,
  untilMs: SINCE_MS + 3 * MINUTE_MS,
  firedMs: SINCE_MS,
  resolvedMs: null,
  evaluatedMs: SINCE_MS + 3 * MINUTE_MS,
  calls: 40,
  failures: 30,
  normalShare: 0.001,
  causes: [{ cause: 'internal_error', status: 500, failures: 30 }],
  blastRadius: [],
  lastNotifiedMs: null,
  outbox: [],
};
const cell = (calls: number, change: Partial<CountedCell>): CountedCell => ({
  ...{ kind: 'failure', status: 500, cause: 'internal_error', model: 'gpt-4o', provider: null },
  ...{ tenant: 'acme', project: null, key: 'key:1a2b3c4d', logGroup: '/app/a', calls, attempts: calls, recovered: 0 },
  ...{ firstMs: 0, lastMs: 0 },
  ...change,
});
const minute = (at: number): RollUp => ({
  granularity: 'minute',
  windowMs: SINCE_MS + at * MINUTE_MS,
  contributions: 1,
  totals: { received: 0, counted: 0, notCall: 0, malformed: 0, tooLate: 0 },
  skipped: {},
  cells: [
    cell(10, {}),
    cell(5, { kind: 'success', status: 200, cause: null }),
    cell(7, { model: 'claude-haiku-4' }),
    cell(2, { status: 400, cause: 'invalid_json' }),
  ],
});
const MINUTES = [-1, 0, 1, 2, 3].map(minute);
const PACKET = packetOf(ALERT, MINUTES);

const callsOf = (lines: readonly (readonly [number, object])[]): PacketCall[] => {
  const events = lines.map(([afterMs, fields], i) => ({
    id: String(i),
    timestamp: SINCE_MS + afterMs,
    message: JSON.stringify({
      url: 'https://api.llmgrid.ai/v1/chat/completions',
      model: 'gpt-4o',
      status: 500,
      ...fields,
    }),
  }));
  const batch = { owner: 'local', logGroup: 'app.log', logStream: 's', events };
  const outcomes = [...parseBatch(batch, DEFAULT_SETTINGS)].flatMap((block) =>
    'record' in block ? [classify(block.record)] : [],
  );
  return joinCalls(outcomes).flatMap((placed) => packetCall(PACKET, placed) ?? []);
};
const failed = (requestId: string, change: object = {}) => ({
  error: { message: 'Internal server error CANARYPROMPT' },
  request_id: requestId,
  ...change,
});

test('counts each minute of the alert and names who is hit', () => {
  expect(PACKET.minutes.map(({ at, calls, failures }) => [at.slice(11, 16), calls, failures])).toEqual([
    ['14:00', 17, 10],
    ['14:01', 17, 10],
    ['14:02', 17, 10],
  ]);
  expect(PACKET.names.map(({ by, name, failures }) => `${by} ${name} ${failures}`)).toEqual([
    'model gpt-4o 30',
    'tenant acme 30',
    'key #1a2b3c4d (no alias) 30',
    'logGroup /app/a 30',
  ]);
});

test('takes the ids of its own failed calls only', () => {
  const calls = callsOf([
    [0, failed('req-mine-1')],
    [1000, failed('req-other-model', { model: 'claude-haiku-4' })],
    [2000, failed('req-other-kind', { status: 401, error: { message: 'No api key passed in.' } })],
    [3000, { status: 200, usage: {}, request_id: 'req-success' }],
    [-60_000, failed('req-before')],
    [200_000, failed('req-after')],
    [61_000, failed('req-mine-2')],
  ]);
  expect(spread(calls).map(({ requestId }) => requestId)).toEqual(['req-mine-1', 'req-mine-2']);
});

test.each([['user asked about: my salary'], ['sk-fixture-0001secret0001secret0001'], ['<b>']])(
  'an id that is none stays out: %s',
  (id) => {
    expect(callsOf([[0, failed(id)]])).toEqual([]);
  },
);

test('examples are spread over the minutes and each is told once', () => {
  const many = Array.from({ length: 400 }, (_, i) => [i * 400, failed(`req-${String(i).padStart(4, '0')}`)] as const);
  const calls = spread([...callsOf(many), ...callsOf(many)]);
  expect(calls.map(({ at }) => at.slice(11, 16))).toEqual([
    ...Array(5).fill('14:00'),
    ...Array(5).fill('14:01'),
    ...Array(5).fill('14:02'),
  ]);
  expect(new Set(calls.map(({ requestId }) => requestId)).size).toBe(15);
});

test('the text can be pasted into a ticket and holds no text of a line', () => {
  const text = packetText(PACKET, callsOf([[0, failed('req-mine-1')]]));
  expect(text).toContain('Failed LLMGrid calls: model gpt-4o\nFrom 2026-01-05T14:00:00.000Z');
  expect(text).toContain('14:01  10 of 17');
  expect(text).toContain('request req-mine-1, 500, gpt-4o');
  expect(text).not.toContain('CANARY');
});

test.each([
  ['files were read', [], 'name none for these calls'],
  ['no files were given', null, 'add --logs'],
] as const)('says why there are no ids: %s', (_, calls, words) => {
  expect(packetText(PACKET, calls)).toContain(words);
});
