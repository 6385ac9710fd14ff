import { memoryStore } from '../../functions/local/memory-store.ts';
import { claimNote, clearNote, LATE_MS, noteLate } from '../../shared/late/note.ts';
import type { Store } from '../../shared/ports.ts';
import { MINUTE_MS, type RollUp } from '../../shared/window.ts';
import { budget, CHECKOUT, callsOf } from '../scenario/timetable.ts';

const minutes = (faults: readonly ReturnType<typeof budget>[], minute: number): RollUp[] => [
  ...callsOf({ begin: minute, minutes: minute + 1, faults }),
];
const [GOOD] = minutes([], 100) as [RollUp];
const [BAD] = minutes([budget(CHECKOUT, 100, 101)], 100) as [RollUp];
const AT_MS = GOOD.windowMs;
const judged = (behindMs: number, beganMs = 0) => ({ evaluatedMs: AT_MS + behindMs, beganMs });
const noted = async (store: Store) => (await store.load('late'))?.value ?? null;

describe('what is noted as late', () => {
  test.each([
    ['a minute that a later evaluation reads', judged(4 * MINUTE_MS), false],
    ['the first that none reads', judged(5 * MINUTE_MS), true],
    ['the last within six hours', judged(LATE_MS), true],
    ['one of before', judged(LATE_MS + MINUTE_MS), false],
    ['one of before anything was judged', judged(LATE_MS, AT_MS + MINUTE_MS), false],
    ['a minute of a store that never judged', { evaluatedMs: null, beganMs: null }, false],
  ])('%s', async (_, detector, isNoted) => {
    const store = memoryStore();
    await noteLate(store, [BAD], detector, detector.evaluatedMs ?? AT_MS);
    expect((await noted(store)) !== null).toBe(isNoted);
  });

  test('nothing while the past is replayed', async () => {
    const store = memoryStore();
    await noteLate(store, [BAD], judged(LATE_MS), AT_MS + MINUTE_MS);
    expect(await noted(store)).toBeNull();
  });

  test('nothing that is as it was', async () => {
    const store = memoryStore();
    await store.putRollUp(BAD);
    await noteLate(store, [{ ...BAD, contributions: 9 }], judged(LATE_MS), AT_MS + LATE_MS);
    expect(await noted(store)).toBeNull();
  });

  test('the series that grew, and in which groups they failed', async () => {
    const store = memoryStore();
    await store.putRollUp(GOOD);
    await noteLate(store, [BAD], judged(LATE_MS), AT_MS + LATE_MS);
    const { windows, grown } = (await noted(store)) as { windows: number[]; grown: [string, string[]][] };
    expect(windows).toEqual([AT_MS]);
    expect(new Map(grown).get('key:checkout-prod')).toEqual(['e429']);
    expect(new Map(grown).has('key:search-prod')).toBe(false);
  });
});

describe('a note', () => {
  const nowMs = AT_MS + LATE_MS;
  async function storeOf(): Promise<Store> {
    const store = memoryStore();
    await noteLate(store, [BAD], judged(LATE_MS), nowMs);
    return store;
  }

  test('is claimed by one, and by the next when that one died', async () => {
    const store = await storeOf();
    expect(await claimNote(store, nowMs, nowMs)).toMatchObject({ note: { windows: [AT_MS] } });
    expect(await claimNote(store, nowMs, nowMs + 49_000)).toBe('elsewhere');
    expect(await claimNote(store, nowMs, nowMs + MINUTE_MS)).toMatchObject({ note: { windows: [AT_MS] } });
  });

  test('that was judged keeps those away who read what was before', async () => {
    const store = await storeOf();
    const claimed = await claimNote(store, nowMs, nowMs);
    if (claimed === null || claimed === 'elsewhere') throw new Error('it was not claimed');
    await clearNote(store, claimed, nowMs + MINUTE_MS);
    expect(await claimNote(store, nowMs, nowMs)).toBe('elsewhere');
    expect(await claimNote(store, nowMs + MINUTE_MS, nowMs + MINUTE_MS)).toBeNull();
  });

  test('to which more was added meanwhile is not cleared', async () => {
    const store = await storeOf();
    const claimed = await claimNote(store, nowMs, nowMs);
    if (claimed === null || claimed === 'elsewhere') throw new Error('it was not claimed');
    const [next] = minutes([budget(CHECKOUT, 101, 102)], 101) as [RollUp];
    await noteLate(store, [next], judged(LATE_MS), nowMs);
    await clearNote(store, claimed, nowMs);
    expect(await noted(store)).toMatchObject({ windows: [AT_MS, AT_MS + MINUTE_MS] });
  });
});
