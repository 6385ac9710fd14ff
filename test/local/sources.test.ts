import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openSources, type Progress } from '../../functions/local/sources.ts';
import { directory, NOW, read, readText, removeDirectories } from './input/reading.ts';

afterEach(removeDirectories);

const START = Date.UTC(2026, 10, 22, 14);
const stamp = (ms: number): string => new Date(START + ms).toISOString().replace('T', ' ').slice(0, 23);
const line = (ms: number, text = 'boom'): string => `${stamp(ms)} ${text}`;

test('an event is identified by offset and checksum', async () => {
  const lines = [line(0), 'é without stamp', line(1)];
  const { events, batches } = await readText(lines.join('\r\n'));
  const sum = (text: string): string => crc32(text).toString(16).padStart(8, '0');
  const offsets = [0, Buffer.byteLength(`${lines[0]}\r\n`), Buffer.byteLength(`${lines[0]}\r\n${lines[1]}\r\n`)];
  expect(events.map(({ id }) => id)).toEqual(lines.map((text, n) => `${offsets[n]}-${sum(text)}`));
  expect(batches[0]?.batch).toMatchObject({ owner: 'local', logGroup: 'app.log' });
});

test.each(['app.log.1', 'app.log.2.gz', 'app.log-20261122', 'app.log.2026-11-22.gz', 'app.log.old'])(
  '%s belongs to the stream of app.log',
  async (name) => {
    const path = directory({ [name]: name.endsWith('.gz') ? gzipSync(line(0)) : line(0) });
    const { batches } = await read(join(path, name));
    expect(batches[0]?.batch.logGroup).toBe('app.log');
    expect(batches[0]?.batch.logStream).toMatch(/\/app\.log$/);
  },
);

test('lines without a stamp take the one before', async () => {
  const { events } = await readText(`${line(5)}\nTraceback (most recent call last):\n  File "x"\n${line(9)}\n`);
  expect(events.map(({ timestamp }) => timestamp - START)).toEqual([5, 5, 5, 9]);
});

test('lines before the first stamp take that one', async () => {
  const { events } = await readText(`starting\nready\n${line(5)}\n`);
  expect(events.map(({ timestamp }) => timestamp - START)).toEqual([5, 5, 5]);
});

test('a file without stamps has the time of its writing', async () => {
  const { events } = await readText(`${'Error code: 429\n'.repeat(300)}`);
  expect(new Set(events.map(({ timestamp }) => timestamp))).toEqual(new Set([NOW]));
});

test('files are replayed together in the order of time', async () => {
  const path = directory({
    'a.log': [0, 20, 40].map((ms) => `${line(ms)}\n  more`).join('\n'),
    'b.log.gz': gzipSync([10, 20, 30].map((ms) => line(ms)).join('\n')),
    'c.log': line(25),
  });
  const { batches } = await read(join(path, '*'));
  const times = batches.map(({ batch, watermarkMs }) => [batch.logGroup, batch.events.length, watermarkMs - START]);
  expect(times).toEqual([
    ['a.log', 6, 40],
    ['b.log', 3, 40],
    ['c.log', 1, 40],
  ]);
});

test('no batch reaches into the next minute', async () => {
  const path = directory({
    'a.log': [0, 59_999, 60_000].map((ms) => line(ms)).join('\n'),
    'b.log': [30_000, 61_000, 180_000].map((ms) => line(ms)).join('\n'),
  });
  const { batches } = await read(join(path, '*'));
  const seen = batches.map(({ batch, watermarkMs }) => [
    batch.logGroup,
    batch.events.map(({ timestamp }) => timestamp - START),
    watermarkMs - START,
  ]);
  expect(seen).toEqual([
    ['a.log', [0, 59_999], 59_999],
    ['b.log', [30_000], 59_999],
    ['a.log', [60_000], 61_000],
    ['b.log', [61_000], 61_000],
    ['b.log', [180_000], 180_000],
  ]);
});

test('a batch is cut at 5,000 events, not inside a dump', async () => {
  const dump = `${line(0, 'Traceback')}\n${'  frame\n'.repeat(20)}`;
  const { batches } = await readText(`${`${line(0)}\n`.repeat(4990)}${dump}${line(0)}\n`);
  expect(batches.map(({ batch }) => batch.events.length)).toEqual([5011, 1]);
});

test('a dump without end is cut at twice the size', async () => {
  const { batches } = await readText('  frame\n'.repeat(25_000));
  expect(batches.map(({ batch }) => batch.events.length)).toEqual([10_000, 10_000, 5000]);
});

test('a batch holds about 1 MiB of text', async () => {
  const { batches } = await readText(`${line(0, 'x'.repeat(300_000))}\n`.repeat(7));
  expect(batches.map(({ batch }) => batch.events.length)).toEqual([3, 3, 1]);
});

test('from and to bound the events', async () => {
  const path = directory({ 'a.log': [0, 10, 20].map((ms) => line(ms)).join('\n') });
  const { events } = await read(join(path, 'a.log'), { fromMs: START + 10, toMs: START + 20 });
  expect(events.map(({ timestamp }) => timestamp - START)).toEqual([10]);
});

