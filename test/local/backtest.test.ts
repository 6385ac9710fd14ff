import { callLog, endChildren, run } from './cli.ts';
import { directory, removeDirectories } from './input/reading.ts';

afterAll(() => {
  endChildren();
  removeDirectories();
});

const FROM = Date.UTC(2026, 10, 17, 9);
/** Ten calls a minute for two hours; all fail for twenty minutes, and three in ten for twenty more. */
const statuses = Array.from({ length: 1200 }, (_, i) => {
  const minute = Math.floor(i / 10);
  if (minute >= 40 && minute < 60) return 503;
  return minute >= 80 && minute < 100 && i % 10 < 3 ? 429 : 200;
});
const LOG = callLog(statuses, { fromMs: FROM, everyMs: 6000 });
const DEAF = '{"minShare": 0.6}';

const row = (t: number) =>
  JSON.stringify({ at: t + 1, series: 'shop', batch: `${t}`, t, total: 100, e5xx: t >= 40 && t < 55 ? 40 : 0 });
const SERIES = [
  '{"hello":{"start":"2026-01-05T00:00:00Z","series":["shop"]}}',
  ...Array.from({ length: 80 }, (_, t) => `${row(t)}\n{"tick":${t + 1}}`),
].join('\n');

test('logs tell which alerts would have been sent', async () => {
  const { code, stdout } = await run(['backtest', 'app.log'], { cwd: directory({ 'app.log': LOG }) });
  expect(code).toBe(0);
  const [first, , , ...alerts] = stdout.split('\n');
  expect(first).toBe('defaults: 2 alerts, 4 messages');
  expect(alerts[0]).toMatch(
    /^11-17 {2}09:40 {2}09:4[2-4] {2}10:0\d .*Service unavailable.* 200 of 200 \(100 %, normal /,
  );
  expect(alerts[1]).toMatch(/^11-17 {2}10:20 {2}10:2\d {2}10:4\d .*60 of \d+ \(/);
});

test('two settings are compared alert by alert', async () => {
  const cwd = directory({ 'app.log': LOG, 'deaf.json': DEAF, 'usual.json': '{}' });
  const { stdout } = await run(['backtest', 'app.log', '--settings', 'deaf.json', '--against', 'usual.json'], { cwd });
  const lines = stdout.split('\n');
  expect(lines.slice(0, 3)).toEqual([
    'deaf.json: 1 alert, 2 messages',
    'usual.json: 2 alerts, 4 messages',
    '1 alike, 0 only with deaf.json, 1 only with usual.json',
  ]);
  expect(lines.find((line) => line.startsWith('-'))).toMatch(/^- {2}11-17 {2}10:20 {2}not sent {3}10:2\d/);
});

test('with --json the same comes as data', async () => {
  const cwd = directory({ 'app.log': LOG, 'deaf.json': DEAF, 'usual.json': '{}' });
  const args = ['--settings', 'deaf.json', '--against', 'usual.json', '--json'];
  const { stdout } = await run(['backtest', 'app.log', ...args], { cwd });
  const { runs, difference } = JSON.parse(stdout);
  expect(
    runs.map(({ settings, alerts }: { settings: string; alerts: unknown[] }) => [settings, alerts.length]),
  ).toEqual([
    ['deaf.json', 1],
    ['usual.json', 2],
  ]);
  expect(difference).toMatchObject([
    { told: 'both', settings: { group: 'e5xx', failures: 200, since: '2026-11-17T09:40:00.000Z' } },
    { told: 'against', settings: null, against: { group: 'e429', share: expect.any(Number) } },
  ]);
});

test('series are read as detect reads them', async () => {
  const cwd = directory({ 'series.jsonl': SERIES, 'deafer.json': '{"minShare": 0.95}' });
  const one = await run(['backtest', 'series.jsonl'], { cwd });
  expect(one.stdout).toMatch(/^defaults: 1 alert, 2 messages\n[\s\S]*shop +Service failing +600 of 1,500 \(40 %/);
  const none = await run(['backtest', 'series.jsonl', '--settings', 'deafer.json'], { cwd });
  expect(none.stdout).toBe('deafer.json: no alert would have been sent\n');
});

test.each([
  ['standard input', ['-'], 'it takes files, not -'],
  ['logs and series together', ['app.log', 'series.jsonl'], 'one after the other'],
  ['settings that are wrong', ['app.log', '--settings', 'bad.json'], 'minShare'],
])('%s are refused with a reason', async (_name, args, why) => {
  const cwd = directory({ 'app.log': LOG, 'series.jsonl': SERIES, 'bad.json': '{"minShare": 7}' });
  const { code, stdout, stderr } = await run(['backtest', ...args], { cwd });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(why);
});
