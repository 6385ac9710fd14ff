import './environment.ts';
import { requeue } from '../../functions/aws/requeue.ts';
import { ingestHandler } from '../../functions/ingest.ts';
import { redriveHandler } from '../../functions/redrive.ts';
import { call, contextOf, ingestWorldOf, listen, MINUTE, OWNER, packed, subscription, T0 } from './fakes.ts';

const FOREIGN = '210987654321';
const foreignBatch = (n: number) => packed(subscription([call(503, T0 + n)], { owner: FOREIGN, logStream: `s${n}` }));

/** Two batches of an account that is not allowed yet. */
async function quarantinedTwo() {
  const fake = ingestWorldOf(T0);
  for (const n of [1, 2]) {
    await listen(() => ingestHandler(async () => fake.world)(foreignBatch(n), contextOf()));
  }
  const keys = [...fake.objects.kept.keys()];
  expect(keys).toEqual([expect.stringMatching(/^quarantine\//), expect.stringMatching(/^quarantine\//)]);
  const redrive = (allowedOwners: readonly string[]) => {
    const world = { ...fake.world, allowedOwners, objects: fake.objects, pause: async () => {} };
    return listen(() => redriveHandler(async () => world)({}, contextOf()));
  };
  const counted = async () => (await fake.store.contributions(0, T0 + MINUTE)).length;
  return { ...fake, keys: keys as [string, string], redrive, counted };
}

test('a batch put back is counted by redrive once its account is allowed', async () => {
  const { objects, keys, redrive, counted } = await quarantinedTwo();
  await expect(requeue(objects, keys[0])).resolves.toBe(1);
  expect((await redrive([OWNER, FOREIGN])).metrics).toMatchObject({ Redriven: 1, Counted: 1 });
  await expect(counted()).resolves.toBe(1);
  expect([...objects.kept.keys()].sort()).toEqual([...keys].sort());
});

test('all below a prefix are put back, and twice changes no count', async () => {
  const { objects, redrive, counted } = await quarantinedTwo();
  for (const _ of [1, 2]) {
    await expect(requeue(objects, 'quarantine/')).resolves.toBe(2);
    await redrive([OWNER, FOREIGN]);
  }
  await expect(counted()).resolves.toBe(2);
});

test('what still cannot be read is quarantined again and not tried for ever', async () => {
  const { objects, keys, redrive, counted } = await quarantinedTwo();
  await requeue(objects, keys[0]);
  expect((await redrive([OWNER])).metrics).toMatchObject({ Quarantined: 1, RedriveLeft: 0 });
  await expect(counted()).resolves.toBe(0);
  expect([...objects.kept.keys()].some((key) => key.startsWith('aws/'))).toBe(false);
});

test.each([
  ['an object that failed', 'aws/lambda/async/x', 'NOT_QUARANTINE'],
  ['a batch that is not there', 'quarantine/2026-11-17/0000', 'NOT_KEPT'],
  ['a beginning of a name', 'quarantine/2026', 'NOT_KEPT'],
])('%s is refused with what to do', async (_, at, code) => {
  const { objects } = await quarantinedTwo();
  await expect(requeue(objects, at)).rejects.toMatchObject({ code });
});

test('an object that holds no event is refused, and its text is not repeated', async () => {
  const { objects } = await quarantinedTwo();
  objects.kept.set('quarantine/2026-11-17/cafe', 'canary-text');
  await expect(requeue(objects, 'quarantine/2026-11-17/cafe')).rejects.toMatchObject({
    code: 'NO_EVENT',
    message: expect.not.stringContaining('canary'),
  });
});
