/**
 * A store that forgets contributions without forgetting their counts. Once the contributions of a minute are dropped, its
 * roll-up stands, and what arrives later is added to it instead of replacing it. Memory then depends on the length of time
 * that is analysed, not on the number of events; the price is that a late repeat of an event counts twice.
 */
import { combine } from '../../shared/fold.ts';
import type { Store } from '../../shared/ports.ts';
import type { RollUp } from '../../shared/window.ts';

export function sealing(store: Store): Store {
  /** Roll-ups as they stood when their minute's first late contribution came. */
  const bases = new Map<number, RollUp>();
  let sealedToMs = Number.NEGATIVE_INFINITY;
  return {
    ...store,
    add: async (contributions) => {
      for (const { windowMs } of contributions) {
        if (windowMs >= sealedToMs || bases.has(windowMs)) continue;
        const [base] = await store.rollUps('minute', windowMs, windowMs + 1);
        if (base) bases.set(windowMs, base);
      }
      return store.add(contributions);
    },
    putRollUp: async (rollUp) => {
      const base = rollUp.granularity === 'minute' ? bases.get(rollUp.windowMs) : undefined;
      if (base === undefined) return store.putRollUp(rollUp);
      return store.putRollUp(combine([base, rollUp], 'minute', rollUp.windowMs, Number.POSITIVE_INFINITY));
    },
    forget: async (beforeMs, what) => {
      if (what === 'contributions') {
        sealedToMs = Math.max(sealedToMs, beforeMs);
        for (const windowMs of bases.keys()) if (windowMs < beforeMs) bases.delete(windowMs);
      }
      await store.forget(beforeMs, what);
    },
  };
}