test('reading again gives the same batches', async () => {
  const gaps = fc.array(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 20 }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(gaps, async (streams) => {
      const files = streams.map((steps, n) => {
        let at = 0;
        const lines = steps.map((step) => {
          at += step;
          return line(at, step % 3 ? 'boom' : 'boom\n  more');
        });
        return [`${n}.log`, `${lines.join('\n')}\n`] as const;
      });
      const path = directory(Object.fromEntries(files));
      const [one, other] = [await read(join(path, '*.log')), await read(join(path, '*.log'))];
      expect(other.batches).toEqual(one.batches);
      const written = files.flatMap(([, text]) => text.split('\n').filter((entry) => entry !== ''));
      expect(one.messages.filter((message) => message !== '').sort()).toEqual(written.sort());
    }),
    { numRuns: 25 },
  );
});

test('hundreds of files that overlap need few handles', async () => {
  const names = Array.from({ length: 300 }, (_, n) => `${n}.log`);
  const text = Array.from({ length: 400 }, (_, n) => line(n * 100, 'x'.repeat(60))).join('\n');
  const path = directory(Object.fromEntries(names.map((name) => [name, text])));
  const openFiles = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);
  const before = openFiles();
  let most = 0;
  let count = 0;
  const onProblem = (): void => {};
  for await (const { batch } of openSources([join(path, '*.log')], { nowMs: () => NOW, onProblem })) {
    most = Math.max(most, openFiles() - before);
    count += batch.events.length;
  }
  expect(count).toBe(300 * 400);
  expect(most).toBeLessThan(80);
  expect(openFiles()).toBeLessThanOrEqual(before + 1);
});

test('progress counts stored bytes and ends complete', async () => {
  const path = directory({ 'a.log': `${line(0)}\n`.repeat(20_000), 'b.log.gz': gzipSync(line(0)) });
  const said: Progress[] = [];
  await read(join(path, '*'), { onProgress: (progress) => said.push(progress) });
  expect(said.length).toBeLessThan(4);
  expect(said.at(-1)?.readBytes).toBe(said.at(-1)?.totalBytes);
});

test('an abort ends files without an error', async () => {
  const path = directory({ 'a.log': Array.from({ length: 100_000 }, (_, n) => line(n * 100)).join('\n') });
  const stop = new AbortController();
  let count = 0;
  const options = { nowMs: () => NOW, onProblem: () => {}, signal: stop.signal };
  for await (const _ of openSources([join(path, 'a.log')], options)) if (++count === 2) stop.abort();
  expect(count).toBeLessThan(100);
});

describe('standard input', () => {
  test('piped twice gives the same identities', async () => {
    const text = `${line(0)}\nTraceback\n  more\n${line(5)}\n`;
    const once = await read('-', { stdin: Readable.from([Buffer.from(text)]), live: false });
    const later = await read('-', { stdin: Readable.from([Buffer.from(text)]), live: false, nowMs: () => NOW + 1000 });
    expect(later.events).toEqual(once.events);
    expect(once.batches[0]?.batch).toMatchObject({ owner: 'local', logGroup: 'stdin', logStream: 'stdin' });
  });

  test('lines without any stamp have their arrival in time and id', async () => {
    const { events } = await read('-', { stdin: Readable.from([Buffer.from('Error code: 429\n')]), live: false });
    expect(events).toMatchObject([{ timestamp: NOW, id: expect.stringMatching(new RegExp(`^0-[0-9a-f]{8}-${NOW}$`)) }]);
  });

  test('gzip and documents are recognised', async () => {
    const document = JSON.stringify({ events: [{ timestamp: START, message: 'boom', eventId: 'e' }] }, null, 2);
    const pieces = [...gzipSync(document)].map((byte) => Buffer.from([byte]));
    const { messages, forms } = await read('-', { stdin: Readable.from(pieces), live: false });
    expect([messages, forms]).toEqual([['boom'], ['cloudwatch-events']]);
  });

  test('an empty one is said', async () => {
    expect((await read('-', { stdin: Readable.from([]) })).codes).toEqual(['EMPTY']);
  });

  test('files come before it', async () => {
    const path = directory({ 'a.log': line(90_000) });
    const { messages } = await read(['-', join(path, 'a.log')], { stdin: Readable.from([Buffer.from(line(0))]) });
    expect(messages).toEqual([line(90_000), line(0)]);
  });

  test('live lines leave while the input stays open', async () => {
    const { stdin, next, stop } = live();
    stdin.push(`${line(0)}\n  more\n`);
    expect((await next())?.batch.events).toHaveLength(2);
    stdin.push(`${line(100)}\n`);
    expect((await next())?.batch.events).toHaveLength(1);
    stop.abort();
    expect(await next()).toBeUndefined();
  });

  test('an abort hands over what was read', async () => {
    const { stdin, next, stop } = live();
    stdin.push(`${line(0)}\n`);
    const first = next();
    setImmediate(() => stop.abort());
    expect((await first)?.batch.events).toHaveLength(1);
    expect(await next()).toBeUndefined();
  });

  function live() {
    const stdin = new Readable({ read() {} });
    const stop = new AbortController();
    const options = { nowMs: () => Date.now(), onProblem: () => {}, signal: stop.signal, stdin };
    const iterator = openSources(['-'], options)[Symbol.asyncIterator]();
    return { stdin, stop, next: async () => (await iterator.next()).value ?? undefined };
  }
});
