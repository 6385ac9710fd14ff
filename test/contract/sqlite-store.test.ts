import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from '@photostructure/sqlite';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { openSqliteStore } from '../../functions/local/sqlite-store.ts';
import type { DirtyWindow, Store } from '../../shared/ports.ts';
import type { Contribution } from '../../shared/window.ts';
import { contributionAt, rollUpAt, storeContract } from './store.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'gridwatch-store-'));
let files = 0;
const newPath = (): string => join(folder, `${++files}.db`);
afterAll(() => rmSync(folder, { recursive: true }));

storeContract('sqlite', async () => {
  const path = newPath();
  const handles = [openSqliteStore(path)];
  const open = async () => {
    const store = openSqliteStore(path);
    handles.push(store);
    return store;
  };
  return {
    store: await open(),
    reopen: open,
    dispose: async () => {
      for (const handle of handles) await handle.close();
    },
  };
});

describe('sqlite: other processes', () => {
  const bundle = join(folder, 'child.cjs');
  /** Adds the calls of a JSON file one after the other, says so after each, and ends when its input does. */
  const source = `
    import { readFileSync, readSync, writeSync } from 'node:fs';
    import { openSqliteStore } from './functions/local/sqlite-store.ts';
    const [path, calls] = process.argv.slice(2);
    const todo = JSON.parse(readFileSync(calls, 'utf8'));
    writeSync(1, 'ready\\n');
    readSync(0, Buffer.alloc(1));
    const store = openSqliteStore(path);
    const run = async () => {
      for (const call of todo) {
        await store.add(call);
        writeSync(1, 'added\\n');
      }
      readSync(0, Buffer.alloc(1));
    };
    void run();`;

  beforeAll(() => {
    const stdin = { contents: source, resolveDir: root, loader: 'ts' } as const;
    const external = ['@photostructure/sqlite'];
    buildSync({ stdin, outfile: bundle, bundle: true, platform: 'node', format: 'cjs', external });
  });

  /** Each call adds to three windows at once, so that half of a call would show. */
  const callsOf = (child: number, count: number): Contribution[][] =>
    Array.from({ length: count }, (_, n) =>
      [0, 1, 2].map((minute) => contributionAt(minute, `${child}-${n}`, { entries: 40 })),
    );

  async function startChild(path: string, calls: Contribution[][]) {
    const file = `${newPath()}.json`;
    writeFileSync(file, JSON.stringify(calls));
    const env = { ...process.env, NODE_PATH: join(root, 'node_modules') };
    const child = spawn(process.execPath, [bundle, path, file], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    const exit = once(child, 'close');
    const acknowledged: string[] = [];
    const lines = createInterface(child.stdout);
    await once(lines, 'line');
    lines.on('line', (line) => acknowledged.push(line));
    const reach = async (count: number) => {
      while (acknowledged.length < count) await once(lines, 'line');
    };
    return { child, exit, acknowledged, reach };
  }

  /** Content is compared by the contract; here it is which contributions there are, and whether they are whole. */
  const brief = (all: readonly Contribution[]): string[] =>
    all.map(({ windowMs, key, entries }) => `${windowMs} ${key} ${entries.length}`).sort();
  const everything = async (store: Store) => brief(await store.contributions(0, Number.MAX_SAFE_INTEGER));

  test.each([0, 1, 40])('killed after %i acknowledged adds, it loses none of them', async (kills) => {
    const path = newPath();
    const calls = callsOf(0, 250);
    const { child, exit, acknowledged, reach } = await startChild(path, calls);
    child.stdin.write('\n');
    await reach(kills);
    child.kill('SIGKILL');
    expect(await exit).toEqual([null, 'SIGKILL']);

    const store = openSqliteStore(path);
    const stored = (await everything(store)).length / 3;
    // The one call that may be stored without being acknowledged was killed between the two.
    expect([acknowledged.length, acknowledged.length + 1]).toContain(stored);
    expect(await everything(store)).toEqual(brief(calls.slice(0, stored).flat()));
    expect(await store.dirty()).toHaveLength(stored === 0 ? 0 : 3);

    const again = await store.add(calls.flat());
    expect(again).toEqual(calls.flatMap((call, n) => call.map(() => (n < stored ? 'duplicate' : 'added'))));
    expect(await everything(store)).toEqual(brief(calls.flat()));
    await store.close();
  });

  test('four at once make one store, a fifth reads meanwhile', async () => {
    const path = newPath();
    const calls = [1, 2, 3, 4].map((child) => callsOf(child, 20));
    const children = await Promise.all(calls.map((own) => startChild(path, own)));
    for (const { child } of children) child.stdin.end('\n');
    await children[0]?.reach(5);
    const reader = openSqliteStore(path);
    const acknowledged = children.reduce((sum, { acknowledged: lines }) => sum + lines.length, 0);
    expect((await everything(reader)).length).toBeGreaterThanOrEqual(acknowledged * 3);
    for (const { exit } of children) expect(await exit).toEqual([0, null]);
    expect(await everything(reader)).toEqual(brief(calls.flat(2)));
    await reader.close();
  });
});

describe('sqlite: the file', () => {
  test('what was stored is there after closing and opening', async () => {
    const path = newPath();
    const before = openSqliteStore(path);
    await before.add([contributionAt(0, 'a')]);
    await before.putRollUp(rollUpAt(0, 1));
    await before.save('a', { b: 1 }, 0);
    const dirty = await before.dirty();
    await before.close();

    const after = openSqliteStore(path);
    await expect(after.contributions(-Infinity, Infinity)).resolves.toStrictEqual([contributionAt(0, 'a')]);
    await expect(after.rollUps('minute', -Infinity, Infinity)).resolves.toStrictEqual([rollUpAt(0, 1)]);
    await expect(after.load('a')).resolves.toStrictEqual({ key: 'a', version: 1, value: { b: 1 } });
    await expect(after.dirty()).resolves.toEqual(dirty);
    await after.close();
  });

  test('an empty file becomes a store', async () => {
    const path = newPath();
    writeFileSync(path, '');
    const store = openSqliteStore(path);
    await expect(store.add([contributionAt(0, 'a')])).resolves.toEqual(['added']);
    await store.close();
  });

  test('forgetting makes room that later adds use', async () => {
    const path = newPath();
    const store = openSqliteStore(path);
    const minutes = Array.from({ length: 20 }, (_, minute) => contributionAt(minute, 'a', { entries: 500 }));
    for (let round = 0; round < 10; round++) {
      await store.add(minutes);
      await store.forget(Infinity, 'contributions');
    }
    await store.close();
    expect(statSync(path).size).toBeLessThan(JSON.stringify(minutes).length);
  });

  test('entries take less than half of their JSON', async () => {
    const path = newPath();
    const store = openSqliteStore(path);
    const large = contributionAt(0, 'a', { entries: 10_000 });
    await store.add([large]);
    await store.close();
    expect(statSync(path).size).toBeLessThan(JSON.stringify(large).length / 2);
  });
});

const sql = (path: string, statements: string): void => {
  const db = new DatabaseSync(path);
  db.exec(statements);
  db.close();
};

/** A store with some pages of data. */
const madeStore = async (path: string): Promise<void> => {
  const store = openSqliteStore(path);
  await store.add([contributionAt(0, 'a', { entries: 1_000 })]);
  await store.close();
};

/** The error of opening and reading, as everything a caller sees of it. */
async function refusal(path: string) {
  try {
    const store = openSqliteStore(path, { timeoutMs: 20 });
    await store.contributions(0, Infinity).finally(() => store.close());
    return null;
  } catch (error) {
    const { code, message, cause }: { code?: unknown; message?: unknown; cause?: unknown } = Object(error);
    return { code, message: String(message), cause };
  }
}

describe('sqlite: what cannot be a store', () => {
  /** Size and hash of a file, and what lies beside it. */
  const snapshot = (path: string) =>
    readdirSync(folder)
      .filter((name) => name.startsWith(basename(path)))
      .map((name) => join(folder, name))
      .map((file) => [file, statSync(file).isFile() && createHash('sha256').update(readFileSync(file)).digest('hex')]);

  test.each([
    {
      name: 'a text file',
      code: 'STORE_NOT_OURS',
      make: (path: string) => writeFileSync(path, 'ERROR 429\n'.repeat(500)),
    },
    { name: 'a file of one byte', code: 'STORE_NOT_OURS', make: (path: string) => writeFileSync(path, 'x') },
    {
      name: 'a file of zeros',
      code: 'STORE_NOT_OURS',
      make: (path: string) => writeFileSync(path, Buffer.alloc(8192)),
    },
    {
      name: 'another database',
      code: 'STORE_NOT_OURS',
      make: (path: string) => sql(path, 'CREATE TABLE contributions (a)'),
    },
    {
      name: 'another database without tables',
      code: 'STORE_NOT_OURS',
      make: (path: string) => sql(path, 'PRAGMA user_version = 1'),
    },
    {
      name: 'another database in WAL mode',
      code: 'STORE_NOT_OURS',
      make: (path: string) => sql(path, 'PRAGMA journal_mode = WAL; CREATE TABLE t (a)'),
    },
    {
      name: 'a store of a newer version',
      code: 'STORE_NEWER',
      make: async (path: string) => {
        await madeStore(path);
        sql(path, 'PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)');
      },
    },
    { name: 'a folder', code: 'STORE_UNREADABLE', make: (path: string) => mkdirSync(path) },
  ])('$name is refused and left as it was', async ({ make, code }) => {
    const path = newPath();
    await make(path);
    const before = snapshot(path);
    const found = await refusal(path);
    expect(found?.code).toBe(code);
    expect(found?.message).toMatch(/^[^\n]+; [^\n]+\.$/);
    expect(found?.message).toContain(path);
    expect(snapshot(path)).toEqual(before);
  });

  test.each([
    { name: 'a missing folder', path: () => join(folder, 'none', 'a.db'), tells: 'folder is missing' },
    { name: 'a file used as a folder', path: () => join(bareFile(), 'a.db'), tells: 'folder is missing' },
    { name: 'a device', path: () => '/dev/null', tells: 'not a regular file' },
    { name: 'a folder that takes no files', path: () => '/proc/gridwatch.db', tells: 'cannot be opened' },
    {
      name: 'a store cut short',
      path: async () => {
        const path = newPath();
        await madeStore(path);
        truncateSync(path, 5_000);
        return path;
      },
      tells: 'is damaged',
    },
    {
      name: 'a store overwritten behind its header',
      path: async () => {
        const path = newPath();
        await madeStore(path);
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0xa5, 100));
        return path;
      },
      tells: 'is damaged',
    },
  ])('$name cannot be read, and says so', async ({ path, tells }) => {
    const where = await path();
    const found = await refusal(where);
    expect(found?.code).toBe('STORE_UNREADABLE');
    expect(found?.message).toMatch(/^[^\n]+; [^\n]+\.$/);
    expect(found?.message).toContain(where);
    expect(found?.message).toContain(tells);
  });

  const bareFile = (): string => {
    const path = newPath();
    writeFileSync(path, 'x');
    return path;
  };

  test('a lock outlasting the time-out is an error with its cause', async () => {
    const path = newPath();
    const store = openSqliteStore(path, { timeoutMs: 20 });
    const holder = new DatabaseSync(path);
    holder.exec('BEGIN IMMEDIATE');
    for (const write of [() => store.add([contributionAt(0, 'a')]), () => store.save('a', 1, 0)]) {
      await expect(write()).rejects.toMatchObject({
        code: 'STORE_LOCKED',
        message: `${path} is locked by another process; try again when it has finished.`,
        cause: { message: 'database is locked' },
      });
    }
    await expect(store.contributions(0, Infinity)).resolves.toEqual([]);
    holder.close();
    await expect(store.add([contributionAt(0, 'a')])).resolves.toEqual(['added']);
    await store.close();
  });
});

