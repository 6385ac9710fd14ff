/**
 * The embedded store: one SQLite file, no server, for several processes at a time (`start` ingests, the CLI asks).
 * What it survives: everything that resolved survives the death of the process (kill -9), because it is in the
 * operating system by then. `add` and `save` are also on the disk (fsync) and so survive a loss of power. The other writes
 * are not synced one by one: a loss of power may take back the last of them, always the newest first, and the next
 * evaluation makes them again (a mark cannot stay cleaned when the roll-up before it is gone).
 * Keys are blobs of UTF-8, because the binding cuts TEXT at a NUL: they compare by bytes, and a lone surrogate becomes
 * U+FFFD. Everything else is JSON text, which escapes both and so comes back exactly.
 * Calls are synchronous inside: one that finds the file locked blocks the process until the time-out.
 */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { packCounted, unpackCounted } from '../../shared/packed.ts';
import type { AddResult, DirtyWindow, Store, Versioned } from '../../shared/ports.ts';
import type { Contribution, Entry, Granularity, Rank, RollUp } from '../../shared/window.ts';

export type StoreErrorCode = 'STORE_NOT_OURS' | 'STORE_LOCKED' | 'STORE_UNREADABLE' | 'STORE_NEWER';
/** The world is broken in a way that its owner can mend; the message is one sentence that says how. */
export type StoreError = Error & { readonly code: StoreErrorCode };

const storeError = (code: StoreErrorCode, message: string, cause?: unknown): StoreError =>
  Object.assign(new Error(message, { cause }), { code });

/** "grid": https://www.sqlite.org/fileformat.html, offset 68. */
const APPLICATION_ID = 0x67726964;
/** Raised with every change of the schema or of the JSON inside, together with a migration from the one before. */
const VERSION = 1;
const SCHEMA = `
  CREATE TABLE contributions (window_ms INTEGER NOT NULL, key BLOB NOT NULL, body TEXT NOT NULL, PRIMARY KEY (window_ms, key)) STRICT;
  CREATE TABLE dirty_windows (window_ms INTEGER PRIMARY KEY, token TEXT NOT NULL) STRICT;
  CREATE TABLE roll_ups (granularity TEXT NOT NULL, window_ms INTEGER NOT NULL, folded INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (granularity, window_ms)) STRICT;
  CREATE TABLE documents (key BLOB PRIMARY KEY NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};`;

const NOT_OURS = 'is not a gridwatch store and was left as it was; name another file';

/** SQLite's primary result codes that are the world's fault: https://www.sqlite.org/rescode.html. Others are bugs. */
const FAULTS: ReadonlyMap<number, readonly [StoreErrorCode, string]> = new Map([
  [5, ['STORE_LOCKED', 'is locked by another process; try again when it has finished']],
  [8, ['STORE_UNREADABLE', 'cannot be written; allow this user to write the file and its folder']],
  [10, ['STORE_UNREADABLE', 'cannot be read or written by its disk; check the disk']],
  [11, ['STORE_UNREADABLE', 'is damaged; move the file away and ingest the logs again']],
  [13, ['STORE_UNREADABLE', 'cannot grow because the disk is full; free some space']],
  [14, ['STORE_UNREADABLE', 'cannot be opened; allow this user to write the file and its folder']],
  [26, ['STORE_NOT_OURS', NOT_OURS]],
]);

/** Reads properties instead of using `instanceof`, since the errors of native code come from another realm under Jest. */
function explain(cause: unknown, path: string): unknown {
  const { errcode, syscall, code }: { errcode?: unknown; syscall?: unknown; code?: unknown } = Object(cause);
  const fault = typeof errcode === 'number' ? FAULTS.get(errcode & 0xff) : undefined;
  if (fault) return storeError(fault[0], `${path} ${fault[1]}.`, cause);
  if (syscall === undefined) return cause;
  return storeError('STORE_UNREADABLE', `${path} cannot be read (${code}); check the path and its permissions.`, cause);
}

const numberOf = (db: DatabaseSyncInstance, sql: string): number => Number(Object.values(db.prepare(sql).get())[0]);

function assertOurs(db: DatabaseSyncInstance, path: string): void {
  if (numberOf(db, 'PRAGMA application_id') !== APPLICATION_ID) {
    throw storeError('STORE_NOT_OURS', `${path} ${NOT_OURS}.`);
  }
  if (numberOf(db, 'PRAGMA user_version') > VERSION) {
    throw storeError('STORE_NEWER', `${path} was written by a newer gridwatch; update this one to read it.`);
  }
}

/**
 * Looks before opening, because opening another program's database may already change it or the files beside it:
 * `immutable` reads without locks and writes nothing. Not through `fs`: closing a file drops every POSIX lock that this
 * process has on it, also those of another handle, https://www.sqlite.org/howtocorrupt.html section 2.2.
 */
