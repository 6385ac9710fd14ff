/** `gridwatch packet` over a store that `gridwatch start` made of the recorded hour. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Packet } from '../../shared/packet.ts';
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
  const { stderr } = await run(['packet', 'none', '--db', db]);
  return stderr.match(/[0-9a-f]{12}/g) ?? [];
};

test('an id that is not there is a usage error that names those that are', async () => {
  const { code, stderr } = await run(['packet', 'none', '--db', db]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/it holds [0-9a-f]{12}, [0-9a-f]{12}, [0-9a-f]{12}\.$/m);
});

test('a store that is not there is not made', async () => {
  const { code, stderr } = await run(['packet', 'a', '--db', join(dir, 'none.db')]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('There is no store at')]);
});

test('ids of calls come from the log files, text never', async () => {
  const packets = await Promise.all(
    (await known()).map(async (id) => {
      const { stdout, code } = await run(['packet', id.slice(0, 6), '--db', db, '--logs', join(LOGS, '*'), '--json']);
      expect(code).toBe(0);
      expect(stdout).not.toMatch(/CANARYPROMPT|sk-/);
      return JSON.parse(stdout) as Packet;
    }),
  );
  const overload = packets.find(({ causes }) => causes[0]?.cause === 'provider_overloaded');
  expect(overload?.calls.length).toBeGreaterThan(10);
  expect(overload?.calls.every(({ requestId, traceId }) => requestId !== null || traceId !== null)).toBe(true);
  expect(overload?.minutes.reduce((sum, { failures }) => sum + failures, 0)).toBe(42);
});
