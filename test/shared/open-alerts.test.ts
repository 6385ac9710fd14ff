import { memoryStore } from '../../functions/local/memory-store.ts';
import type { Alert } from '../../shared/alert.ts';
import { alertsAt, forgetOver, readOpen, readOver, saveAlerts } from '../../shared/open-alerts.ts';
import type { Store } from '../../shared/ports.ts';
import { AT_MS, alertOf, waiting } from './alerts.ts';

const HOUR_MS = 3_600_000;
const resolved = (agoMs: number, change: Partial<Alert> = {}): Alert =>
  alertOf({ state: 'resolved', reason: 'recovered', resolvedMs: AT_MS - agoMs, ...change });
const save = async (store: Store, ...alerts: readonly Alert[]) => saveAlerts(store, await readOpen(store), alerts);
const found = async (store: Store, atMs = AT_MS) => alertsAt(await readOpen(store), atMs).map(({ id }) => id);

/** A store that counts its calls and fails where it is told to. */
function counting(store: Store, fails: (call: string) => boolean = () => false) {
  const calls: string[] = [];
  const wrapped = Object.fromEntries(
    Object.entries(store).map(([name, method]) => [
      name,
      async (...args: readonly unknown[]) => {
        const call = `${name} ${args[0]}`;
        calls.push(call);
        if (fails(call)) throw new Error(`crash at ${call}`);
        return method(...args);
      },
    ]),
  ) as unknown as Store;
  return { store: wrapped, calls };
}

describe('open alerts', () => {
  test.each<[string, Alert, string[]]>([
    ['a firing one is found', alertOf(), ['a']],
    ['one resolved within the hour is found', resolved(HOUR_MS - 1), ['a']],
    ['one resolved before is not', resolved(HOUR_MS), []],
    ['one that is not told yet is found', { ...waiting({}, 'resolved'), state: 'resolved', resolvedMs: 0 }, ['a']],
  ])('%s', async (_name, alert, ids) => {
    const store = memoryStore();
    await save(store, alert);
    expect(await found(store)).toEqual(ids);
  });

  test('one that is over is forgotten after two hours and stays under its key', async () => {
    const store = memoryStore();
    await save(store, resolved(2 * HOUR_MS), alertOf({ id: 'b' }));
    await forgetOver(store, await readOpen(store), AT_MS - 1);
    expect([...(await readOpen(store)).named]).toEqual(['a', 'b']);
    await forgetOver(store, await readOpen(store), AT_MS);
    expect([...(await readOpen(store)).named]).toEqual(['b']);
    expect((await store.list('alert/')).map(({ key }) => key)).toEqual(['alert/a', 'alert/b']);
  });

  test('one that is over is found for eight hours by those who look for it', async () => {
    const store = memoryStore();
    await save(store, resolved(2 * HOUR_MS), resolved(9 * HOUR_MS, { id: 'b' }));
    await forgetOver(store, await readOpen(store), AT_MS);
    expect([...(await readOver(store)).keys()]).toEqual(['a']);
    await save(store, resolved(-5 * HOUR_MS, { id: 'c' }));
    await forgetOver(store, await readOpen(store), AT_MS + 7 * HOUR_MS);
    expect([...(await readOver(store)).keys()]).toEqual(['c']);
  });

  test('a year of alerts is not read', async () => {
    const memory = memoryStore();
    for (let n = 0; n < 500; n += 1) await memory.save(`alert/old${n}`, resolved(100 * HOUR_MS, { id: `old${n}` }), 0);
    await save(memory, alertOf());
    await forgetOver(memory, await readOpen(memory), AT_MS);
    const { store, calls } = counting(memory);
    expect(await found(store)).toEqual(['a']);
    expect(calls).toEqual(['load open-alerts', 'load alert/a']);
  });

  test('a known alert is saved by one write, and without a read', async () => {
    const memory = memoryStore();
    await save(memory, alertOf());
    const { store, calls } = counting(memory);
    const open = await readOpen(store);
    calls.length = 0;
    await saveAlerts(store, open, [alertOf({ evaluatedMs: AT_MS + 60_000 })]);
    expect(calls).toEqual(['save alert/a']);
  });

  test('those of a store without the document are all found, and then named', async () => {
    const store = memoryStore();
    await store.save('alert/a', alertOf(), 0);
    await store.save('alert/old', resolved(9 * HOUR_MS, { id: 'old' }), 0);
    expect(await found(store)).toEqual(['a']);
    await forgetOver(store, await readOpen(store), AT_MS);
    expect([...(await readOpen(store)).named]).toEqual(['a']);
  });

  test('what another evaluator took further stays as it is', async () => {
    const store = memoryStore();
    const before = await save(store, alertOf());
    await saveAlerts(store, before, [alertOf({ evaluatedMs: AT_MS + 60_000, failures: 60 })]);
    const late = await saveAlerts(store, before, [alertOf({ evaluatedMs: AT_MS + 60_000, failures: 50 })]);
    expect(late.stored.get('a')?.alert.failures).toBe(60);
    await saveAlerts(store, before, [alertOf({ evaluatedMs: AT_MS + 120_000, failures: 70 })]);
    expect((await store.load('alert/a'))?.value).toMatchObject({ failures: 70 });
  });

  test('two evaluators that open alerts at once are both found', async () => {
    const store = memoryStore();
    const empty = await readOpen(store);
    await Promise.all(['a', 'b'].map((id) => saveAlerts(store, empty, [alertOf({ id })])));
    expect(await found(store)).toEqual(['a', 'b']);
  });

  test('a crash between name and alert leaves a name, never a lost alert', async () => {
    const memory = memoryStore();
    const { store } = counting(memory, (call) => call === 'save alert/a');
    await expect(save(store, alertOf())).rejects.toThrow('crash');
    expect([...(await readOpen(memory)).named]).toEqual(['a']);
    expect(await found(memory)).toEqual([]);
    await save(memory, alertOf());
    expect(await found(memory)).toEqual(['a']);
  });
});
