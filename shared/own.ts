/**
 * What a team adds to what gridwatch reads by itself: causes of its own wordings, log shapes of its own, other names of
 * fields, and services whose records are LLM calls. Written in gridwatch.json and read by `setting-rules.ts`;
 * `gridwatch classify` tries it out.
 */
import type { CauseId } from './causes.ts';

/** All that is given must hold. */
export interface OwnCondition {
  /** Words of the message, with `*` for anything between them. */
  readonly text?: string;
  readonly status?: number | 'none';
  readonly type?: string;
  readonly class?: string;
  readonly shape?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly service?: string;
}

/** The first rule that holds decides, before everything that gridwatch knows. */
export interface OwnRule {
  readonly name: string;
  readonly when: OwnCondition;
  readonly cause: CauseId;
}

export const OWN_FIELDS = [
  ...(['status', 'type', 'class', 'message', 'model', 'provider', 'tenant', 'project'] as const),
  ...(['keyAlias', 'requestId', 'traceId', 'latencyMs', 'service'] as const),
] as const;
export type OwnField = (typeof OWN_FIELDS)[number];

export const OWN_KINDS = ['final', 'attempt', 'retry-notice', 'success'] as const;

/** A line of text that is an LLM call although nothing in it says so; `{status}` and the like are read out of it. */
export interface OwnShape {
  readonly name: string;
  readonly text: string;
  /** Without it, the status says whether the call failed. */
  readonly kind?: (typeof OWN_KINDS)[number];
}

/** Further names of a field in JSON records, whatever their case and separators. */
export type OwnFields = Readonly<Partial<Record<OwnField, readonly string[]>>>;

export interface Own {
  readonly rules: readonly OwnRule[];
  readonly shapes: readonly OwnShape[];
  readonly fields: OwnFields;
  readonly services: readonly string[];
}

export const NO_OWN: Own = { rules: [], shapes: [], fields: {}, services: [] };
