/**
 * A store that forgets contributions without forgetting their counts. Once the contributions of a minute are dropped, its
 * roll-up is sealed, and what arrives later is added to it instead of replacing it. Memory then depends on the length of
 * time that is analysed, not on the number of events; the price is that a late repeat of an event would count twice.
 */
import { combine } from '../../shared/fold.ts';
import type { Store } from '../../shared/ports.ts';
import type { RollUp } from '../../shared/window.ts';

export function sealing(store: Store): Store {
  const sealed = new Map<number, RollUp>();
  let sealedToMs = Number.NEGATIVE_INFINITY;
  return {
    ...store,
    putRollUp: async (rollUp) => {
      const base = rollUp.granularity === 'minute' ? sealed.get(rollUp.windowMs) : undefined;
      if (base === undefined) return store.putRollUp(rollUp);
      return store.putRollUp(combine([base, rollUp], 'minute', rollUp.windowMs, Number.POSITIVE_INFINITY));
    },
    forget: async (beforeMs, what) => {
      if (what !== 'contributions') return store.forget(beforeMs, what);
      const late = (await store.contributions(0, Math.min(sealedToMs, beforeMs))).map(({ windowMs }) => windowMs);
      const settled = (await store.rollUps('minute', Math.max(0, sealedToMs), beforeMs)).map(
        ({ windowMs }) => windowMs,
      );
      for (const windowMs of new Set([...late, ...settled])) {
        const [rollUp] = await store.rollUps('minute', windowMs, windowMs + 1);
        if (rollUp) sealed.set(windowMs, rollUp);
      }
      sealedToMs = Math.max(sealedToMs, beforeMs);
      await store.forget(beforeMs, 'contributions');
    },
  };
}
