/**
 * The command line as a user runs it: a child process of the built bundle, ended by its pid when it outlives its test.
 * Times are only limits here, never waits: a test goes on when the child has said or done what it waits for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Summary } from '../../shared/summary.ts';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
const LIMIT_MS = 40_000;

export interface RunOptions {
  /** Given, then closed; `open` leaves it to `write`. */
  readonly stdin?: string | Buffer | 'open';
  readonly cwd?: string;
  /** Beside the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
}

export interface Running {
  readonly pid: number;
  /** Resolves when the pipe has taken it, also when nobody reads any more. */
  readonly write: (text: string) => Promise<void>;
  /** The first match in what it printed so far or prints from now on; throws when it ends without one. */
  readonly said: (where: 'stdout' | 'stderr', pattern: RegExp) => Promise<RegExpExecArray>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

const alive = new Set<ChildProcess>();
/** These switch colours on where no terminal is. */
const { CI: _, FORCE_COLOR: __, ...ownEnv } = process.env;

export function launch(args: readonly string[], { stdin = '', cwd, env = {} }: RunOptions = {}): Running {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { ...ownEnv, ...env }, stdio: 'pipe' });
  alive.add(child);
  const printed = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  for (const where of ['stdout', 'stderr'] as const)
    child[where].setEncoding('utf8').on('data', (text: string) => {
      printed[where] += text;
      tell();
    });
  // A child that ends early closes its end of the pipe.
  child.stdin.on('error', () => {});
  if (stdin !== 'open') child.stdin.end(stdin);
  let isOver = false;
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      clearTimeout(limit);
      alive.delete(child);
      isOver = true;
      tell();
      resolve({ ...printed, code });
    });
  });
  const said: Running['said'] = (where, pattern) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(printed[where]);
        if (!found && !isOver) return;
        listeners.delete(look);
        if (found) resolve(found);
        else reject(new Error(`It ended without ${pattern} on ${where}; stderr: ${printed.stderr.slice(0, 500)}`));
      };
      listeners.add(look);
      look();
    });
  return {
    pid: child.pid ?? 0,
    write: (text) => new Promise((resolve) => child.stdin.write(text, () => resolve())),
    said,
    signal: (name) => void child.kill(name),
    ended,
  };
}

/** More at a time would only make each of them slower. */
const AT_ONCE = 3;
let running = 0;
const waiting: (() => void)[] = [];

export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await launch(args, options).ended;
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

/** Starts what the rows of a table need before the first of its tests, so that runs overlap; by the name of the row. */
export function ahead<Row extends readonly [string, ...unknown[]], T>(
  rows: readonly Row[],
  work: (row: Row) => Promise<T>,
): (name: string) => Promise<T> {
  const started = new Map<string, Promise<T>>();
  beforeAll(() => {
    for (const row of rows) {
      const result = work(row);
      // Told by the test that waits for it.
      result.catch(() => {});
      started.set(row[0], result);
    }
  });
  return (name) => started.get(name) ?? Promise.reject(new Error(`No row is named ${name}.`));
}

/** For afterAll: a test that failed half-way may have left one. */
export function endChildren(): void {
  for (const child of alive) child.kill('SIGKILL');
}

/** Every line of it; throws where one is not JSON. */
export const jsonLines = (stdout: string): unknown[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

export const summaryIn = ({ stdout }: Ended): Summary => jsonLines(stdout).at(-1) as Summary;

/** The machine form of a message, as far as tests look at it. */
export interface AlertLine {
  readonly notificationId: string;
  readonly reason: string;
  readonly alert: {
    readonly scope: { readonly by: string; readonly value: string };
    readonly since: string;
    readonly causes: readonly { readonly cause: string }[];
  };
}
export const alertsIn = ({ stdout }: Ended): AlertLine[] => jsonLines(stdout).slice(0, -1) as AlertLine[];

/** What must not depend on how, when or how often the same calls were read. */
export const counts = ({ totals, rows }: Summary) => ({
  totals,
  failures: Object.fromEntries(rows.map(({ key, failures }) => [Object.values(key).join(' '), failures])),
});

/** A port that was free a moment ago, for a child that does not tell which one it took. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** The first answer that is wanted; errors (not listening yet) count as no answer. */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const answer = await ask().catch(() => null);
    if (answer !== null && isWanted(answer)) return answer;
    await delay(25);
  }
  throw new Error('The wanted answer did not come within 10 s.');
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  401: 'Unauthorized',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** One call as the HTTP client of openai-python logs it. */
export const callLine = (atMs: number, status: number, host = 'api.llmgrid.ai'): string =>
  `${new Date(atMs).toISOString().slice(0, 23).replace('T', ' ').replace('.', ',')} INFO httpx: HTTP Request: POST https://${host}/v1/chat/completions "HTTP/1.1 ${status} ${REASONS[status]}"`;

/** One line per call, evenly spaced. */
export const callLog = (
  statuses: readonly number[],
  { fromMs, everyMs = 1000 }: { fromMs: number; everyMs?: number },
) => statuses.map((status, n) => `${callLine(fromMs + n * everyMs, status)}\n`).join('');
