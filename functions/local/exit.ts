/** Exit codes of every command: scripts rely on them. */
export const EXIT = { ok: 0, found: 1, usage: 2, broken: 3 } as const;

/** What a user did wrong: said in one sentence, exit code 2. */
export class UsageError extends Error {}

/** Problems of an input that leave its content unread or cut short; the other codes are remarks. */
const FATAL = new Set([
  'NOT_FOUND',
  'NO_MATCH',
  'IS_DIRECTORY',
  'UNREADABLE',
  'BINARY',
  'UTF16',
  'GZIP_TRUNCATED',
  'GZIP_CORRUPT',
  'BAD_JSON',
  'BAD_CSV',
  'REFUSED',
]);

export const isFatal = (code: string): boolean => FATAL.has(code);
