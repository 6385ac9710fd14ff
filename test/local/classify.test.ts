import { failure } from '../fixtures/failures.ts';
import { type Call, SHAPES } from '../fixtures/shapes.ts';
import { callLine, type Ended, endChildren, jsonLines, run } from './cli.ts';
import { directory, removeDirectories } from './input/reading.ts';

afterAll(() => {
  endChildren();
  removeDirectories();
});

const FROM = Date.UTC(2026, 10, 17, 9);
const BUDGET: Call = { atMs: FROM, model: 'gpt-4o-mini', failure: failure('budget of a key') };
const [pino = '', traceback = ''] = ['pino', 'openai-python-traceback'].flatMap(
  (name) => SHAPES[name]?.render(BUDGET) ?? [],
);
const FAILED = { call: true, failed: true, category: 'throttle', cause: 'budget_exceeded', status: 429, skipped: null };
const NOTHING = {
  ...{ call: false, kind: null, failed: false, status: null, category: null, cause: null, origin: null },
  ...{ retry: null, provider: null, model: null, shape: null },
};
const FIELDS = 'id call kind failed status category cause origin retry provider model shape skipped'.split(' ');

const classify = async (lines: readonly unknown[], args: readonly string[] = []) =>
  answered(await run(['classify', ...args], { stdin: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n` }));
const answered = (ended: Ended) => ({ ...ended, answers: jsonLines(ended.stdout) as Record<string, unknown>[] });

test('a failure is answered with every field of the design', async () => {
  const { answers, code, stderr } = await classify([
    { id: 'a', message: pino, timestamp: FROM, logGroup: '/app/shop' },
  ]);
  expect([code, stderr, Object.keys(answers[0] ?? {})]).toEqual([0, '', FIELDS]);
  expect(answers).toEqual([
    {
      ...{
        id: 'a',
        call: true,
        kind: 'final',
        failed: true,
        status: 429,
        category: 'throttle',
        cause: 'budget_exceeded',
      },
      ...{
        origin: 'gateway',
        retry: 'after-reset',
        provider: null,
        model: 'gpt-4o-mini',
        shape: 'pino',
        skipped: null,
      },
    },
  ]);
});

test('objects and strings are answered in order, ids kept', async () => {
  const { answers } = await classify([
    { id: 7, message: pino },
    traceback,
    { id: 'ok', message: callLine(FROM, 200) },
    { id: null, message: 'user 4711 signed in' },
    { message: pino },
    { id: 0, message: '' },
  ]);
  expect(answers.map(({ id, call, failed, kind }) => [id, call, failed, kind])).toEqual([
    [7, true, true, 'final'],
    [null, true, true, 'final'],
    ['ok', true, false, 'success'],
    [null, false, false, null],
    [null, true, true, 'final'],
    [0, false, false, null],
  ]);
  expect(answers[1]).toMatchObject({ ...FAILED, id: null, shape: 'python-traceback' });
  expect(answers[3]).toEqual({ ...NOTHING, id: null, skipped: 'not-a-call' });
});

test('a malformed line is answered, empty lines are not', async () => {
  const lines = [
    '',
    '{"message":',
    '  ',
    '{"message":5}',
    '[1]',
    'null',
    '{"text":"x"}',
    JSON.stringify({ id: 1, message: pino }),
    '',
  ];
  const { answers, code, stderr } = answered(await run(['classify', '-'], { stdin: lines.join('\n') }));
  expect(code).toBe(2);
  expect(answers.slice(0, 5)).toEqual(Array(5).fill({ ...NOTHING, id: null, skipped: 'malformed' }));
  expect(answers.slice(5)).toMatchObject([{ ...FAILED, id: 1 }]);
  expect(stderr.match(/^line \d+ is no JSON string and no object with a "message"/gm)).toHaveLength(5);
  expect(stderr).toContain('line 2 is');
});

// Answers of a script are joined to its questions by id.
test('a malformed object keeps its id', async () => {
  expect((await classify([{ id: 'q1', message: 5 }])).answers).toEqual([
    { ...NOTHING, id: 'q1', skipped: 'malformed' },
  ]);
});

test('calls of other hosts count with --hosts any', async () => {
  const line = { id: 1, message: callLine(FROM, 503, 'api.openai.com') };
  expect((await classify([line])).answers).toEqual([{ ...NOTHING, id: 1, skipped: 'other-host' }]);
  expect((await classify([line], ['--hosts', 'any'])).answers).toMatchObject([
    { id: 1, call: true, failed: true, status: 503 },
  ]);
});

test('a file is read as standard input is', async () => {
  const cwd = directory({ 'in.jsonl': `${JSON.stringify({ id: 1, message: pino })}\r\n${JSON.stringify(traceback)}` });
  const { answers, code } = answered(await run(['classify', 'in.jsonl'], { cwd }));
  expect([code, answers.map(({ id, cause }) => [id, cause])]).toEqual([
    0,
    [
      [1, 'budget_exceeded'],
      [null, 'budget_exceeded'],
    ],
  ]);
});

test('nothing in gives nothing out', async () => {
  expect(await run(['classify'])).toEqual({ code: 0, stdout: '', stderr: '' });
});

test.each([
  ['a missing file', 'gone.jsonl', 'ENOENT'],
  ['a directory', '.', 'EISDIR'],
])('%s is said in one sentence', async (_, name, why) => {
  const { code, stdout, stderr } = await run(['classify', name], { cwd: directory({}) });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe(
    `gridwatch: ${name}: cannot be read (${why}); name a file of JSON lines, or - for standard input.\n`,
  );
});

test('names of the prototype are names like others', async () => {
  const stdin = `{"id":"__proto__","__proto__":{"message":"x"},"message":${JSON.stringify(pino)}}\n{"__proto__":{"message":"x"}}\n`;
  const { answers } = answered(await run(['classify'], { stdin }));
  expect(answers).toMatchObject([
    { ...FAILED, id: '__proto__' },
    { id: null, skipped: 'malformed' },
  ]);
});
