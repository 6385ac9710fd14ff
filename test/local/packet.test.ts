/** `gridwatch packet` over a store that `gridwatch start` made of the recorded hour. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Packet, PacketCall } from '../../shared/packet.ts';
import { run } from './cli.ts';

const LOGS = join(import.meta.dirname, '../../dist/incident');
jest.setTimeout(60_000);

let dir = '';
let db = '';
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gridwatch-packet-'));
  db = join(dir, 'hour.db');
  expect((await run(['start', join(LOGS, '*'), '--db', db, '--no-serve'])).code).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const known = async (): Promise<string[]> => {
  const { stdout } = await run(['alerts', '--db', db, '--from', '2026-11-17', '--to', '2026-11-18', '--json']);
  return JSON.parse(stdout).alerts.map(({ id }: { id: string }) => id);
};

test('an id that is not there is a usage error that says where ids are', async () => {
  const { code, stderr } = await run(['packet', 'none', '--db', db]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('GET /v1/alerts lists the alerts there are.')]);
});

test('a store that is not there is not made', async () => {
  const { code, stderr } = await run(['packet', 'a', '--db', join(dir, 'none.db')]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('none.db does not exist')]);
});

test('ids of calls come from the log files, text never', async () => {
  const packets = await Promise.all(
    (await known()).map(async (id) => {
      const { stdout, code } = await run(['packet', id, '--db', db, '--logs', join(LOGS, '*'), '--json']);
      expect(code).toBe(0);
      expect(stdout).not.toMatch(/CANARYPROMPT|sk-/);
      return JSON.parse(stdout) as Packet & { calls: PacketCall[] };
    }),
  );
  const overload = packets.find(({ causes }) => causes[0]?.cause === 'provider_overloaded');
  expect(packets).toHaveLength(3);
  expect(overload?.calls.length).toBeGreaterThan(10);
  expect(overload?.calls.every(({ requestId, traceId }) => requestId !== null || traceId !== null)).toBe(true);
  expect(overload?.minutes.reduce((sum, { failures }) => sum + failures, 0)).toBe(42);
});