function inspect(path: string): void {
  if (!statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory()) {
    throw storeError('STORE_UNREADABLE', `${path} cannot be made because its folder is missing; create it.`);
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isFile()) {
    const found = stat.isDirectory() ? 'a folder' : 'not a regular file';
    throw storeError('STORE_UNREADABLE', `${path} cannot be opened because it is ${found}; name a file.`);
  }
  if (stat.size === 0) return;
  const db = new DatabaseSync(`${pathToFileURL(path)}?immutable=1`, { readOnly: true });
  try {
    assertOurs(db, path);
  } finally {
    db.close();
  }
}

/**
 * Makes the tables of an empty file in one transaction, then switches to WAL: in this order a process that dies half-way
 * leaves an empty file or a whole store, and the identity that `inspect` reads is never only in the log.
 */
function prepareFile(db: DatabaseSyncInstance, path: string): void {
  const isEmpty = () => numberOf(db, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (isEmpty()) {
    db.exec('BEGIN IMMEDIATE');
    if (isEmpty()) db.exec(SCHEMA);
    db.exec('COMMIT');
  }
  assertOurs(db, path);
  switchToWal(db);
  // On macOS a plain fsync does not reach the disk; elsewhere fullfsync does nothing.
  db.exec('PRAGMA fullfsync = 1');
}

/** SQLite does not wait for the lock of this switch. Where processes make a store together, a transaction waits for it. */
function switchToWal(db: DatabaseSyncInstance): void {
  for (let attempt = 1; ; attempt++) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      db.exec('BEGIN EXCLUSIVE; COMMIT');
    }
  }
}

const RANKS: readonly Rank[] = ['part', 'attempt', 'final', 'success'];
/** Rank, cell, attempts, event and, where it differs, call: 26 bytes instead of 110. */
type Packed = [rank: number, cell: number, attempts: number, event: string, call?: string | null, tokens?: number];

function pack({ event, call, rank, cell, attempts, tokens }: Entry): Packed {
  const other = call === event ? null : call;
  if (tokens !== undefined) return [RANKS.indexOf(rank), cell, attempts, event, other, tokens];
  return other === null
    ? [RANKS.indexOf(rank), cell, attempts, event]
    : [RANKS.indexOf(rank), cell, attempts, event, other];
}

const unpack = ([rank, cell, attempts, event, call, tokens]: Packed): Entry => ({
  event,
  call: call ?? event,
  rank: RANKS[rank] ?? 'final',
  cell,
  attempts,
  ...(tokens === undefined ? {} : { tokens }),
});

interface ContributionRow {
  readonly windowMs: number;
  readonly key: Uint8Array;
  readonly body: string;
}

function contributionOf({ windowMs, key, body }: ContributionRow): Contribution {
  const { entries, ...rest } = JSON.parse(body);
  // What an older gridwatch wrote does not say its source.
  return { windowMs, key: Buffer.from(key).toString(), source: '', ...rest, entries: entries.map(unpack) };
}

type RollUpRow = Pick<RollUp, 'granularity' | 'windowMs' | 'contributions'> & { readonly body: string };

function rollUpOf({ body, ...rest }: RollUpRow): RollUp {
  const { cells, ...kept } = JSON.parse(body);
  return { ...rest, ...kept, cells: unpackCounted(cells) };
}

interface DocumentRow {
  readonly key: Uint8Array;
  readonly version: number;
  readonly value: string;
}

const documentOf = ({ key, version, value }: DocumentRow): Versioned => ({
  key: Buffer.from(key).toString(),
  version,
  value: JSON.parse(value),
});

const prepareAll = (db: DatabaseSyncInstance) => ({
  insert: db.prepare('INSERT INTO contributions VALUES (?, ?, ?) ON CONFLICT DO NOTHING'),
  stored: db.prepare('SELECT body FROM contributions WHERE window_ms = ? AND key = ?'),
  range: db.prepare(
    `SELECT window_ms AS windowMs, key, body FROM contributions
     WHERE window_ms >= ? AND window_ms < ? ORDER BY window_ms, key`,
  ),
  mark: db.prepare('INSERT OR REPLACE INTO dirty_windows VALUES (?, ?)'),
  marks: db.prepare('SELECT window_ms AS windowMs, token FROM dirty_windows ORDER BY window_ms'),
  clean: db.prepare('DELETE FROM dirty_windows WHERE window_ms = ? AND token = ?'),
  putRollUp: db.prepare(
    `INSERT INTO roll_ups VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
     SET folded = excluded.folded, body = excluded.body WHERE excluded.folded >= folded`,
  ),
  rollUps: db.prepare(
    `SELECT granularity, window_ms AS windowMs, folded AS contributions, body FROM roll_ups
     WHERE granularity = ? AND window_ms >= ? AND window_ms < ? ORDER BY window_ms`,
  ),
  load: db.prepare('SELECT * FROM documents WHERE key = ?'),
  list: db.prepare('SELECT * FROM documents WHERE key >= ? AND key < ? ORDER BY key'),
  create: db.prepare('INSERT INTO documents VALUES (?, 1, ?) ON CONFLICT DO NOTHING'),
  update: db.prepare('UPDATE documents SET version = version + 1, value = ? WHERE key = ? AND version = ?'),
  forget: db.prepare('DELETE FROM contributions WHERE window_ms < ?'),
  forgetRollUps: db.prepare('DELETE FROM roll_ups WHERE granularity = ? AND window_ms < ?'),
});

