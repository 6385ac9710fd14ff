/**
 * What nobody could name, told without its text. A signature is six fields with a space between: `failure` or `unreadable`,
 * the shape, the status, the error's type and class, and a salted hash of the first words of what was said. A type or class
 * stands there as it is only when it is put together from WORDS alone; any other becomes a salted hash, and `-` stands for
 * none. So every letter of a signature comes from this program, never from a line; the hashes only tell two of them apart.
 */
import type { CallRecord } from './record.ts';
import { saltedHash } from './redact.ts';

/** Words that errors are named with. */
export const WORDS: ReadonlySet<string> = new Set(
  (
    'abort aborted access account active agent already api app application argument auth authentication authorization bad batch ' +
    'billing blocked body broken budget busy call canceled cancelled capacity chain chat client cloud completion concurrency ' +
    'concurrent conflict connect connection content context credit credits data db deadline delivery denied dependency deployment ' +
    'disabled disconnected dns does down embedding embeddings empty engine error exception exceeded exhausted exist exists expired ' +
    'failed failure fallback fatal file filter format function gateway generic grpc guardrail host http id image input insufficient ' +
    'interface internal invalid io json key layer length limit limited link llm lost max maximum memory message messages method ' +
    'mismatch missing model moderation network no node not found null object of on open operation other out output over overloaded ' +
    'parameter parse parser payload payment permission plan policy pool prompt protocol provider proxy quota range rate read reached ' +
    'refused region rejected remote request requests required reset resource response retries retry route router routing runtime ' +
    'safety schema security serialization server service session size socket ssl state status store stream streaming syntax system ' +
    'task temporarily tenant text throttled throttling time timed timeout tls to token tokens too tool transport type unauthorized ' +
    'unavailable unexpected unknown unprocessable unreachable unreadable unsupported upstream url usage user validation value ' +
    'version virtual worker write wrong'
  ).split(' '),
);

/** How many words of what was said make two failures alike. */
const WORDS_HASHED = 8;

export interface Signature {
  readonly kind: 'failure' | 'unreadable';
  readonly shape: string;
  readonly status: number | null;
  /** A plain name, or `~` and 8 hexadecimal digits. */
  readonly type: string | null;
  readonly class: string | null;
  readonly words: string;
}

/** The signature of a failure whose cause nobody knows. */
export function signatureOf(record: CallRecord, salt: string): string {
  const { shape, status, errorType, errorClass, message } = record;
  const [type, name] = [first(errorType), last(first(errorClass)?.split('.') ?? [])];
  return ['failure', shape, status ?? '-', named(type, salt), named(name, salt), wordsOf(message ?? '', salt)].join(
    ' ',
  );
}

/** The same for an event that looks like a call and cannot be read. */
export const unreadableSignature = (shape: string, text: string, salt: string): string =>
  ['unreadable', shape, '-', '-', '-', wordsOf(text, salt)].join(' ');

const SIGNATURE =
  /^(failure|unreadable) ([a-z0-9-]{1,40}) (\d{3}|-) ([A-Za-z_]{1,60}|~[0-9a-f]{8}|-) ([A-Za-z_]{1,60}|~[0-9a-f]{8}|-) ([0-9a-f]{8})$/;

/** The fields of a signature; null for a text that is none, such as the name of the rest. */
export function readSignature(text: string): Signature | null {
  const [, kind, shape = '', status, type, name, words = ''] = SIGNATURE.exec(text) ?? [];
  if (kind !== 'failure' && kind !== 'unreadable') return null;
  return { kind, shape, status: status === '-' ? null : Number(status), type: said(type), class: said(name), words };
}

const said = (field: string | undefined): string | null => (field === undefined || field === '-' ? null : field);
const first = (names: string | null): string | null => names?.split(' ', 1)[0] || null;
const last = (names: readonly string[]): string | null => names.at(-1) ?? null;

/** `rate_limit_error` and `RateLimitError` are made of known words; `acme_limit` is not. */
function named(name: string | null, salt: string): string {
  if (name === null) return '-';
  const words =
    name.length <= 60 && /^[A-Za-z_]+$/.test(name) ? name.split(/_|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/) : [];
  return words.length > 0 && words.every((word) => WORDS.has(word.toLowerCase())) ? name : `~${saltedHash(name, salt)}`;
}

/** Numbers, ids and everything with a digit in it differ from call to call, so they are left out. */
function wordsOf(text: string, salt: string): string {
  const words = text
    .slice(0, 1000)
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u);
  const telling = words.filter((word) => word !== '' && !/\p{N}/u.test(word)).slice(0, WORDS_HASHED);
  return saltedHash(telling.join(' '), salt);
}
