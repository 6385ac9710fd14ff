/**
 * How much of what failed has a name, and what has none: signatures (`signature.ts`) with their counts, and for each a rule
 * that a person can complete and paste into gridwatch.json. Counts of signatures are of log events as they were delivered.
 */
import { readSignature, type Signature } from './signature.ts';
import { OTHER, type RollUp, sumByName } from './window.ts';

/** Signatures kept per batch and per window; the rest is summed. */
export const MAX_SIGNATURES = 20;

type Sums = Readonly<Record<string, number>>;

/** Sums by signature; only the most frequent keep their name. Undefined where there is none, so that nothing is stored. */
export function sumSignatures(parts: readonly (Sums | undefined)[]): Sums | undefined {
  const { [OTHER]: other = 0, ...sums } = sumByName(parts.filter((part) => part !== undefined));
  const ordered = Object.entries(sums).sort(([, a], [, b]) => b - a);
  const rest = ordered.slice(MAX_SIGNATURES).reduce((sum, [, n]) => sum + n, other);
  const kept = ordered.slice(0, MAX_SIGNATURES);
  if (kept.length === 0 && rest === 0) return undefined;
  return Object.fromEntries(rest === 0 ? kept : [...kept, [OTHER, rest]]);
}

export interface Unnamed extends Signature {
  readonly signature: string;
  readonly count: number;
  /** Starts of the first and last roll-up that counted it. */
  readonly first: string;
  readonly last: string;
  /** For `rules` in gridwatch.json: complete its text and choose a cause. Null where no rule can help. */
  readonly rule: RuleStub | null;
}

export interface RuleStub {
  readonly name: string;
  readonly when: Readonly<Record<string, string | number>>;
  readonly cause: 'unknown';
}

export interface Coverage {
  /** Failed calls whose cause is known, and those whose cause is not. */
  readonly classified: number;
  readonly unknown: number;
  /** Share of failed calls with a named cause, 0–1; null when nothing failed. */
  readonly share: number | null;
  /** Log events that look like calls and cannot be read. */
  readonly unreadable: number;
  /** Most frequent first. */
  readonly signatures: readonly Unnamed[];
  /** Log events of rarer signatures. */
  readonly other: number;
}

export function coverageOf(rollUps: readonly RollUp[]): Coverage {
  const failures = { all: 0, unknown: 0 };
  for (const { cells } of rollUps)
    for (const { kind, cause, calls } of cells) {
      if (kind !== 'failure') continue;
      failures.all += calls;
      if (cause === null || cause === 'unknown') failures.unknown += calls;
    }
  const sums = sumSignatures(rollUps.map(({ signatures }) => signatures)) ?? {};
  return {
    classified: failures.all - failures.unknown,
    unknown: failures.unknown,
    share: failures.all === 0 ? null : 1 - failures.unknown / failures.all,
    unreadable: rollUps.reduce((sum, { skipped }) => sum + (skipped['unreadable'] ?? 0), 0),
    signatures: Object.entries(sums).flatMap(([signature, count]) => unnamed(signature, count, rollUps)),
    other: sums[OTHER] ?? 0,
  };
}

function unnamed(signature: string, count: number, rollUps: readonly RollUp[]): Unnamed[] {
  const fields = readSignature(signature);
  if (fields === null) return [];
  const seen = rollUps
    .filter(({ signatures }) => signatures?.[signature] !== undefined)
    .map(({ windowMs }) => windowMs);
  const at = (ms: number): string => new Date(ms).toISOString();
  return [
    { signature, ...fields, count, first: at(Math.min(...seen)), last: at(Math.max(...seen)), rule: stubOf(fields) },
  ];
}

const isPlain = (name: string | null): name is string => name !== null && !name.startsWith('~');

/** The text is for a person to fill in: none is kept. With the cause `unknown` it changes nothing until one is chosen. */
function stubOf({ kind, shape, status, type, class: name, words }: Signature): RuleStub | null {
  if (kind === 'unreadable') return null;
  const when = {
    shape,
    ...(status !== null && { status }),
    ...(isPlain(type) && { type }),
    ...(isPlain(name) && { class: name }),
    text: 'words of the line',
  };
  return { name: `unnamed-${words}`, when, cause: 'unknown' };
}
