/** All settings with their defaults. Durations in milliseconds. */
export interface Settings {
  /** Hosts whose calls count (with their subdomains); `any` counts every LLM call. */
  readonly hosts: readonly string[] | 'any';
  /** Secret that salts key hashes, so that they cannot be looked up. */
  readonly keySalt: string;
  /** Events older than this are counted as too late. */
  readonly horizonMs: number;
  /** A spike needs this share of failing calls … */
  readonly minShare: number;
  /** … and this many failing calls within the detection window. */
  readonly minFailures: number;
  readonly repeatIntervalMs: number;
  /** Cells kept per minute; the rest is summed under `other`. */
  readonly maxCells: number;
  /** Where summaries can be seen; goes into messages. */
  readonly summaryUrl: string | null;
}

export const DEFAULT_SETTINGS: Settings = {
  hosts: ['llmgrid.ai'],
  keySalt: 'gridwatch',
  horizonMs: 14 * 24 * 3_600_000,
  minShare: 0.05,
  minFailures: 10,
  repeatIntervalMs: 4 * 3_600_000,
  maxCells: 500,
  summaryUrl: null,
};