describe('sqlite and memory', () => {
  const seed = Number(process.env['SEED'] ?? 20_231_114);
  const minute = fc.integer({ min: 0, max: 3 });
  const edge = fc.oneof(
    fc.integer({ min: -1, max: 4 }).map((m) => contributionAt(m, '').windowMs),
    fc.constantFrom(-Infinity, Infinity),
  );
  const key = fc.oneof(
    fc.constantFrom('', 'a', 'ab', 'a%', 'b', '__proto__', 'a\0', '\ud83d', '\ud83d\ude00', '\uffee'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const contribution = fc.record({
    minute,
    key,
    digest: fc.constantFrom('x', 'x', 'y'),
    entries: fc.integer({ min: 0, max: 5 }),
  });
  const granularity = fc.constantFrom('minute', 'hour', 'day');
  const small = fc.integer({ min: 0, max: 3 });

  /** An operation reads a store and answers with what a caller can see; `tokens` holds the marks this store has shown. */
  type Operation = (store: Store, tokens: DirtyWindow[]) => Promise<unknown>;
  const named = (text: string, run: Operation): Operation => Object.assign(run, { [fc.toStringMethod]: () => text });
  const show = (name: string, ...input: unknown[]) =>
    `${name}(${input.map((part) => JSON.stringify(part)).join(', ')})`;

  const operation: fc.Arbitrary<Operation> = fc.oneof(
    fc
      .array(contribution, { maxLength: 4 })
      .map((all) =>
        named(show('add', all), (store) =>
          store.add(all.map(({ minute: m, key: k, ...rest }) => contributionAt(m, k, rest))),
        ),
      ),
    fc
      .tuple(edge, edge)
      .map(([from, to]) => named(show('contributions', from, to), (store) => store.contributions(from, to))),
    fc.constant(
      named('dirty()', async (store, tokens) => {
        const marks = await store.dirty();
        tokens.push(...marks);
        return marks.map(({ windowMs }) => windowMs);
      }),
    ),
    fc.nat({ max: 9 }).map((back) =>
      named(show('clean', back), async (store, tokens) => {
        const mark = tokens.at(-1 - back);
        return mark ? store.clean(mark) : null;
      }),
    ),
    fc
      .tuple(minute, small, granularity)
      .map(([m, n, g]) => named(show('putRollUp', m, n, g), (store) => store.putRollUp(rollUpAt(m, n, g)))),
    fc
      .tuple(granularity, edge, edge)
      .map(([g, from, to]) => named(show('rollUps', g, from, to), (store) => store.rollUps(g, from, to))),
    fc
      .tuple(key, fc.jsonValue(), small)
      .map(([k, value, version]) => named(show('save', k, value, version), (store) => store.save(k, value, version))),
    key.map((k) => named(show('load', k), (store) => store.load(k))),
    key.map((k) => named(show('list', k), (store) => store.list(k))),
    fc
      .tuple(edge, fc.oneof(granularity, fc.constant('contributions' as const)))
      .map(([before, what]) => named(show('forget', before, what), (store) => store.forget(before, what))),
  );

  test(`answer alike to any sequence of operations (SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40 }), async (operations) => {
        const answers = async (store: Store) => {
          const tokens: DirtyWindow[] = [];
          const seen: unknown[] = [];
          for (const run of operations) seen.push(await run(store, tokens));
          seen.push(await store.contributions(-Infinity, Infinity), await store.list(''));
          await store.close();
          return seen;
        };
        expect(await answers(openSqliteStore(newPath()))).toStrictEqual(await answers(memoryStore()));
      }),
      { seed, numRuns: 60 },
    );
  });
});
