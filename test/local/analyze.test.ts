import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers';
import { gzipSync } from 'node:zlib';
import type { Summary } from '../../shared/summary.ts';
import { failure, SUCCESS } from '../fixtures/failures.ts';
import { NOISE } from '../fixtures/noise.ts';
import { type Call, SHAPES } from '../fixtures/shapes.ts';
import { ahead, callLine, callLog, counts, type Ended, endChildren, launch, type RunOptions, run } from './cli.ts';
import { directory, removeDirectories } from './input/reading.ts';

afterAll(() => {
  endChildren();
  removeDirectories();
});
jest.setTimeout(30_000);

const FROM = Date.UTC(2026, 10, 17, 9);
const MINUTE = 60_000;

type Report = Summary & { readonly alerts: readonly Readonly<Record<string, unknown>>[] };
const reportIn = ({ stdout }: Ended): Report => JSON.parse(stdout);
const analyze = async (args: readonly string[], options: RunOptions = {}) => {
  const ended = await run(['analyze', '--json', ...args], options);
  return { ...ended, report: reportIn(ended) };
};

describe('every form of the same events', () => {
  /** Calls of one worker in four minutes: tracebacks, retries in vain, a retry that saves a call, and noise between them. */
  const base = (n: number) => ({
    ...{ atMs: FROM + n * 9000, model: 'gpt-4o-mini', requestId: `req-${n}` },
    ...{ tenant: 'acme', project: 'shop', keyAlias: 'shop-prod' },
  });
  const printed = (n: number, shape: string, call: Call) => ({ n, texts: SHAPES[shape]?.render(call) ?? [] });
  const failed = (n: number, shape: string, name: string) => printed(n, shape, { ...base(n), failure: failure(name) });
  const EVENTS = [
    failed(1, 'openai-python-traceback', 'budget of a key'),
    failed(3, 'openai-python-traceback', 'tokens per minute, OpenAI'),
    failed(5, 'httpx-with-retries', 'Anthropic overloaded, mapped to 503'),
    printed(8, 'httpx-with-retries', { ...base(8), success: SUCCESS, after: failure('OpenAI had an error') }),
    failed(11, 'httpx-with-retries', 'key is unknown'),
    printed(14, 'httpx-line', { ...base(14), success: SUCCESS }),
    failed(17, 'openai-python-repr', 'prompt too long, OpenAI'),
    ...NOISE.filter((line) => /^\d{4}-/.test(line)).map((line, n) => ({ n: 19 + n, texts: [line] })),
    printed(25, 'httpx-line', { ...base(25), success: SUCCESS }),
  ].flatMap(({ n, texts }) =>
    texts.map((message, at) => {
      const timestamp = FROM + n * 9000 + at * 500;
      // Its own stamp and the one of the export are the same moment, as in a real log.
      const stamp = new Date(timestamp).toISOString().slice(0, 23).replace('T', ' ').replace('.', ',');
      return { timestamp, message: message.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}/, stamp) };
    }),
  );
  const EXPECTED = {
    totals: { calls: 8, failures: 5, recovered: 1, attempts: 11 },
    failures: {
      budget_exceeded: 1,
      rate_limit_tokens: 1,
      provider_overloaded: 1,
      expired_or_revoked_key: 1,
      context_length_exceeded: 1,
    },
  };

  const text = `${EVENTS.map(({ message }) => message).join('\n')}\n`;
  const stamped = (stampOf: (iso: string) => string) =>
    `${EVENTS.map(({ timestamp, message }) => `${stampOf(new Date(timestamp).toISOString())} ${message}`).join('\n')}\n`;
  const cloudWatch = EVENTS.map((event, n) => ({
    logStreamName: 'web/1',
    ...event,
    ingestionTime: event.timestamp + 900,
    eventId: `e${n}`,
  }));
  const payload = {
    ...{ messageType: 'DATA_MESSAGE', owner: '123456789012', logGroup: '/aws/ecs/shop', logStream: 'web/1' },
    logEvents: EVENTS.map((event, n) => ({ id: `e${n}`, ...event })),
  };
  const csvField = (value: string) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

  const FORMS: [string, string, string | Buffer, string?][] = [
    ['plain text', 'text', text],
    ['gzip', 'text', gzipSync(text)],
    [
      'a CSV of the CloudWatch console',
      'cloudwatch-csv',
      `timestamp,message\n${EVENTS.map((event) => `${event.timestamp},${csvField(event.message)}\n`).join('')}`,
    ],
    ['filter-log-events', 'cloudwatch-events', JSON.stringify({ events: cloudWatch, searchedLogStreams: [] }, null, 4)],
    ['tail output', 'cloudwatch-tail', stamped((iso) => `${iso.replace('Z', '000+00:00')} web/1`)],
    ['an S3 export', 's3-export', gzipSync(stamped((iso) => iso)), 'export/3b1c/web-1/000000.gz'],
    [
      'a subscription payload',
      'subscription',
      JSON.stringify({ awslogs: { data: gzipSync(JSON.stringify(payload)).toString('base64') } }),
    ],
  ];
  const read = ahead(FORMS, ([, , content, name = 'app.log']) => {
    const dir = directory({ [name]: content });
    const pattern = name.includes('/') ? 'export/**/*.gz' : name;
    return Promise.all([analyze([pattern], { cwd: dir }), run(['analyze', pattern], { cwd: dir })]);
  });
  test.each(FORMS)('%s gives the same totals and is named', async (what, form, _, name = 'app.log') => {
    const [json, plain] = await read(what);
    expect(counts(json.report)).toEqual(EXPECTED);
    expect([json.code, plain.code, plain.stderr]).toEqual([0, 0, `read ${name} as ${form}\n`]);
    expect(plain.stdout).toContain('8 calls, 5 failed (63 %), 1 recovered after a retry, 11 attempts');
  });

  /** As python-json-logger prints what its text sibling prints as `time level logger: message`. */
  const logged = ({ timestamp, message }: (typeof EVENTS)[number]) => {
    const [, level = 'INFO', name = 'app', said = message] = /^\S+ \S+ ([A-Z]+) ([\w.]+): (.+)$/s.exec(message) ?? [];
    return JSON.stringify({ timestamp: new Date(timestamp).toISOString(), level, name, message: said });
  };

  test('JSON lines give the same totals and are named', async () => {
    const cwd = directory({ 'app.log': EVENTS.map(logged).join('\n') });
    const [{ report }, plain] = await Promise.all([
      analyze(['app.log'], { cwd }),
      run(['analyze', 'app.log'], { cwd }),
    ]);
    expect(counts(report)).toEqual(EXPECTED);
    expect(plain.stderr).toBe('read app.log as json-lines\n');
  });

  // Vector and Logstash do so.
  test('JSON lines around whole lines of text give the same totals', async () => {
    const lines = EVENTS.map(({ timestamp, message }) =>
      JSON.stringify({ '@timestamp': new Date(timestamp).toISOString(), host: 'web-1', message }),
    );
    const { report } = await analyze(['app.log'], { cwd: directory({ 'app.log': lines.join('\n') }) });
    expect(counts(report)).toEqual(EXPECTED);
  });

  // ECS prints the container before the line, Docker after it: only the latter is looked into.
  test('lines in the log field of FireLens give the same totals', async () => {
    const lines = EVENTS.flatMap(({ message }) => message.split('\n')).map((log) =>
      JSON.stringify({ container_id: '4f1a', container_name: '/shop', source: 'stderr', log }),
    );
    const { report } = await analyze(['app.log'], { cwd: directory({ 'app.log': lines.join('\n') }) });
    expect(report.totals.calls).toBeGreaterThanOrEqual(EXPECTED.totals.calls);
  });

  // Standard error is free to say it, and a script's log is where it would be looked for.
  test('the form is said with --json too', async () => {
    expect((await analyze(['app.log'], { cwd: directory({ 'app.log': text }) })).stderr).toBe('read app.log as text\n');
  });

  test('standard input is read in any form too', async () => {
    const plain = await run(['analyze', '-'], { stdin: gzipSync(JSON.stringify(payload)) });
    expect([plain.code, plain.stderr]).toEqual([0, 'read - as subscription\n']);
    expect(counts((await analyze(['-'], { stdin: text })).report)).toEqual(EXPECTED);
  });
});

