/**
 * Outside Lambda every line of a dump is a log event of its own: 31 of openai-node, 132 of the AI SDK, 351 of axios. However
 * many lines a failure prints, it is one call; and however many failures print alike, each is a call of its own.
 */
import { joinCalls } from '../../shared/calls.ts';
import { classify } from '../../shared/classify.ts';
import { contributionsOf } from '../../shared/contribution.ts';
import { parseBatch } from '../../shared/parse.ts';
import type { LogEvent } from '../../shared/record.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { failure } from '../fixtures/failures.ts';
import { type Call, SHAPES } from '../fixtures/shapes.ts';

const AT_MS = Date.UTC(2026, 10, 17, 9);

/** The lines of a dump, with as many properties more or less as the real one has. */
function dump(shape: string, lines: number, call: Partial<Call> = {}): string[] {
  const base = { failure: failure('budget of a key'), atMs: AT_MS, model: 'gpt-4o', ...call } as Call;
  const text = (SHAPES[shape]?.render(base) ?? []).join('\n').split('\n');
  while (text.length > lines)
    text.splice(
      text.findIndex((line) => /^\s+(?:vary|server): /.test(line)),
      1,
    );
  const more = Array.from({ length: lines - text.length }, (_, n) => `    _property${n}: [Function: listener],`);
  return [...text.slice(0, -3), ...more, ...text.slice(-3)];
}
const DUMPS = [
  ['openai-node', 31, dump('openai-node-inspect', 31)],
  ['the AI SDK', 132, dump('ai-sdk-inspect', 132, { attempts: 2 })],
  ['axios', 351, dump('axios-inspect', 351)],
  ['a Python traceback', 13, dump('openai-python-traceback', 13)],
] as const;

const eventsOf = (lines: readonly string[]): LogEvent[] =>
  lines.map((message, n) => ({ id: String(n), timestamp: AT_MS + n, message }));
const batchOf = (events: readonly LogEvent[]) => ({ owner: 'o', logGroup: '/app', logStream: 's', events });
const callsIn = (lines: readonly string[]) => {
  const blocks = [...parseBatch(batchOf(eventsOf(lines)), DEFAULT_SETTINGS)];
  const outcomes = blocks.flatMap((block) => ('record' in block ? [classify(block.record)] : []));
  return joinCalls(outcomes)
    .filter(({ rank }) => rank !== 'part')
    .map(({ outcome }) => outcome);
};
const between = '2026-11-17 09:00:01,000 INFO app: order 500429 paid';

describe.each(DUMPS)('a dump of %s in %i events', (_, count, lines) => {
  test('has as many lines as the real one', () => {
    expect(lines).toHaveLength(count);
  });
  test('is one call', () => {
    expect(callsIn([between, ...lines, between])).toHaveLength(1);
  });
  test('ten in a row are ten calls', () => {
    const named = (n: number) => lines.map((line) => line.replaceAll('req-', `req-${n}`));
    expect(callsIn(Array.from({ length: 10 }, (_, n) => named(n)).flat())).toHaveLength(10);
  });
  test('every event of it is counted once', () => {
    const [first] = contributionsOf(batchOf(eventsOf(lines)), DEFAULT_SETTINGS, { nowMs: AT_MS });
    expect(first?.totals).toMatchObject({ received: count, counted: count, notCall: 0 });
  });
  test('is one call in the log field of a container too', () => {
    const wrapped = lines.map((log) => JSON.stringify({ log: `${log}\n`, stream: 'stderr', time: '2026-11-17' }));
    expect(callsIn(wrapped)).toHaveLength(1);
  });
  test('is one call behind the prefix of a container runtime', () => {
    expect(callsIn(lines.map((line) => `2026-11-17T09:00:00.389788452Z stderr F ${line}`))).toHaveLength(1);
  });
  // What comes after the border are continuation lines, which open nothing, or the exception line of a traceback.
  test('cut by a border it is one call or, for an exception line, two', () => {
    for (let at = 2; at < lines.length; at += Math.ceil(lines.length / 20)) {
      const calls = [...callsIn(lines.slice(0, at)), ...callsIn(lines.slice(at))];
      expect(calls.length).toBeLessThanOrEqual(2);
    }
  });
});

describe('what a dump of many events says', () => {
  test.each(DUMPS.filter(([name]) => name !== 'axios'))('%s names its cause', (_, __, lines) => {
    expect(callsIn(lines).map(({ cause, record }) => [cause, record.status])).toEqual([['budget_exceeded', 429]]);
  });
  test('axios prints no body: the status is all there is', () => {
    const [call] = callsIn(DUMPS[2][2]);
    expect([call?.cause, call?.record.status]).toEqual(['rate_limit_unspecified', 429]);
  });
  test('the AI SDK tells its attempts', () => {
    const [call] = callsIn(DUMPS[1][2]);
    expect(call?.record.retryCount).toBe(1);
  });
});

describe('an SDK whose logger prints no name', () => {
  const line = (second: number, text: string) => `2026-11-17 09:00:0${second},000 - INFO - ${text}`;
  const answered = (status: string) =>
    `HTTP Request: POST https://api.llmgrid.ai/v1/chat/completions "HTTP/1.1 ${status}"`;
  const again = 'Retrying request to /chat/completions in 0.913428 seconds';
  test('tries one call again, and both tries are its own', () => {
    const refused = answered('429 Too Many Requests');
    const calls = callsIn([
      line(1, refused),
      line(2, again),
      line(3, refused),
      line(4, again),
      line(5, answered('200 OK')),
    ]);
    expect(calls).toHaveLength(1);
  });
});
