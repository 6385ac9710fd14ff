import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAUSES, causeById } from '../../shared/causes.ts';
import { failure } from '../fixtures/failures.ts';
import { SHAPES } from '../fixtures/shapes.ts';
import { ahead, type Ended, endChildren, run } from './cli.ts';

afterAll(endChildren);

const DOC = 'https://docs.llmgrid.ai/guides/developer-docs/common-errors';
interface Explanation {
  readonly about: string;
  readonly causes: readonly { readonly id: string; readonly documented: boolean }[];
}
const explained = ({ stdout }: Ended): Explanation => JSON.parse(stdout);
const [line = ''] =
  SHAPES['openai-python-repr']?.render({
    ...{ atMs: Date.UTC(2026, 10, 17, 9), model: 'gpt-4o', failure: failure('budget of a key') },
  }) ?? [];

test('a cause is told with meaning, causes, steps, verdict and link', async () => {
  const cause = causeById('budget_exceeded');
  const { code, stdout, stderr } = await run(['explain', 'budget_exceeded']);
  expect([code, stderr]).toEqual([0, '']);
  const parts = [
    cause?.title,
    cause?.meaning,
    ...(cause?.commonCauses ?? []),
    ...(cause?.remediation ?? []),
    cause?.doNot,
    DOC,
  ];
  for (const part of parts) expect(stdout).toContain(part);
  expect(stdout).toContain('Retry: only once the limit has been raised or has reset.');
});

test.each([
  ['a cause with dashes', 'budget-exceeded', ['budget_exceeded']],
  ['a cause in upper case', 'BUDGET_EXCEEDED', ['budget_exceeded']],
  ['a pasted line', line, ['budget_exceeded']],
  [
    'the text of an exception',
    "Error code: 401 - {'error': {'message': 'Authentication Error, Invalid proxy server token passed.'}}",
    ['expired_or_revoked_key'],
  ],
])('%s is understood', async (_, words, ids) => {
  const [{ code, stdout }, json] = await Promise.all([run(['explain', words]), run(['explain', words, '--json'])]);
  expect([code, json.code, explained(json).causes.map(({ id }) => id)]).toEqual([0, 0, ids]);
  expect(stdout).toContain(causeById(ids[0] ?? '')?.title);
});

test('a status lists its documented causes first', async () => {
  const [json, { stdout }] = await Promise.all([run(['explain', '429', '--json']), run(['explain', '429'])]);
  const { causes, about } = explained(json);
  const documented = CAUSES.filter((cause) => cause.documented && cause.statuses[0] === 429).map(({ id }) => id);
  expect(about).toBe('Status 429');
  expect(causes.slice(0, documented.length).map(({ id }) => id)).toEqual(documented);
  expect(documented).toContain('budget_exceeded');
  for (const id of documented) expect(stdout).toContain(causeById(id)?.title);
});

test('words without quotes are one line', async () => {
  const { code, stdout } = await run(['explain', 'Error', 'code:', '503', '-', 'overloaded']);
  expect([code, stdout.includes('503')]).toEqual([0, true]);
});

const UNKNOWN: [string][] = [['418'], ['budget'], ['the weather is fine'], ['__proto__'], ['\u001b[31mred']];
const unknown = ahead(UNKNOWN, ([words]) => run(['explain', words]));
test.each(UNKNOWN)('%j is unknown, and what is known is said', async (words) => {
  const { code, stdout, stderr } = await unknown(words);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('is no status, cause or failed LLM call that gridwatch knows');
  for (const known of ['429', '503', 'budget_exceeded', 'provider_overloaded']) expect(stderr).toContain(known);
  expect(stderr.includes('\u001b')).toBe(false);
});

describe('usage', () => {
  test('help lists every command', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of ['start', 'analyze', 'classify', 'explain'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  test.each(['start', 'analyze', 'explain'])('help of %s has examples', async (command) => {
    const { code, stdout } = await run([command, '--help']);
    expect([code, stdout.includes(`  gridwatch ${command} `)]).toEqual([0, true]);
  });

  // It says in words what it reads, without a line to copy.
  test('help of classify has examples', async () => {
    expect((await run(['classify', '--help'])).stdout).toMatch(/^ {2}.*gridwatch classify /m);
  });

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  const WRONG: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown command', ['analize', 'app.log'], /unknown command 'analize'\n\(Did you mean analyze\?\)/],
    ['an unknown option', ['start', '--no-serv'], /unknown option '--no-serv'\n\(Did you mean --no-serve\?\)/],
    ['a missing argument', ['analyze'], /missing required argument 'files'/],
    ['no argument to explain', ['explain'], /missing required argument 'words'/],
    ['a dimension', ['analyze', 'x', '--by', 'colour'], /"colour" is no dimension; choose from cause, status,/],
    ['a time', ['analyze', 'x', '--from', 'yesterday'], /Write a time as 2026-/],
    ['times in the wrong order', ['analyze', 'x', '--from', '-1h', '--to', '-2h'], /--from is not before --to/],
    ['a choice', ['analyze', 'x', '--fail-on', 'warnings'], /Allowed choices are failures, alerts/],
    ['a port', ['start', '--port', '70000'], /A port is a whole number from 0 to 65535/],
    ['a host', ['start', '--hosts', 'not a host'], /"not a host" is no host name/],
    ['an option that is elsewhere', ['explain', '429', '--hosts', 'any'], /unknown option '--hosts'/],
  ];
  const wrong = ahead(WRONG, ([, args]) => run(args));

  test.each(WRONG)('%s that is wrong is told apart', async (what, _, sentence) => {
    const { code, stdout, stderr } = await wrong(what);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
  });

  test('no command at all shows the help and exits 2', async () => {
    const { code, stderr } = await run([]);
    expect([code, stderr.includes('Usage: gridwatch')]).toEqual([2, true]);
  });
});
