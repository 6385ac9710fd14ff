import { type Ended, endChildren, jsonLines, launch, run } from './cli.ts';
import { directory, removeDirectories } from './input/reading.ts';

afterAll(() => {
  endChildren();
  removeDirectories();
});

const hello = (strict: boolean) =>
  JSON.stringify({ hello: { strict, minutes: 80, start: '2026-01-05T00:00:00Z', series: ['shop'] } });
const row = (t: number, e5xx: number) =>
  JSON.stringify({
    at: t + 1,
    series: 'shop',
    batch: `shop:${t}:0`,
    t,
    total: 100,
    e429: 0,
    e5xx,
    timeout: 0,
    auth: 0,
    e4xx: 0,
  });
const minute = (t: number): string[] => [row(t, t >= 40 && t < 55 ? 40 : 0), JSON.stringify({ tick: t + 1 })];
const feed = (strict = false): string[] => [hello(strict), ...Array.from({ length: 80 }, (_, t) => minute(t)).flat()];
const answers = (ended: Ended) => jsonLines(ended.stdout) as Record<string, unknown>[];

test('an outage is opened and closed in the format of its input', async () => {
  const ended = await run(['detect'], { stdin: `${feed().join('\n')}\n` });
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  expect(answers(ended)).toEqual([
    {
      ...{ series: 'shop', at: expect.any(Number), type: 'open', class: 'e5xx', reason: 'share-above-normal' },
      text: expect.stringMatching(
        /^Since 00:40 UTC, \d+ of \d+ calls \(40 %\) failed with 5xx or no answer; normal is under 0.1 %\.$/,
      ),
    },
    expect.objectContaining({ type: 'close', class: 'e5xx', reason: 'recovered' }),
  ]);
});

test('in lock-step every tick is answered before the next is sent', async () => {
  const child = launch(['detect', '-'], { stdin: 'open' });
  await child.write(`${hello(true)}\n`);
  for (let t = 0; t < 45; t += 1) {
    await child.write(`${minute(t).join('\n')}\n`);
    await child.said('stdout', new RegExp(`{"ack":${t + 1}}\n`));
  }
  child.signal('SIGTERM');
  const { stdout } = await child.ended;
  expect(stdout).toMatch(/{"series":"shop","at":4\d,"type":"open".*}\n{"ack":4\d}/);
});

test("a file and settings of one's own", async () => {
  const cwd = directory({
    'series.jsonl': feed().join('\n'),
    'deaf.json': '{"minShare": 0.9}',
    'bad.json': '{"minShare": 7}',
  });
  expect(answers(await run(['detect', 'series.jsonl'], { cwd }))).toHaveLength(2);
  expect(answers(await run(['detect', 'series.jsonl', '--settings', 'deaf.json'], { cwd }))).toEqual([]);
  const { code, stderr } = await run(['detect', 'series.jsonl', '--settings', 'bad.json'], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain('minShare');
});

test('lines that are none of the three are left out and told', async () => {
  const bad = ['{"tick":', '[]', '{"series":"shop","t":1}', row(3, 101), '{"tick":-1}', '{"hello":null}'];
  const { code, stdout, stderr } = await run(['detect'], { stdin: [hello(true), ...bad, '', '{"tick":1}'].join('\n') });
  expect([code, stdout]).toEqual([2, '{"ack":1}\n']);
  expect(stderr).toMatch(/^line 2 is no hello, row or tick[\s\S]*line 6 is[\s\S]*\n6 lines were left out\.\n$/);
});

test('a missing file is said in one sentence', async () => {
  const { code, stderr } = await run(['detect', 'gone.jsonl'], { cwd: directory({}) });
  expect(code).toBe(2);
  expect(stderr).toBe(
    'gridwatch: gone.jsonl: cannot be read (ENOENT); name a file of JSON lines, or - for standard input.\n',
  );
});