describe('what is asked', () => {
  /** Ten quiet minutes, then five in which all calls fail. */
  const LOG = callLog(
    Array.from({ length: 300 }, (_, n) => (n < 200 ? 200 : 503)),
    { fromMs: FROM, everyMs: 3000 },
  );

  test('the JSON is the summary of the API plus alerts', async () => {
    const { report, code } = await analyze(['app.log'], { cwd: directory({ 'app.log': LOG }) });
    expect(code).toBe(0);
    expect(report).toEqual({
      from: '2026-11-17T09:00:00.000Z',
      to: '2026-11-17T09:15:00.000Z',
      granularity: 'minute',
      freshness: '2026-11-17T09:14:00.000Z',
      totals: { calls: 300, failures: 100, recovered: 0, attempts: 300 },
      by: ['cause'],
      rows: [
        {
          key: { cause: 'service_unavailable_unspecified' },
          failures: 100,
          share: 1,
          first: '2026-11-17T09:10:00.000Z',
          last: '2026-11-17T09:14:00.000Z',
        },
      ],
      other: 0,
      skipped: {},
      partial: false,
      coverage: { classified: 100, unknown: 0, unreadable: 0, share: 1, signatures: [], other: 0 },
      alerts: [expect.objectContaining({ state: 'firing', group: 'e5xx', failures: 100 })],
    });
  });

  // They show what the program keeps (`sinceMs`, `notifiedRate`) instead of what `/v1/alerts` answers.
  test('alerts are told as the API tells them', async () => {
    const { report } = await analyze(['app.log'], { cwd: directory({ 'app.log': LOG }) });
    expect(report.alerts).toMatchObject([
      { since: '2026-11-17T09:10:00.000Z', fired: expect.any(String), resolved: null },
    ]);
    expect(JSON.stringify(report.alerts)).not.toMatch(/Ms"|notifiedRate/);
  });

  test('--by chooses the dimensions of the rows', async () => {
    const { report } = await analyze(['app.log', '--by', 'status,logGroup'], { cwd: directory({ 'app.log': LOG }) });
    expect(report.by).toEqual(['status', 'logGroup']);
    expect(report.rows).toMatchObject([{ key: { status: 503, logGroup: 'app.log' }, failures: 100 }]);
    const { stdout } = await run(['analyze', 'app.log', '--by', 'logGroup'], { cwd: directory({ 'app.log': LOG }) });
    expect(stdout).toMatch(/By logGroup\n.*\n +100 +33 % +app\.log/);
  });

  test.each([
    ['--from', ['--from', '2026-11-17T09:10Z'], [100, 100]],
    ['--to', ['--to', '2026-11-17T09:10Z'], [200, 0]],
    ['both', ['--from', '2026-11-17T09:09Z', '--to', String(FROM + 11 * MINUTE)], [40, 20]],
  ])('%s leaves out what lies beyond', async (_, args, expected) => {
    const { report } = await analyze(['app.log', ...args], { cwd: directory({ 'app.log': LOG }) });
    expect([report.totals.calls, report.totals.failures]).toEqual(expected);
  });

  test.each([
    ['failures', 'a failure', callLog([503, 200], { fromMs: FROM }), 1],
    ['failures', 'no failure', callLog([200], { fromMs: FROM }), 0],
    ['alerts', 'an alert', LOG, 1],
    ['alerts', 'failures without an alert', callLog([503, 200], { fromMs: FROM }), 0],
  ])('--fail-on %s: exit code with %s', async (what, _, log, code) => {
    const ended = await run(['analyze', 'app.log', '--fail-on', what], { cwd: directory({ 'app.log': log }) });
    expect(ended.code).toBe(code);
  });

  test('calls of other hosts are skipped unless asked for', async () => {
    const hosts = ['api.llmgrid.ai', 'api.openai.com', 'api.openai.com', 'gateway.example.com'];
    const log = hosts.map((host, n) => `${callLine(FROM + n * 5000, 503, host)}\n`).join('');
    const cwd = directory({ 'app.log': log });
    const [own, any, named] = await Promise.all([
      analyze(['app.log'], { cwd }),
      analyze(['app.log', '--hosts', 'any'], { cwd }),
      analyze(['app.log', '--hosts', 'openai.com,gateway.example.com'], { cwd }),
    ]);
    const told = [own, any, named].map(({ report }) => [report.totals.failures, report.skipped]);
    expect(told).toEqual([
      [1, { 'other-host': 3 }],
      [4, {}],
      [3, { 'other-host': 1 }],
    ]);
  });
});

describe('bad input', () => {
  /** Far apart: a failed try and a failure soon after it are one call. */
  const GOOD = callLog([503], { fromMs: FROM });
  const LATER = callLog([429], { fromMs: FROM + 20 * MINUTE });
  const nested = (depth: number) => '{"error":'.repeat(depth) + '1'.padEnd(depth + 1, '}');
  const PROTO = JSON.stringify({
    time: FROM + 10 * MINUTE,
    url: 'https://api.llmgrid.ai/v1/chat/completions',
    status: 429,
  });

  const BAD: [string, string | Buffer | null, RegExp, { code: number; calls: number }][] = [
    ['a missing file', null, /^bad\.log does not exist: check the name/, { code: 2, calls: 1 }],
    ['a directory', 'folder', /^bad\.log is a directory: name its files/, { code: 2, calls: 1 }],
    ['a binary file', gzipSync(gzipSync(GOOD.repeat(50))), /^bad\.log is binary, not a log/, { code: 2, calls: 1 }],
    ['an empty file', '', /^bad\.log is empty: nothing to read there/, { code: 0, calls: 1 }],
    [
      'a truncated gzip file',
      gzipSync(GOOD.repeat(9)).subarray(0, -4),
      /^bad\.log is a gzip file that ends early: all before the cut was read/,
      { code: 2, calls: 10 },
    ],
    [
      'a line of more than 1 MiB',
      `${GOOD}${'x'.repeat(1_100_000)}\n${LATER}`,
      /^bad\.log: 1 of its lines or messages are longer than 1 MiB/,
      { code: 0, calls: 3 },
    ],
    ['deep JSON', `${GOOD}${nested(40_000)}\n${LATER}`, /^$/, { code: 0, calls: 3 }],
    ['NUL bytes', `${GOOD}\0\0 nothing \0\n${LATER}`, /^$/, { code: 0, calls: 3 }],
    ['invalid UTF-8', Buffer.from(`${GOOD}caf\xe9 \xff\xfe\n${LATER}`, 'latin1'), /^$/, { code: 0, calls: 3 }],
    [
      'keys named __proto__',
      `${GOOD}${PROTO.replace('{', '{"__proto__":{"status":500},"constructor":{"prototype":{"model":"x"}},')}\n${LATER}`,
      /^$/,
      { code: 0, calls: 4 },
    ],
    [
      'values named __proto__',
      `${GOOD}${PROTO.replace('}', ',"model":"__proto__","tenant":"toString"}')}\n`,
      /^$/,
      { code: 0, calls: 3 },
    ],
  ];
  const read = ahead(BAD, ([, content]) => {
    const given = content === null || content === 'folder' ? {} : { 'bad.log': content };
    const dir = directory({ 'good.log': GOOD, ...given });
    if (content === 'folder') mkdirSync(join(dir, 'bad.log'));
    return analyze(['bad.log', 'good.log'], { cwd: dir });
  });
  test.each(BAD)('%s costs only itself', async (name, _, sentence, { code, calls }) => {
    const ended = await read(name);
    expect([ended.code, ended.report.totals.calls]).toEqual([code, calls]);
    const said = ended.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('read '));
    expect(said.length).toBe(sentence.source === '^$' ? 0 : 1);
    expect(said.join('\n')).toMatch(sentence);
  });

  // A range beside the data, or a zone mistaken, reads like an empty file.
  test('events outside the range are not called unread', async () => {
    const cwd = directory({ 'good.log': GOOD });
    const { stdout, stderr } = await run(['analyze', 'good.log', '--from', '2027-01-01'], { cwd });
    expect(stdout + stderr).not.toContain('Nothing was read');
  });

  // Half a report looks like a whole one.
  test('Ctrl-C says that the report is of a part', async () => {
    const log = callLog(new Array<number>(20_000).fill(200), { fromMs: FROM, everyMs: 480 });
    const reading = launch(['analyze', '-'], { stdin: 'open' });
    // Longer than a pipe: most of it has been read when the last of it is taken.
    await reading.write(log);
    reading.signal('SIGINT');
    const { stdout, stderr } = await reading.ended;
    expect(stdout).toContain(' calls, ');
    expect(stderr).toMatch(/interrupted|stopped/i);
  });

  test('nothing readable at all is no empty success', async () => {
    const { code, stdout } = await run(['analyze', 'gone.log'], { cwd: directory({}) });
    expect([code, stdout]).toEqual([2, 'Nothing was read, so there is nothing to report.\n']);
  });
});

