/** The two ports of the domain. Every adapter of one passes the same contract suite in `test/contract/`. */
import type { Message } from './message.ts';
import type { Contribution, Granularity, RollUp } from './window.ts';

export type AddResult = 'added' | 'duplicate' | 'mismatch';

/** A window that has contributions newer than its roll-up. */
export interface DirtyWindow {
  readonly windowMs: number;
  /** Changes with every contribution, so that cleaning does not lose one that arrived meanwhile. */
  readonly token: string;
}

/** A small JSON document with a version that counts its writes. */
export interface Versioned {
  readonly key: string;
  readonly version: number;
  readonly value: unknown;
}

export interface Store {
  /**
   * Puts each contribution unless its window and key are taken, and then marks its window dirty, also for a duplicate.
   * Durable when it resolves. `mismatch` (same key, other digest) keeps the stored one.
   */
  add(contributions: readonly Contribution[]): Promise<AddResult[]>;
  /** All contributions with `fromMs <= windowMs < toMs`, ordered by window and key, including all that `add` has acknowledged. */
  contributions(fromMs: number, toMs: number): Promise<Contribution[]>;
  /** Every dirty window, oldest first. */
  dirty(): Promise<DirtyWindow[]>;
  /** Removes the mark unless the window became dirty again since it was read; says whether it did. */
  clean(dirty: DirtyWindow): Promise<boolean>;
  /** Sets a roll-up; refuses (false) when the stored one folded more contributions. */
  putRollUp(rollUp: RollUp): Promise<boolean>;
  /** Roll-ups with `fromMs <= windowMs < toMs`, ordered by window. */
  rollUps(granularity: Granularity, fromMs: number, toMs: number): Promise<RollUp[]>;
  /** The document under a key, or null. */
  load(key: string): Promise<Versioned | null>;
  /** Every document whose key starts with the prefix, ordered by key. */
  list(prefix: string): Promise<Versioned[]>;
  /** Writes a document if `version` is still the stored one (0: none is stored); the new version is `version + 1`. False: somebody else was first. */
  save(key: string, value: unknown, version: number): Promise<boolean>;
  /** Drops contributions of windows before this time and roll-ups of the given granularity before it. */
  forget(beforeMs: number, granularity: Granularity | 'contributions'): Promise<void>;
  close(): Promise<void>;
}

export interface Notifier {
  /** Delivers one message; throws when it cannot say that it did. */
  send(message: Message): Promise<void>;
}
