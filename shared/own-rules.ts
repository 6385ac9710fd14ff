/** Whether a rule of the team's settings (`setting-rules.ts`) holds for a record. */

import type { OwnCondition } from './own.ts';
import type { CallRecord } from './record.ts';
import { matchPattern, readPattern, type TextPattern } from './text-pattern.ts';

/** Pattern of each condition, read once. */
const PATTERNS = new WeakMap<OwnCondition, TextPattern | null>();

function patternOf(when: OwnCondition): TextPattern | null {
  const known = PATTERNS.get(when);
  if (known !== undefined) return known;
  const read = readPattern(when.text ?? '');
  const pattern = typeof read === 'string' ? null : read;
  PATTERNS.set(when, pattern);
  return pattern;
}

/** Names of a record: several types and classes stand in one field, and a class may carry its module. */
const names = (field: string | null): string[] =>
  (field ?? '')
    .toLowerCase()
    .split(' ')
    .flatMap((name) => [name, name.slice(name.lastIndexOf('.') + 1)]);

const CHECKS: {
  readonly [Name in keyof OwnCondition]-?: (wanted: string, record: CallRecord, when: OwnCondition) => boolean;
} = {
  text: (_, { message }, when) => {
    const pattern = patternOf(when);
    return pattern !== null && matchPattern(pattern, message ?? '') !== null;
  },
  status: (wanted, { status }) => String(status ?? 'none') === wanted,
  type: (wanted, { errorType }) => names(errorType).includes(wanted.toLowerCase()),
  class: (wanted, { errorClass }) => names(errorClass).includes(wanted.toLowerCase()),
  shape: (wanted, { shape }) => shape === wanted,
  provider: (wanted, { provider }) => provider === wanted,
  model: (wanted, { model }) => model === wanted,
  service: (wanted, { service }) => service === wanted,
};
const CONDITIONS = Object.keys(CHECKS) as (keyof OwnCondition)[];

export const holds = (when: OwnCondition, record: CallRecord): boolean =>
  CONDITIONS.every((name) => when[name] === undefined || CHECKS[name](String(when[name]), record, when));
