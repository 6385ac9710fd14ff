/**
 * The law of imports: shared decides, functions does, infra places, test proves. It reads the source text of every file, so it
 * also holds for what no test runs. A new file of shared/ takes its place in the walk here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** shared/ from top to bottom: a file imports only what stands above it. */
const WALK = [
  // what everything is told
  'memo',
  'causes',
  'own',
  'text-pattern',
  'setting-values',
  'setting-rules',
  'maintenance',
  'settings',
  'settings-file',
  // log events -> call records
  'record',
  'screen/literals',
  'screen',
  'redact',
  'signature',
  'envelope',
  'timestamp/stamp',
  'timestamp/json',
  'timestamp',
  'parse/clean',
  'parse/continuation',
  'parse/literal',
  'parse/transport',
  'parse/status',
  'parse/vocabulary',
  'parse/fields',
  'parse/logger',
  'parse/evidence',
  'parse/own',
  'parse/shape',
  'signals',
  'parse/ending',
  'parse/elsewhere',
  'parse/prose',
  'parse/gate',
  'parse/record-of',
  'parse',
  // -> outcomes -> contributions -> roll-ups
  'own-rules',
  'classify',
  'template/split',
  'template/vary',
  'template/plan',
  'template/memory',
  'template',
  'triage',
  'stated',
  'window',
  'packed',
  'coverage',
  'calls',
  'contribution',
  'fold',
  // -> verdicts -> alerts -> messages
  'detect/scope',
  'detect/normal',
  'detect/evidence',
  'detect/spike',
  'detect/sentence',
  'detect',
  'words',
  'findings/scene',
  'findings/burst-or-budget',
  'findings/noisiest',
  'findings/limit',
  'findings/share',
  'findings/change',
  'findings',
  'detect/state',
  'alert/state',
  'alert/tally',
  'alert/grouping',
  'alert/figures',
  'alert/lifecycle',
  'alert',
  'message/lead',
  'message/first-step',
  'message/subject',
  'message/text',
  'message',
  'digest',
  'told',
  'chat',
  'slack',
  // the stored world
  'ports',
  'change',
  'silence',
  'roll-up',
  'judge',
  'watch',
  'backtest',
  'explained',
  'open-alerts',
  'seen',
  'late/note',
  'late/again',
  'late/take-over',
  'late/belong',
  'late',
  'outbox',
  'pipeline',
  // what is asked of it
  'nearest',
  'range',
  'reading',
  'packet',
  'summary',
  'pulse',
  'query',
  'shown',
  'problem',
  'page',
  'csv',
  'health',
  'answers',
  'open-api',
  'api',
].map((name) => `shared/${name}.ts`);

/** Who may import what does not belong to shared/; every file where none is named. */
const PACKAGES: Readonly<Record<string, readonly string[] | 'all'>> = {
  'node:crypto': 'all',
  'node:zlib': ['shared/envelope.ts'],
  'node:buffer': ['shared/envelope.ts'],
  hono: ['shared/api.ts'],
  'hono/accepts': ['shared/api.ts'],
  'zod/mini': ['settings', 'told', 'query', 'shown', 'answers', 'open-api', 'api'].map((name) => `shared/${name}.ts`),
};

const filesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|tsx|js|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
const shared = filesOf('shared');
const functions = filesOf('functions');
const infra = filesOf('infra');
const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const IMPORT =
  /^(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]/gm;
/** What a file imports: paths from the root for its own files, names for packages. */
const importsOf = (file: string): string[] =>
  [...text(file).matchAll(IMPORT)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    return name.startsWith('.') ? join(file, '..', name) : name;
  });
const isOurs = (name: string): boolean => /^(?:shared|functions|infra|test|dist)\//.test(name);
/** `file -> import` for each import that is not allowed. */
const offences = (files: readonly string[], isAllowed: (name: string, file: string) => boolean): string[] =>
  files.flatMap((file) => importsOf(file).flatMap((name) => (isAllowed(name, file) ? [] : [`${file} -> ${name}`])));

test('imports are seen, also over several lines', () => {
  expect(importsOf('shared/pipeline.ts')).toEqual(expect.arrayContaining(['shared/judge.ts', 'shared/window.ts']));
  expect(importsOf('shared/envelope.ts')).toContain('node:zlib');
  expect(importsOf('shared/fold.ts')).toEqual(['shared/coverage.ts', 'shared/stated.ts', 'shared/window.ts']);
});

describe('shared/', () => {
  test('every file has its place in the walk', () => {
    expect([...shared].sort()).toEqual([...WALK].sort());
  });
  test('imports go up the walk', () => {
    const isAbove = (name: string, file: string): boolean =>
      WALK.includes(name) && WALK.indexOf(name) < WALK.indexOf(file);
    expect(offences(shared, (name, file) => !isOurs(name) || isAbove(name, file))).toEqual([]);
  });
  test('packages are few and known', () => {
    const mayImport = (name: string, file: string): boolean => {
      const allowed = PACKAGES[name];
      return allowed === 'all' || (allowed?.includes(file) ?? false);
    };
    expect(offences(shared, (name, file) => isOurs(name) || mayImport(name, file))).toEqual([]);
  });
  test.each<[string, RegExp]>([
    ['clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.|\bhrtime\b/],
    ['environment', /\bprocess\s*(?:\.|\[|\?\.)|\bimport\.meta\b|\bglobalThis\b/],
    ['randomness', /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/],
    [
      'disk or network',
      /(?<![.\w])fetch\(|\bXMLHttpRequest\b|\bWebSocket\b|['"]node:(?:fs|net|http|https|dns|os|child_process)/,
    ],
    ['waiting', /\bset(?:Timeout|Interval|Immediate)\(/],
    ['output', /\bconsole\./],
  ])('no file touches a %s', (_, forbidden) => {
    expect(shared.filter((file) => forbidden.test(text(file)))).toEqual([]);
  });
});

describe('functions/ and infra/', () => {
  test('functions never import infra', () => {
    expect(offences(functions, (name) => !name.startsWith('infra/') && !name.startsWith('aws-cdk-lib'))).toEqual([]);
  });
  test('infra imports itself and the settings, never a handler', () => {
    const isAllowed = (name: string): boolean =>
      !isOurs(name) || name.startsWith('infra/') || /^shared\/setting[\w-]*\.ts$/.test(name);
    expect(offences(infra, isAllowed)).toEqual([]);
  });
  test('what is deployed does not import what is local', () => {
    const deployed = functions.filter((file) => !file.startsWith('functions/local/'));
    expect(offences(deployed, (name) => !name.startsWith('functions/local/'))).toEqual([]);
  });
});

describe('every folder', () => {
  const all = [...shared, ...functions, ...infra];
  test('nothing imports a test', () => {
    expect(offences(all, (name) => !name.startsWith('test/'))).toEqual([]);
  });
  test('every import of our own names a file that exists', () => {
    const known = new Set([...all, ...filesOf('test')]);
    expect(offences(all, (name) => !isOurs(name) || known.has(name) || !/\.ts$/.test(name))).toEqual([]);
  });
  test('no file is named for being a heap', () => {
    const heap = /(?:^|\/)(?:utils?|helpers?|types?|common|misc|index|manager)(?:\/|\.ts$)/i;
    expect([...all, ...filesOf('test')].filter((file) => heap.test(file))).toEqual([]);
  });
  test('no file is a barrel', () => {
    expect(all.filter((file) => /^export \*/m.test(text(file)))).toEqual([]);
  });
});
