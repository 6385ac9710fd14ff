/**
 * Call record -> outcome: success, or failure with its cause and the evidence that decided. Error type first, then the text, the stated limit, the status, and class names last: they mislead most. `unknown` is an answer.
 */
import type { CauseId } from './causes.ts';
import type { OwnRule } from './own.ts';
import { holds } from './own-rules.ts';
import { PROVIDER_TOKEN } from './parse/vocabulary.ts';
import type { CallRecord } from './record.ts';
import { applies, BY_STATUS, ROWS, type Row } from './signals.ts';

/** Raised whenever the same record may get another cause than before; stored with every contribution. */
export const CLASSIFIER_VERSION = 1;

/**
 * Which kind of evidence decided, strongest first. `own`: a rule of the team's settings; `family`: the text names a family
 * of causes and no more.
 */
export type Rule = 'own' | 'type' | 'text' | 'limit' | 'family' | 'status' | 'hint' | 'none';

export interface Outcome {
  readonly record: CallRecord;
  readonly failed: boolean;
  readonly cause: CauseId | null;
  readonly rule: Rule;
  /** What decided, by name and never by text: a rule of the settings, a type, a class, a limit, a status, a row of signals. */
  readonly by: string | null;
}

interface Decision {
  readonly cause: CauseId;
  readonly rule: Rule;
  readonly by: string | null;
}

export const classify = (record: CallRecord): Outcome => outcomeOf(record, []);

/** The same, after the team's own rules. */
export const classifyWith =
  (rules: readonly OwnRule[]) =>
  (record: CallRecord): Outcome =>
    outcomeOf(record, rules);

function outcomeOf(record: CallRecord, rules: readonly OwnRule[]): Outcome {
  if (record.kind === 'success') return { record, failed: false, cause: null, rule: 'none', by: null };
  const { cause, rule, by } = byOwnRule(record, rules) ?? causeOf(record);
  return { record, failed: true, cause, rule, by };
}

function byOwnRule(record: CallRecord, rules: readonly OwnRule[]): Decision | null {
  const found = rules.find(({ when }) => holds(when, record));
  return found === undefined ? null : { cause: found.cause, rule: 'own', by: found.name };
}

const TYPED = ROWS.filter((row) => row.types !== undefined);
const HINTED = ROWS.filter((row) => row.hints !== undefined);
const SPECIFIC = ROWS.filter((row) => row.general === undefined && row.text !== undefined);

function causeOf(record: CallRecord): Decision {
  const text = record.message ?? '';
  const types = wordsOf(record.errorType);
  const classes = wordsOf(record.errorClass).flatMap((name) => [name, name.slice(name.lastIndexOf('.') + 1)]);
  const words = types.join('\n').replace(/[_-]/g, ' ');
  const byProvider = PROVIDER_TOKEN.test(text);
  const pick = (
    rule: Rule,
    rows: readonly Row[],
    test: (row: Row) => boolean,
    named?: (row: Row) => string | undefined,
  ) => {
    for (const row of rows)
      if (applies(row, record.status, byProvider) && test(row))
        return { cause: row.cause, rule, by: named?.(row) ?? row.cause };
    return null;
  };
  const isType = (type: string): boolean => types.includes(type) && !GENERAL.has(type);
  const isNamed = (name: string): boolean => types.includes(name) || classes.includes(name);
  return (
    pick(
      'type',
      TYPED,
      (row) => row.types?.some(isType) ?? false,
      (row) => row.types?.find(isType),
    ) ??
    pick('text', SPECIFIC, (row) => row.text?.test(text) ?? false) ??
    byLimit(record) ??
    pick('family', ROWS, (row) => row.text?.test(text) ?? false) ??
    pick(
      'type',
      TYPED,
      (row) => row.types?.some(isNamed) ?? false,
      (row) => row.types?.find(isNamed),
    ) ??
    // A code nobody knows still says something in its words: `budget_blocked`, `content-blocked`.
    pick('text', ROWS, (row) => row.text?.test(words) ?? false) ??
    byStatus(record.status) ??
    pick(
      'hint',
      HINTED,
      (row) => row.hints?.some(isNamed) ?? false,
      (row) => row.hints?.find(isNamed),
    ) ?? { cause: 'unknown', rule: 'none', by: null }
  );
}

const wordsOf = (names: string | null): string[] => (names === null ? [] : names.toLowerCase().split(' '));

/** Types that name a family; what the text says is finer. */
const GENERAL: ReadonlySet<string> = new Set(
  (
    'rate_limit_exceeded rate_limit_error rate_limited rate_limit rate_limit_reached_error ' +
    'ratelimitreached too_many_requests throttling_error resource_exhausted unavailable ' +
    'service_unavailable service_unavailable_error conflict_error model_not_found invalid_api_key ' +
    'invalid_value invalid_type invalid_parameter missing_required_parameter string_above_max_length ' +
    'string_type string_too_long int_type int_parsing float_type float_parsing bool_type bool_parsing ' +
    'list_type dict_type missing literal_error enum value_error unsupported_value not_supported ' +
    'permission_error permission_denied accessdeniedexception request_forbidden insufficient_permissions ' +
    'access_terminated_error extra_forbidden upstream_error bad_gateway bad_response_status_code json_validate_failed tool_use_failed'
  ).split(' '),
);

function byLimit({ limit }: CallRecord): Decision | null {
  if (limit === null) return null;
  const causes = {
    requests: 'rate_limit_requests',
    tokens: 'rate_limit_tokens',
    concurrency: 'concurrency_limit',
    budget: 'budget_exceeded',
  } as const;
  return { cause: causes[limit.dimension], rule: 'limit', by: limit.dimension };
}

function byStatus(status: number | null): Decision | null {
  const cause = status === null ? undefined : BY_STATUS.get(status);
  return cause === undefined ? null : { cause, rule: 'status', by: String(status) };
}
