import { unwrapped, withoutPrefix } from '../../../shared/parse/transport.ts';

const LINE = 'ERROR app: LLM call failed: Error code: 429';
test.each<[string, Record<string, unknown>]>([
  ['Docker', { log: `${LINE}\n`, stream: 'stderr', time: '2026-11-17T09:00:00Z' }],
  ['FireLens', { container_id: '4f', container_name: '/shop', source: 'stderr', log: LINE }],
  ['Vector', { file: '/var/log/a.log', host: 'web-1', message: LINE, source_type: 'file', timestamp: '2026-11-17' }],
  [
    'Logstash',
    { '@timestamp': '2026-11-17', '@version': '1', host: { name: 'web-1' }, log: { offset: 4 }, message: LINE },
  ],
  ['journald', { _HOSTNAME: 'web-1', _PID: '7', PRIORITY: '3', SYSLOG_IDENTIFIER: 'app', MESSAGE: LINE }],
  ['Cloud Logging', { insertId: 'a', logName: 'stdout', resource: { type: 'k8s' }, textPayload: LINE }],
])('%s wrapped a line', (_, record) => {
  expect(unwrapped(JSON.stringify(record))).toBe(LINE);
});

test.each<[string, Record<string, unknown>]>([
  ['an application', { '@timestamp': '2026-11-17', level: 'error', message: LINE, status: 429 }],
  ['a logger with fields of its own', { host: 'web-1', message: LINE, order: 7 }],
  ['one without a line', { host: 'web-1', source_type: 'file' }],
])('a record of %s is left alone', (_, record) => {
  expect(unwrapped(JSON.stringify(record))).toBe(JSON.stringify(record));
});

test.each([
  ['docker compose', 'api-1  | '],
  ['docker compose in colour', '\u001b[36mapi_1     |\u001b[0m '],
  ['containerd', '2026-11-17T09:00:00.389788452Z stderr F '],
  ['kubectl', '[pod/api-7d/app] '],
  ['Heroku', '2026-11-17T09:00:00.692944+00:00 app[web.1]: '],
  ['syslog', 'Nov 17 09:00:00 web-1 app[1234]: '],
  ['journald with ISO times', '2026-11-17T09:00:00+0000 web-1 app[1234]: '.replace('+0000', '+00:00')],
])('%s wrote a prefix', (_, prefix) => {
  expect(withoutPrefix(`${prefix}    raise error`)).toBe('    raise error');
});
test.each([
  LINE,
  '2026-11-17 09:00:00.162 | ERROR    | app:run:23 - failed',
  'ERROR | something',
  '    raise error',
  '',
])('has no prefix: %s', (line) => {
  expect(withoutPrefix(line)).toBe(line);
});
