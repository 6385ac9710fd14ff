/**
 * The store of tests and of `analyze`: nothing outlives the process. It keeps JSON text, never the caller's objects, so
 * that what works here also works on disk: no shared references, no values that JSON does not have.
 * Keys are made well-formed (a lone surrogate becomes U+FFFD) and ordered by their UTF-8 bytes, as databases do it.
 */
import type { AddResult, Store, Versioned } from '../../shared/ports.ts';
import type { Contribution, Granularity, RollUp } from '../../shared/window.ts';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Windows of a map with `fromMs <= windowMs < toMs`, oldest first. */
const windowsIn = (map: ReadonlyMap<number, unknown>, fromMs: number, toMs: number): number[] =>
  [...map.keys()].filter((windowMs) => fromMs <= windowMs && windowMs < toMs).sort((a, b) => a - b);

export function memoryStore(): Store {
  const contributions = new Map<number, Map<string, string>>();
  const dirty = new Map<number, string>();
  const rollUps: Readonly<Record<Granularity, Map<number, { folded: number; text: string }>>> = {
    minute: new Map(),
    hour: new Map(),
    day: new Map(),
  };
  const documents = new Map<string, { version: number; text: string }>();
  let marks = 0;

  const addOne = (contribution: Contribution): AddResult => {
    const { windowMs, digest } = contribution;
    const key = contribution.key.toWellFormed();
    const window = contributions.get(windowMs) ?? new Map<string, string>();
    const stored = window.get(key);
    if (stored === undefined) {
      contributions.set(windowMs, window.set(key, JSON.stringify({ ...contribution, key })));
    }
    dirty.set(windowMs, String(++marks));
    if (stored === undefined) return 'added';
    return JSON.parse(stored).digest === digest ? 'duplicate' : 'mismatch';
  };

  const read = (key: string): Versioned | null => {
    const document = documents.get(key);
    return document ? { key, version: document.version, value: JSON.parse(document.text) } : null;
  };

  return {
    add: async (added) => added.map(addOne),
    contributions: async (fromMs, toMs) =>
      windowsIn(contributions, fromMs, toMs).flatMap((windowMs) =>
        [...(contributions.get(windowMs) ?? [])]
          .sort(([a], [b]) => byBytes(a, b))
          .map(([, text]): Contribution => JSON.parse(text)),
      ),
    dirty: async () =>
      [...dirty].map(([windowMs, token]) => ({ windowMs, token })).sort((a, b) => a.windowMs - b.windowMs),
    clean: async ({ windowMs, token }) => dirty.get(windowMs) === token && dirty.delete(windowMs),
    putRollUp: async (rollUp) => {
      const { granularity, windowMs, contributions: folded } = rollUp;
      if ((rollUps[granularity].get(windowMs)?.folded ?? 0) > folded) return false;
      rollUps[granularity].set(windowMs, { folded, text: JSON.stringify(rollUp) });
      return true;
    },
    rollUps: async (granularity, fromMs, toMs) =>
      windowsIn(rollUps[granularity], fromMs, toMs).map(
        (windowMs): RollUp => JSON.parse(rollUps[granularity].get(windowMs)?.text ?? ''),
      ),
    load: async (key) => read(key.toWellFormed()),
    list: async (prefix) =>
      [...documents.keys()]
        .filter((key) => key.startsWith(prefix.toWellFormed()))
        .sort(byBytes)
        .flatMap((key) => read(key) ?? []),
    save: async (key, value, version) => {
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) throw new TypeError(`Cannot save document ${key}: its value is not JSON.`);
      if ((documents.get(key.toWellFormed())?.version ?? 0) !== version) return false;
      documents.set(key.toWellFormed(), { version: version + 1, text });
      return true;
    },
    forget: async (beforeMs, granularity) => {
      const map = granularity === 'contributions' ? contributions : rollUps[granularity];
      for (const windowMs of windowsIn(map, -Infinity, beforeMs)) map.delete(windowMs);
    },
    close: async () => {},
  };
}
