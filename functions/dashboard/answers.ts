/** What the query API answers, checked once where it enters: enough to know it for the answer that was asked for. */
import type { Cause } from '../../shared/causes.ts';
import type { Coverage } from '../../shared/coverage.ts';
import type { ShownAlert } from '../../shared/shown.ts';
import type { Point, Summary } from '../../shared/summary.ts';

export type { ShownAlert } from '../../shared/shown.ts';
export interface Series {
  readonly from: string;
  readonly to: string;
  readonly step: string;
  readonly points: readonly Point[];
}
export interface Alerts {
  readonly alerts: readonly ShownAlert[];
  /** Continues; null at the end. */
  readonly next?: string | null;
  readonly unreadable: number;
}
export interface Causes {
  readonly causes: readonly Cause[];
}
export interface Health {
  readonly status: string;
  readonly law: Readonly<Record<'received' | 'counted' | 'notCall' | 'malformed' | 'tooLate', number>> & {
    readonly holds: boolean;
  };
  readonly skipped: Readonly<Record<string, number>>;
  readonly coverage: Pick<Coverage, 'classified' | 'unknown' | 'share'> & Partial<Coverage>;
  readonly lag: {
    readonly evaluatedTo: string | null;
    readonly newest: string | null;
    readonly behindSeconds: number | null;
    readonly sinceNewestSeconds: number | null;
  };
  readonly dirtyWindows: number;
  readonly version: string;
}
export interface Silence {
  readonly id: string;
  readonly filters: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly until: string;
  /** When a person ended it early. */
  readonly ended: string | null;
}
export interface Silences {
  readonly silences: readonly Silence[];
}

type Is<T> = (value: unknown) => value is T;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const lists = (value: unknown, name: string): boolean => isObject(value) && Array.isArray(value[name]);

export const isSummary: Is<Summary> = (v): v is Summary => isObject(v) && lists(v, 'rows') && isObject(v['totals']);
export const isSeries: Is<Series> = (v): v is Series =>
  lists(v, 'points') && isObject(v) && typeof v['step'] === 'string';
export const isAlerts: Is<Alerts> = (v): v is Alerts => lists(v, 'alerts');
export const isAlert: Is<ShownAlert> = (v): v is ShownAlert =>
  lists(v, 'causes') && lists(v, 'blastRadius') && isObject(v) && isObject(v['scope']);
export const isCauses: Is<Causes> = (v): v is Causes => lists(v, 'causes');
export const isHealth: Is<Health> = (v): v is Health =>
  isObject(v) && ['law', 'lag', 'coverage', 'skipped'].every((name) => isObject(v[name]));
export const isSilences: Is<Silences> = (v): v is Silences => lists(v, 'silences');
export const isSilence: Is<Silence> = (v): v is Silence => isObject(v) && typeof v['id'] === 'string';

/** RFC 9457, as far as it is there. */
export function problemIn(value: unknown): { readonly title: string | null; readonly detail: string | null } {
  const text = (name: string) => (isObject(value) && typeof value[name] === 'string' ? value[name] : null);
  return { title: text('title'), detail: text('detail') };
}