const hasProc = process.platform === 'linux';
(hasProc ? test : test.skip)('a 60 MB file needs less than 300 MB (skipped where /proc is missing)', async () => {
  // Long lines, so that the test is about bytes and not about the time that lines take.
  const filler = 'x'.repeat(1000);
  const block = (minute: number): string =>
    Array.from({ length: 500 }, (_, n) => {
      const atMs = FROM + minute * MINUTE + n * 120;
      return n % 25 === 0
        ? callLine(atMs, n % 50 === 0 ? 503 : 200)
        : `${new Date(atMs).toISOString()} INFO orders: ${filler}`;
    }).join('\n');
  let size = 0;
  const blocks: string[] = [];
  for (let minute = 0; size < 60e6; minute += 1) size += blocks[blocks.push(block(minute)) - 1]?.length ?? 0;
  const dir = directory({ 'big.log': `${blocks.join('\n')}\n` });
  const reading = launch(['analyze', '--json', 'big.log'], { cwd: dir });
  let peakKb = 0;
  const watch = setInterval(() => {
    const [, kb = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${reading.pid}/status`, 'utf8')) ?? [];
    peakKb = Math.max(peakKb, Number(kb));
  }, 100);
  await reading.said('stdout', /\n/).finally(() => clearInterval(watch));
  const ended = await reading.ended;
  expect(reportIn(ended).totals.calls).toBe(blocks.length * 20);
  expect(peakKb).toBeGreaterThan(40_000);
  expect(peakKb).toBeLessThan(300_000);
});
