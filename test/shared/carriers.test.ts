/** A text says the same whoever carries it: whatever collectors and structured loggers put around it, the call stays the call. */
import { classify } from '../../shared/classify.ts';
import { parseEvent } from '../../shared/parse.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import { WRAPPERS } from '../fixtures/more-shapes.ts';
import { NOT_CALLS, WORDINGS } from '../fixtures/wordings.ts';

const settings = { ...DEFAULT_SETTINGS, hosts: 'any' as const };

function told(message: string): string {
  const event = { id: '1', timestamp: 0, message };
  const parsed = parseEvent(event, { owner: '', logGroup: '', logStream: '', events: [event] }, settings);
  if ('skipped' in parsed) return parsed.skipped;
  const { failed, cause, record } = classify(parsed.record);
  return `${failed ? cause : 'success'} ${record.status}`;
}

const TIME = '2026-11-17T10:00:00.429Z';
const LOGGERS: Readonly<Record<string, (text: string) => string>> = {
  pino: (msg) => JSON.stringify({ level: 50, time: 1_795_000_000_429, pid: 429, hostname: 'web-1', msg }),
  winston: (message) => JSON.stringify({ level: 'error', message, timestamp: TIME }),
  'Lambda JSON': (message) =>
    JSON.stringify({ timestamp: TIME, level: 'ERROR', requestId: '6f1c2a10-0000-4000-8000-00000000c0de', message }),
  'python-json-logger': (message) =>
    JSON.stringify({ asctime: '2026-11-17 10:00:00,429', name: 'app.chat', levelname: 'ERROR', message }),
};

/** What is indented goes on with a line before it. */
const LINES = WORDINGS.map(([, line]) => line).filter((line) => !/^\s/.test(line));
const OTHERS = NOT_CALLS.filter((line) => !/^\s/.test(line));
const readOtherwise = (lines: readonly string[], carry: (text: string) => string): string[] =>
  lines.filter((line) => told(carry(line)) !== told(line));

test('there are hundreds of them', () => expect(LINES.length).toBeGreaterThan(400));

test.each(Object.entries(WRAPPERS))('%s', (_, carry) => {
  expect(readOtherwise(LINES, carry)).toEqual([]);
});

/** These write a level; at that of errors, less is needed to tell of a failure. */
const WITH_LEVEL = ['celery', 'ansi', 'lambda-prefix', 'slog'];
test.each(Object.entries(WRAPPERS).filter(([name]) => !WITH_LEVEL.includes(name)))('no call: %s', (_, carry) => {
  expect(readOtherwise(OTHERS, carry)).toEqual([]);
});

test.each(Object.entries(LOGGERS))('%s', (_, log) => {
  expect(readOtherwise(LINES, log)).toEqual([]);
});

/** What applications write before what an SDK told them. */
const SAID: Readonly<Record<string, (text: string) => string>> = {
  'the word': (text) => `Error: ${text}`,
  "a logger's header and a task": (text) =>
    `2026-11-17 10:00:00,429 - app.jobs - ERROR - Step 3 of job 503 failed: ${text}`,
  'a logger and a task': (text) => `ERROR:app.worker:Failed to summarise document 429: ${text}`,
  'a field of a record': (text) =>
    JSON.stringify({ level: 'error', event: 'summary_failed', error: text, timestamp: TIME }),
  'an error of pino': (text) =>
    JSON.stringify({ level: 50, time: 1, pid: 429, msg: 'request failed', err: { type: 'Error', message: text } }),
};

/** A gateway's own log line, a span and an event of a stream are no error's text. */
const ERRORS = LINES.filter(
  (line) => !/^(?:Span #|data: |\[GIN\] |POST \/|\S{20,30}(?:\tERROR\t| {2}DEBUG {2})one-api)/.test(line),
);

test.each(Object.entries(SAID))('%s', (_, say) => {
  expect(readOtherwise(ERRORS, say)).toEqual([]);
});

test('a body inside a printed string', () => {
  const bodies = LINES.filter((line) => line.includes('{"') && !line.includes('\\'));
  expect(bodies.length).toBeGreaterThan(50);
  const printed = (line: string): string => `ERROR:app:'${JSON.stringify(line).slice(1, -1)}'`;
  expect(bodies.filter((line) => told(printed(line)) !== told(`ERROR:app:'${line}'`))).toEqual([]);
});
