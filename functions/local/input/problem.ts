/**
 * What went wrong with one input, in one sentence a person can act on: what, where, what to do. Said once per input and
 * code: an input may be looked into twice (for its first time stamp, then in full).
 */

export interface Problem {
  /** As the user named it. */
  readonly path: string;
  readonly code: ProblemCode;
  readonly message: string;
}

export type ProblemCode =
  | 'NOT_FOUND'
  | 'NO_MATCH'
  | 'IS_DIRECTORY'
  | 'UNREADABLE'
  | 'BINARY'
  | 'UTF16'
  | 'EMPTY'
  | 'GZIP_TRUNCATED'
  | 'GZIP_CORRUPT'
  | 'LINE_TOO_LONG'
  | 'BAD_JSON'
  | 'BAD_CSV'
  | 'MALFORMED'
  | 'REFUSED';

export type Report = (path: string, code: ProblemCode, facts?: Facts) => void;

export interface Facts {
  readonly count?: number;
  /** The operating system's code, or the code of a refused payload; never text from the input. */
  readonly detail?: string;
}

const MESSAGES: Readonly<Record<ProblemCode, (path: string, facts: Facts) => string>> = {
  NOT_FOUND: (path) => `${path} does not exist: check the name and the folder you run this in`,
  NO_MATCH: (path) => `${path} matches no file: check the pattern, and put it in quotes so that gridwatch expands it`,
  IS_DIRECTORY: (path) =>
    `${path} is a directory: name its files, for example '${path.replace(/(?<!\/)\/+$/, '')}/*.log'`,
  UNREADABLE: (path, { detail }) => `${path} cannot be read (${detail}): ${adviceFor(detail)}`,
  BINARY: (path) => `${path} is binary, not a log, and was left out: name the text file, or its .gz`,
  UTF16: (path) => `${path} is UTF-16 and was left out: convert it first with 'iconv -f UTF-16 -t UTF-8'`,
  EMPTY: (path) => `${path} is empty: nothing to read there`,
  GZIP_TRUNCATED: (path) =>
    `${path} is a gzip file that ends early: all before the cut was read; copy it again for the rest`,
  GZIP_CORRUPT: (path) => `${path} is a damaged gzip file: what precedes the damage was read; test it with 'gzip -t'`,
  LINE_TOO_LONG: (path, { count }) =>
    `${path}: ${count} of its lines or messages are longer than 1 MiB and were read up to there`,
  BAD_JSON: (path, { count }) =>
    `${path}: not valid JSON in ${count} place(s); what could be read around it was; check the export`,
  BAD_CSV: (path, { count }) =>
    `${path}: ${count} CSV record(s) with a quote that never closes were left out; export it again`,
  MALFORMED: (path, { count }) =>
    `${path}: ${count} record(s) without a usable time or message were left out; check the export`,
  REFUSED: (path, { count, detail }) =>
    `${path}: ${count} subscription payload(s) cannot be read (${detail}); fetch them again`,
};

export function reporter(onProblem: (problem: Problem) => void): Report {
  const said = new Set<string>();
  return (path, code, facts = {}) => {
    const key = `${code} ${facts.detail ?? ''} ${path}`;
    if (said.has(key)) return;
    said.add(key);
    onProblem({ path, code, message: MESSAGES[code](path, facts) });
  };
}

function adviceFor(detail: string | undefined): string {
  if (detail === 'EACCES' || detail === 'EPERM') return 'give yourself read permission, or run as a user who has it';
  if (detail === 'EMFILE' || detail === 'ENFILE') return 'too many open files; raise the limit with ulimit -n';
  if (detail === 'CHANGED') return 'it was replaced while being read; run again';
  return 'check the disk and the path';
}

export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
