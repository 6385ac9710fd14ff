/** Arguments to files: names and globs, each file once, what is no readable file reported. */
import { realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { errorCode, type Report } from './problem.ts';

export interface InputFile {
  /** As the user named it. */
  readonly path: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly mtimeMs: number;
  /** 0 for pipes. */
  readonly bytes: number;
  /** A pipe can be read once only, from its beginning. */
  readonly isPipe: boolean;
}

export async function findFiles(args: readonly string[], report: Report): Promise<InputFile[]> {
  const files: InputFile[] = [];
  const seen = new Set<string>();
  for (const path of (await Promise.all(args.map((arg) => expand(arg, report)))).flat()) {
    const found = await inspect(path, report);
    // `current.log -> app.log` under one glob is one file, and must not count twice.
    if (!found || seen.has(found.identity)) continue;
    seen.add(found.identity);
    files.push(found.file);
  }
  return files;
}

async function expand(arg: string, report: Report): Promise<string[]> {
  // A file may really be called `app[1].log`.
  if (!isDynamicPattern(arg) || (await exists(arg))) return [arg];
  const matches = await glob(arg, { expandDirectories: false, dot: arg.includes('/.') || arg.startsWith('.') });
  if (matches.length === 0) report(arg, 'NO_MATCH');
  return matches.sort();
}

async function inspect(path: string, report: Report): Promise<{ file: InputFile; identity: string } | null> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) {
      report(path, 'IS_DIRECTORY');
      return null;
    }
    const isPipe = !stats.isFile();
    const real = isPipe ? resolve(path) : await realpath(path);
    const file: InputFile = {
      path,
      logGroup: withoutSuffix(basename(path)),
      logStream: withoutSuffix(real),
      mtimeMs: Math.floor(stats.mtimeMs),
      bytes: isPipe ? 0 : stats.size,
      isPipe,
    };
    return { file, identity: stats.ino === 0 ? real : `${stats.dev}:${stats.ino}` };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') report(path, 'NOT_FOUND');
    else report(path, 'UNREADABLE', { detail: code });
    return null;
  }
}

/** `app.log.1.gz`, `app.log-20261122`, `app.log.2026-11-22` are all `app.log`: rotation must not change an event's identity. */
export function withoutSuffix(path: string): string {
  const plain = path.replace(/\.gz$/i, '');
  const name = plain.replace(/(?<=[^/])(?:\.\d{1,3}|\.old|[.-]\d{4}-?\d{2}-?\d{2}(?:[-_T.]?\d{2,6})?)$/, '');
  return name === '' ? path : name;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
