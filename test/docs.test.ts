import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryStore } from '../functions/local/memory-store.ts';
import { queryApi } from '../shared/api.ts';
import { LATE_MS } from '../shared/late/note.ts';
import { maintenance } from '../shared/maintenance.ts';
import { ENDPOINTS } from '../shared/query.ts';
import { DIMENSIONS } from '../shared/summary.ts';
import { HOUR_MS } from '../shared/window.ts';

// What the documents claim is run here.

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const README = read('README.md');
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'docs/architecture.md'];

/** Lines of the README's code blocks of one language. */
const blocks = (language: string): string =>
  [...README.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1]).join('\n');

/** What the command line prints where no person looks: Jest asks its workers for colours when it prints them itself. */
const gridwatch = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [join(root, 'dist/cli.js'), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NO_COLOR: '1' },
  });

describe('the README', () => {
  test('shows alerts that the recorded hour really sends', () => {
    const output = gridwatch('start', '--no-serve');
    const shown = blocks('text').match(/^✉ .+$/gm) ?? [];
    expect(shown).toHaveLength(3);
    for (const line of shown) expect(output).toContain(line);
    expect(output).toContain('Since 09:12 UTC');
  });

  test('shows what a backtest of the recorded hour prints', () => {
    const incident = join(root, 'dist/incident');
    const files = readdirSync(incident).map((name) => join(incident, name));
    const output = gridwatch('backtest', ...files);
    const shown = blocks('text').match(/^(?:defaults: .*|day .*|\d\d-\d\d {2}.*)$/gm) ?? [];
    expect(shown).toHaveLength(3);
    for (const line of shown) expect(output).toContain(line);
  });

  test('shows maintenance windows that are taken as settings', () => {
    const shown = README.match(/"maintenance": (\[.*\])`/)?.[1] ?? '';
    expect(maintenance(shown)).toEqual({ value: JSON.parse(shown) });
  });

  test('shows the message that an incident really sends', () => {
    const shown = README.match(/```text\n(Subject: [\s\S]*?)\n```/)?.[1] ?? '';
    expect(shown).toContain('Do this first: ');
    expect(read('test/golden/incidents/rpm-burst.txt').startsWith(shown)).toBe(true);
  });

  test('names only scripts that package.json has', () => {
    const { scripts, engines } = JSON.parse(read('package.json'));
    for (const [, script] of README.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty([script as string]);
    expect(scripts).toHaveProperty('start');
    expect(scripts).toHaveProperty('test');
    expect(engines.node).toBe('>=20.19');
    expect(README).toContain('Node 20.19');
  });

  test('lists every input form that is detected, and no other', () => {
    const forms = read('functions/local/input/form.ts').match(/export type Form =([\s\S]*?);/)?.[1] ?? '';
    const known = [...forms.matchAll(/'([\w-]+)'/g)].map((match) => match[1]);
    const listed = [...README.matchAll(/^\| .* \| `([\w-]+)` \|$/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(known.sort());
  });

  test('names every dimension and only paths that are served', () => {
    expect(README).toContain(`\`${DIMENSIONS.join(' ')}\``);
    const served: readonly string[] = ENDPOINTS.map(({ path }) => path);
    for (const [, path] of README.matchAll(/127\.0\.0\.1:4600(\/v1\/\w+)/g))
      expect(served.some((endpoint) => endpoint.includes(path as string))).toBe(true);
  });

  test('asks only for what the command line and the query API know', async () => {
    const lines = blocks('sh').match(/^gridwatch (?:summary|series|alerts|silence) .*$/gm) ?? [];
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) {
      const known = gridwatch(line.split(' ')[1] ?? '', '--help');
      for (const [option] of line.split('#')[0]?.matchAll(/--[a-z-]+/g) ?? []) expect(known).toContain(option);
    }
    const api = queryApi({ store: memoryStore(), now: Date.now, version: '1' });
    for (const [, url] of README.matchAll(/curl "(http:\/\/127\.0\.0\.1:4600[^"]+)"/g))
      expect([url, (await api(new Request(String(url)))).status]).toEqual([url, 200]);
  });

  test('explains with the commands it names', () => {
    expect(gridwatch('explain', '429')).toContain('budget_exceeded');
  });
});

test.each(DOCUMENTS)('%s links to files that exist', (path) => {
  const folder = join(root, path, '..');
  for (const [, target] of read(path).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g))
    expect([target, existsSync(join(folder, target as string))]).toEqual([target, true]);
});

test('what the documents say of late data is what is done', () => {
  expect(LATE_MS).toBe(6 * HOUR_MS);
  for (const path of ['README.md', 'docs/architecture.md', 'docs/runbook.md']) expect(read(path)).toMatch(/six hours/);
  const notice = read('test/golden/email-found-late.txt');
  expect(notice).toMatch(/^Subject: Found late, over: /);
});

test('the architecture names only files that exist', () => {
  const walk = read('docs/architecture.md').match(/`shared\/[\w/-]+\.ts`/g) ?? [];
  expect(walk.length).toBeGreaterThan(15);
  for (const name of walk) expect([name, existsSync(join(root, name.replaceAll('`', '')))]).toEqual([name, true]);
});
