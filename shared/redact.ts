/**
 * Secrets and personal data stay in the log line. Two guards: evidence text, which lives in memory only, loses everything
 * that looks like a secret; and a dimension, the only text that is ever stored, must look like a name and hold no secret.
 */
import { hash } from 'node:crypto';
import { memo } from './memo.ts';
import { type Screened, screened } from './screen.ts';

const MASK = '[redacted]';

// Each pattern is linear: bounded repeats or a single unbounded class, no overlap between neighbours.
/** Nothing but the sign tells an address, and a screen knows no signs. */
const ADDRESS = /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}/g;

const SECRETS: readonly Screened[] = [
  /\b(?:sk|pk|rk|xai|gsk|hf|lsv2|nvapi|pplx|ghp|gho|glpat|xox[abprs])[-_][A-Za-z0-9_.*-]{3,}/g,
  /\bBearer\s+[^\s'"`,;)}\]]+/gi,
  /\bBasic\s+[A-Za-z0-9+/=]{8,}/g,
  /\bAIza[0-9A-Za-z_-]{10,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{8,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,4}/g,
  /\b[0-9a-fA-F]{32,}\b/g,
  /(?<=[?&](?:key|api_key|apikey|token|access_token|sig|signature)=)[^&\s'"`]+/gi,
  /(?<=\b(?:password|passwd|secret|authorization|x-api-key|api[-_ ]?key)['"]?\s?[:=]\s?['"]?)[^\s'",;)}\]]{4,}/gi,
].map(screened);

// Account ids are no secrets, but nobody who reads evidence needs them; as the name of a project they are welcome.
const ACCOUNT_IDS = screened(/\b(?:org|proj|user|req)[-_][A-Za-z0-9]{6,}/g);

function withoutSecrets(text: string): string {
  let clean = text;
  for (const pattern of SECRETS) clean = pattern.replace(clean, MASK);
  return clean.includes('@') ? clean.replace(ADDRESS, MASK) : clean;
}

/** The text with everything that looks like a key, token, e-mail address or account id replaced. */
export function redact(text: string): string {
  return ACCOUNT_IDS.replace(withoutSecrets(text), MASK);
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;

/** First 8 hexadecimal digits of a salted SHA-256: tells keys apart, tells nothing about them. */
export function saltedHash(value: string, salt: string): string {
  return hash('sha256', `${salt}\u0000${value}`, 'hex').slice(0, 8);
}

/** A value fit to be stored and shown: itself when it is a plain name without a secret in it, else `hash:` and 8 digits. */
export function dimension(value: string | null, salt: string): string | null {
  if (value === null || value === '') return null;
  return isPlainName(value) ? value : `hash:${saltedHash(value, salt)}`;
}

/** Models, tenants and keys are few and come with every record. */
const isNoSecret = memo(4096, (name) => withoutSecrets(name) === name);
const isPlainName = (value: string): boolean => value.length <= 128 && NAME.test(value) && isNoSecret(value);
