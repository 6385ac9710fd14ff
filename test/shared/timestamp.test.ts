import fc from 'fast-check';
import { timestampOf } from '../../shared/timestamp.ts';

const AT = Date.UTC(2026, 10, 22, 14, 23, 45);
const NEAR = Date.UTC(2026, 11, 1);

test.each([
  ['ISO with Z', '2026-11-22T14:23:45.162Z message', AT + 162],
  ['ISO with offset', '2026-11-22T15:23:45.162+01:00 message', AT + 162],
  ['ISO without zone is UTC', '2026-11-22T14:23:45 message', AT],
  ['ISO with nanoseconds', '2026-11-22T14:23:45.162999999Z message', AT + 162],
  ['Python logging', '2026-11-22 14:23:45,162 - app - ERROR - boom', AT + 162],
  ['powertools', '2026-11-22 14:23:45,162+0000 boom', AT + 162],
  ['brackets', '[2026-11-22 14:23:45.162] boom', AT + 162],
  ['brackets without seconds', '[2026-11-22 14:23] boom', AT - 45_000],
  ['celery', '[2026-11-22 14:23:45,162: INFO/MainProcess] boom', AT + 162],
  ['loguru', '2026-11-22 14:23:45.162 | ERROR    | __main__:<module>:23 - boom', AT + 162],
  ['loguru with zone', '2026-11-22 14:23:45.162 +0100 | ERROR | boom', AT + 162 - 3_600_000],
  ['Apache', '127.0.0.1 - - [22/Nov/2026:14:23:45 +0000] "POST / HTTP/1.1" 429 -', AT],
  ['nginx error', '2026/11/22 14:23:45 [error] 1234#1234: upstream timed out', AT],
  ['Gin', '[GIN] 2026/11/22 - 14:23:45 | 404 | 0s | ::1 | GET "/"', AT],
  ['month first', '11/22/2026 14:23:45 - INFO - httpx - boom', AT],
  ['day first where it must be', '22/11/2026 14:23:45 boom', AT],
  ['syslog', 'Nov 22 14:23:45 host litellm[123]: boom', AT],
  ['vLLM', 'ERROR 11-22 14:23:45 client.py:250] boom', AT],
  ['Lambda text', '2026-11-22T14:23:45.162Z\t8f5e-1\tERROR\tboom', AT + 162],
  ['Lambda Python', '[ERROR]\t2026-11-22T14:23:45.162Z\t8f5e-1\tboom', AT + 162],
  ['logfmt', 'level=error time=2026-11-22T14:23:45.162Z msg=boom', AT + 162],
  ['logfmt quoted', 'time="2026-11-22T14:23:45Z" level=error', AT],
  ['docker compose', 'web_1  | 2026-11-22 14:23:45,162 INFO boom', AT + 162],
  ['coloured structlog', '\u001b[2m2026-11-22T14:23:45.162630Z\u001b[0m [error] boom', AT + 162],
  ['level first', 'INFO: 2026-11-22 14:23:45 boom', AT],
  ['indented stamp', '  2026-11-22T14:23:45Z Caused by: boom', AT],
  ['JSON timestamp', '{"level":"error","timestamp":"2026-11-22T14:23:45.162Z"}', AT + 162],
  ['JSON time in ms', `{"level":50,"time":${AT + 162},"pid":1}`, AT + 162],
  ['JSON ts in s', `{"ts":${AT / 1000}.162,"level":"error"}`, AT + 162],
  ['JSON @timestamp', '{"@timestamp": "2026-11-22T14:23:45Z"}', AT],
  ['JSON asctime', '{"asctime":"2026-11-22 14:23:45,162"}', AT + 162],
  ['JSON startTime as float', `{"id":"a","startTime":${AT / 1000}.5}`, AT + 500],
  ['JSON datetime', '{"datetime":"2026-11-22 14:23:45"}', AT],
  [
    'loguru record',
    `{"text":"boom","record":{"level":{"no":40},"time":{"repr":"x","timestamp":${AT / 1000}.162}}}`,
    AT + 162,
  ],
  ['after a nested time', `{"error":{"timestamp":"2020-01-01T00:00:00Z"},"time":${AT}}`, AT],
  ['after an escaped quote', `{"msg":"say \\"time\\": 1 \\\\","time":${AT}}`, AT],
  ['last in a long JSON line', `{"prompt":"${'x '.repeat(20_000)}","timestamp":"2026-11-22T14:23:45Z"}`, AT],
])('reads %s', (_, line, expected) => {
  expect(timestampOf(line, NEAR)).toBe(expected);
});

test.each([
  ['no stamp', 'ERROR:root:LLM call failed: Error code: 429'],
  ['empty', ''],
  ['a time without date', '12:53:20.895 WARNING backend openrouter: HTTP 429'],
  ['a reset time in a message', 'Rate limit resets at: 2026-11-23 00:00:00 UTC'],
  ['a reset time after one word', 'resets_at: 2026-11-23 00:00:00'],
  ['a field that is another time', 'budget reset_at=2026-11-23T00:00:00Z'],
  ['an indented field', '  "expires": "2026-11-23T00:00:00Z"'],
  ['month 13', '2026-13-22 14:23:45 boom'],
  ['the 30th of February', '2026-02-30 14:23:45 boom'],
  ['hour 25', '2026-11-22 25:23:45 boom'],
  ['the year 1999', '1999-12-31 23:59:59 boom'],
  ['the year 2101', '2101-01-01 00:00:00 boom'],
  ['a duration called time', '{"time":0.35,"level":"info"}'],
  ['a clock called time', '{"time":"14:23:45"}'],
  ['broken JSON', '{"timestamp'],
])('finds no time in %s', (_, line) => {
  expect(timestampOf(line, NEAR)).toBeNull();
});

test('syslog has no time without a near time', () => {
  expect(timestampOf('Nov 22 14:23:45 host app: boom')).toBeNull();
});

test('a stamp without a year is of the past', () => {
  const january = Date.UTC(2027, 0, 2);
  expect(timestampOf('Dec 31 23:59:59 host app: boom', january)).toBe(Date.UTC(2026, 11, 31, 23, 59, 59));
  expect(timestampOf('Mar 12 06:01:27 host app: boom', Date.UTC(2026, 10, 22))).toBe(Date.UTC(2026, 2, 12, 6, 1, 27));
  expect(timestampOf('Nov 23 01:00:00 host app: boom', Date.UTC(2026, 10, 22, 23))).toBe(Date.UTC(2026, 10, 23, 1));
});

test('every instant written as ISO is read back', () => {
  const instants = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2101, 0) - 1 });
  fc.assert(fc.property(instants, (ms) => expect(timestampOf(`${new Date(ms).toISOString()} boom`)).toBe(ms)));
});

test('any text gives null or a plausible time', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.json()), (text) => {
      const ms = timestampOf(text, NEAR);
      if (ms !== null) expect(ms).toBeGreaterThanOrEqual(Date.UTC(2000, 0));
    }),
  );
});

test.each([
  ['quotes', '"'.repeat(1_000_000)],
  ['backslashes', `{"a":"${'\\'.repeat(1_000_000)}`],
  ['braces', '{'.repeat(1_000_000)],
  ['keys', `{${'"time":'.repeat(150_000)}`],
  ['escaped quotes', `{"${'\\"'.repeat(500_000)}`],
  ['digits', '2026-11-22 '.repeat(90_000)],
])('1 MB of %s is read in bounded time', (_, text) => {
  const start = process.cpuUsage().user;
  timestampOf(text, NEAR);
  expect(process.cpuUsage().user - start).toBeLessThan(2_500_000);
});