function openFile(path: string, timeoutMs: number) {
  inspect(path);
  const db = new DatabaseSync(path, { timeout: timeoutMs });
  try {
    prepareFile(db, path);
    return { db, sql: prepareAll(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens the store in this file, or makes it where there is none. Throws `StoreError`, as every method does, when the file
 * is not a store, is locked for longer than `timeoutMs`, cannot be read, or is of a newer version.
 */
export function openSqliteStore(path: string, { timeoutMs = 5_000 } = {}): Store {
  const file = resolve(path);
  const guarded =
    <Input extends unknown[], Output>(work: (...input: Input) => Output) =>
    (...input: Input): Output => {
      try {
        return work(...input);
      } catch (error) {
        throw explain(error, file);
      }
    };
  const { db, sql } = guarded(openFile)(file, timeoutMs);

  const method = <Input extends unknown[], Output>(work: (...input: Input) => Output) => {
    const call = guarded(work);
    return async (...input: Input): Promise<Output> => call(...input);
  };

  /** Takes the write lock first: a transaction that reads before it writes would fail, not wait, when another came between. */
  const write = <Output>(synchronous: 'FULL' | 'NORMAL', work: () => Output): Output => {
    db.exec(`PRAGMA synchronous = ${synchronous}; BEGIN IMMEDIATE`);
    try {
      const output = work();
      db.exec('COMMIT');
      return output;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };

  const addOne = (contribution: Contribution, token: string): AddResult => {
    const { windowMs, key: name, entries, ...rest } = contribution;
    const key = Buffer.from(name);
    const { changes } = sql.insert.run(windowMs, key, JSON.stringify({ ...rest, entries: entries.map(pack) }));
    sql.mark.run(windowMs, token);
    if (changes === 1) return 'added';
    return JSON.parse(sql.stored.get(windowMs, key).body).digest === rest.digest ? 'duplicate' : 'mismatch';
  };

  return {
    // Contributions and marks are one transaction: a crash leaves all of a call or nothing of it.
    add: method((added) => {
      const token = randomUUID();
      return added.length === 0 ? [] : write('FULL', () => added.map((contribution) => addOne(contribution, token)));
    }),
    contributions: method((fromMs, toMs) => sql.range.all(fromMs, toMs).map(contributionOf)),
    dirty: method(() => sql.marks.all().map((row: DirtyWindow): DirtyWindow => ({ ...row }))),
    clean: method(({ windowMs, token }) => write('NORMAL', () => sql.clean.run(windowMs, token).changes === 1)),
    putRollUp: method(({ granularity, windowMs, contributions: folded, cells, ...rest }) => {
      const body = JSON.stringify({ ...rest, cells: packCounted(cells) });
      return write('NORMAL', () => sql.putRollUp.run(granularity, windowMs, folded, body).changes === 1);
    }),
    rollUps: method((granularity, fromMs, toMs) => sql.rollUps.all(granularity, fromMs, toMs).map(rollUpOf)),
    load: method((key) => {
      const row = sql.load.get(Buffer.from(key));
      return row ? documentOf(row) : null;
    }),
    // No byte of UTF-8 is 255, so this bound is past every key with the prefix and before every greater one.
    list: method((prefix) =>
      sql.list.all(Buffer.from(prefix), Buffer.concat([Buffer.from(prefix), Buffer.of(255)])).map(documentOf),
    ),
    save: method((key, value, version) => {
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) throw new TypeError(`Cannot save document ${key}: its value is not JSON.`);
      const name = Buffer.from(key);
      const { changes } = write('FULL', () =>
        version === 0 ? sql.create.run(name, text) : sql.update.run(text, name, version),
      );
      return changes === 1;
    }),
    forget: method((beforeMs: number, granularity: Granularity | 'contributions') => {
      write('NORMAL', () =>
        granularity === 'contributions' ? sql.forget.run(beforeMs) : sql.forgetRollUps.run(granularity, beforeMs),
      );
    }),
    // The binding lets go of the file only when the statements are collected, so the log is brought home here: from now on
    // the main file is complete by itself. Where another process is reading, it does this later; no waiting for it.
    close: method(() => {
      if (!db.isOpen) return;
      try {
        db.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
      } finally {
        db.close();
      }
    }),
  };
}
