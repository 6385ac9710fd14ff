import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { directory, read, readText, removeDirectories } from './reading.ts';

afterEach(removeDirectories);

const LINE = '2026-11-22 14:23:01,598 ERROR boom\n';
const LOG = Array.from({ length: 3000 }, (_, n) => `2026-11-22 14:23:01,598 ERROR boom ${n * 7919}\n`).join('');

test.each([
  ['a missing file', 'nothing.log', 'NOT_FOUND'],
  ['a directory', 'folder', 'IS_DIRECTORY'],
  ['a pattern without match', '*.txt', 'NO_MATCH'],
  ['an empty file', 'empty.log', 'EMPTY'],
  ['a binary file', 'binary.log', 'BINARY'],
  ['a zip file', 'app.zip', 'BINARY'],
  ['a packed binary', 'archive.gz', 'BINARY'],
  ['a UTF-16 file', 'utf16.log', 'UTF16'],
  ['a name that is too long', 'x'.repeat(300), 'UNREADABLE'],
  ['a file where a folder should be', 'app.log/x', 'UNREADABLE'],
])('%s is said in one sentence, the rest is read', async (_, name, code) => {
  const path = directory({
    'app.log': LINE,
    'empty.log': '',
    'binary.log': Buffer.from(Array.from({ length: 500 }, (__, n) => (n * 37) % 256)),
    'app.zip': Buffer.from('PK\u0003\u0004 and so on'),
    'archive.gz': gzipSync(Buffer.concat([Buffer.from('name'), Buffer.alloc(500)])),
    'utf16.log': Buffer.from('\ufeff2026-11-22 boom', 'utf16le'),
  });
  mkdirSync(join(path, 'folder'));
  const { problems, messages } = await read([join(path, name), join(path, 'app.log')]);
  expect(problems).toMatchObject([{ path: join(path, name), code }]);
  expect(problems[0]?.message).toMatch(/: \S/);
  expect(messages).toEqual([LINE.trimEnd()]);
});

test('a truncated gzip gives all before the cut', async () => {
  const packed = gzipSync(LOG);
  const { messages, codes } = await readText(packed.subarray(0, packed.length - 20), 'app.log.gz');
  expect(codes).toEqual(['GZIP_TRUNCATED']);
  expect(messages.length).toBeGreaterThan(2900);
  expect(LOG.startsWith(messages.slice(0, -1).join('\n'))).toBe(true);
});

test('a damaged gzip gives what precedes the damage', async () => {
  const packed = gzipSync(LOG);
  packed.fill(0xff, packed.length - 8, packed.length - 4);
  const { messages, codes } = await readText(packed, 'app.log.gz');
  expect(codes).toEqual(['GZIP_CORRUPT']);
  expect(messages.length).toBeGreaterThan(2500);
});

test('gzip is known by its bytes, in several members', async () => {
  const { messages, problems } = await readText(Buffer.concat([gzipSync(LINE), gzipSync(LINE)]), 'app.log');
  expect([messages.length, problems]).toEqual([2, []]);
});

test('zeros after a gzip file are padding', async () => {
  const { messages, problems } = await readText(Buffer.concat([gzipSync(LINE), Buffer.alloc(9000)]));
  expect([messages.length, problems]).toEqual([1, []]);
});

test('lines over 1 MiB are cut and counted once', async () => {
  const long = 'é'.repeat(600_000);
  const { messages, problems } = await readText(`${LINE}${long}\n${long}\n${LINE}`);
  expect(messages.map((message) => Buffer.byteLength(message))).toEqual([34, 1_048_576, 1_048_576, 34]);
  expect(problems).toMatchObject([{ code: 'LINE_TOO_LONG', message: expect.stringContaining('2 of its lines') }]);
});

test('invalid UTF-8, NULs and a BOM are survived', async () => {
  const bytes = Buffer.concat([Buffer.from(`\ufeff${LINE}`), Buffer.from([0x61, 0xff, 0x62, 0x00, 0x63, 0x0a])]);
  const { messages, problems } = await readText(bytes);
  expect(messages).toEqual([LINE.trimEnd(), 'a\ufffdb\u0000c']);
  expect(problems).toEqual([]);
});

test('a log behind a hole of NULs is read', async () => {
  const { messages } = await readText(Buffer.concat([Buffer.alloc(200_000), Buffer.from(`\n${LINE}`)]));
  expect(messages.at(-1)).toBe(LINE.trimEnd());
});

test('a file reached by two names is read once', async () => {
  const path = directory({ 'app.log': LINE });
  symlinkSync(join(path, 'app.log'), join(path, 'current.log'));
  const { messages } = await read([join(path, '*.log'), join(path, 'app.log')]);
  expect(messages).toHaveLength(1);
});

test('a name with pattern characters may be a file', async () => {
  const path = directory({ 'app[1].log': LINE });
  expect((await read(join(path, 'app[1].log'))).messages).toHaveLength(1);
});
