/** What an alert says beyond its counts (limits, bursts, retries), as sentences; an older server says nothing. Pure. */
import { shown } from './words.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

export function findingsOf(alert: unknown): string[] {
  const findings = isObject(alert) ? alert['findings'] : undefined;
  if (!Array.isArray(findings)) return [];
  return findings.flatMap((finding: unknown) => {
    const text = isObject(finding) ? finding['says'] : finding;
    return typeof text === 'string' ? [shown(text)] : [];
  });
}
