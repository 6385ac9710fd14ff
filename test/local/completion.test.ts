import { execFileSync } from 'node:child_process';
import { run } from './cli.ts';

jest.setTimeout(40_000);

/** What bash offers for a command line whose last word is being written. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout: script } = await run(['completion', 'bash']);
  const line = words.map((word) => `'${word}'`).join(' ');
  const text = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _gridwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', text], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

test.each([
  [['gridwatch', 'su'], ['summary']],
  [['gridwatch', 'al'], ['alerts']],
  [
    ['gridwatch', 'summary', '--ca'],
    ['--cause', '--category'],
  ],
  [['gridwatch', 'summary', '--category', 'th'], ['throttle']],
  [
    ['gridwatch', 'series', '--step', '1'],
    ['1m', '10m', '15m', '1h', '12h', '1d'],
  ],
  [['gridwatch', 'completion', 'z'], ['zsh']],
])('bash completes %j', async (words, wanted) => {
  expect((await offered(...words)).sort()).toEqual([...wanted].sort());
});

test.each(['zsh', 'fish'])('%s is told every command and its options', async (shell) => {
  const { stdout, code } = await run(['completion', shell]);
  expect(code).toBe(0);
  const { stdout: help } = await run(['--help']);
  const commands = [...help.matchAll(/^ {2}([a-z]+) .*\[options\]/gm)].map(([, name]) => name ?? '');
  expect(commands).toContain('summary');
  for (const name of commands) expect(stdout).toContain(name);
  expect(stdout).toContain(shell === 'zsh' ? '--log-group[' : '-l log-group');
});

test('another shell is answered with those there are', async () => {
  const { code, stderr } = await run(['completion', 'csh']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/bash, zsh, fish/)]);
});
