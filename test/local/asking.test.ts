import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../functions/local/sqlite-store.ts';
import { queryApi } from '../../shared/api.ts';
import type { Store } from '../../shared/ports.ts';
import { type Ended, endChildren, freePort, launch, type RunOptions, run } from './cli.ts';
import { CREDENTIALS, type FunctionUrl, functionUrl, REGION } from './function-url.ts';

// The recorded hour, asked of a store, a running server and a deployed function that checks signatures.

jest.setTimeout(40_000);
const folder = mkdtempSync(join(tmpdir(), 'gridwatch-asking-'));
const db = join(folder, 'gridwatch.db');
const HOUR = ['--from', '2026-11-17T09:00Z', '--to', '2026-11-17T10:00Z'];
/** Nothing of this machine's own: neither credentials nor profiles. */
const NOBODY = {
  ...{ XDG_CONFIG_HOME: join(folder, 'config'), HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', NO_PROXY: '*' },
  ...{ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_PROFILE: '', AWS_CONFIG_FILE: join(folder, 'none') },
};
let store: Store;
let deployed: FunctionUrl;

const ask = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  run(args, { ...options, env: { ...NOBODY, ...options.env } });
const ofStore = (...args: string[]) => ask([...args, '--db', db]);
const signed = (...args: string[]) => ask([...args, '--url', deployed.url, '--region', REGION], { env: CREDENTIALS });

beforeAll(async () => {
  await ask(['start', '--no-serve', '--db', db]);
  store = openSqliteStore(db);
  deployed = await functionUrl(queryApi({ store, now: Date.now, version: '1' }));
});
afterAll(async () => {
  endChildren();
  await deployed.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  deployed.denies = false;
});

describe('a store', () => {
  test('is summed by cause, numbers to the right, in plain text where no terminal is', async () => {
    const { stdout, code } = await ofStore('summary', ...HOUR);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3,632 calls, 483 failed \(13 %\) · 2026-11-17 09:00 to 2026-11-17 10:00 UTC$/m);
    expect(stdout).toMatch(/^ {5}314 {3}65 % {2}Budget used up budget_exceeded /m);
    expect(stdout).not.toContain('\u001b');
  });

  test('is shown over time as bars that add up', async () => {
    const { stdout } = await ofStore('series', ...HOUR, '--by', 'category');
    expect(stdout).toMatch(/^3,632 {2}[▁▂▃▄▅▆▇█·]{60} +\d+ {2}all calls/m);
    expect(stdout).toMatch(/^ {2}483 {2}[▁▂▃▄▅▆▇█·]{60} +\d+ {2}all failures/m);
    expect(stdout).toMatch(/throttle/);
  });

  test('tells support the same of an alert as a deployed gridwatch does', async () => {
    const { alerts } = JSON.parse((await ofStore('alerts', ...HOUR, '--json')).stdout);
    const [here, there] = [await ofStore('packet', alerts[0].id), await signed('packet', alerts[0].id)];
    expect([here.code, here.stdout.startsWith('Failed LLMGrid calls: ')]).toEqual([0, true]);
    expect(there.stdout).toBe(here.stdout);
  });

  test('answers --json with the answer of the query API', async () => {
    const { stdout } = await ofStore('summary', ...HOUR, '--json', '--by', 'key', '--top', '1');
    expect(JSON.parse(stdout)).toMatchObject({
      by: ['key'],
      totals: { failures: 483 },
      rows: [{ key: expect.anything() }],
    });
  });

  test('answers --csv with lines for a spreadsheet', async () => {
    const { stdout } = await ofStore('series', ...HOUR, '--csv', '--step', '30m');
    expect(stdout.split('\r\n')).toEqual([
      'at,calls,failures,recovered,attempts,partial',
      expect.stringMatching(/^2026-11-17T09:00:00.000Z,\d+,\d+,\d+,\d+,no$/),
      expect.stringMatching(/^2026-11-17T09:30:00.000Z,/),
      '',
    ]);
  });

  test('lists its alerts, and explains one with what to do', async () => {
    const { stdout } = await ofStore('alerts', '--state', 'resolved');
    const id = /key support-prod +([0-9a-f]{12})/.exec(stdout)?.[1] ?? '';
    for (const command of ['explain', 'alerts']) {
      const told = await ofStore(command, id);
      expect(told.stdout).toContain('Budget used up · key support-prod');
      expect(told.stdout).toContain('What to do');
    }
  });

  test('keeps a silence that is added, and lists it until it is ended', async () => {
    const added = await ofStore(
      'silence',
      '--reason',
      'load test',
      '--until',
      '+2h',
      '--model',
      'gpt-4o',
      '--who',
      'mia',
    );
    const id = /\(([0-9a-f]{12})\)/.exec(added.stdout)?.[1] ?? '';
    expect(added.stdout).toMatch(/^Silenced: model gpt-4o, until 20.*UTC/);
    expect((await ofStore('silence', '--state', 'active')).stdout).toMatch(/active .*model gpt-4o +load test +mia/);
    expect((await ofStore('silence', '--end', id)).code).toBe(0);
    expect((await ofStore('silence', '--state', 'active')).stdout).toBe('No silences.\n');
  });

  test.each([
    ['summary', 'failures', 1, HOUR],
    ['summary', 'failures', 0, ['--from', '2026-11-16', '--to', '2026-11-17']],
    ['alerts', 'alerts', 1, ['--state', 'firing']],
    ['alerts', 'alerts', 0, ['--state', 'pending']],
  ])('%s --fail-on %s exits %d', async (command, what, code, args) => {
    expect((await ofStore(command, '--fail-on', what, ...args)).code).toBe(code);
  });
});

describe('a running server', () => {
  test('is asked where nothing else is said of a profile, and watched until Ctrl-C', async () => {
    const port = await freePort();
    const served = launch(['start', '--db', db, '--port', String(port)], { stdin: '', env: NOBODY });
    await served.said('stderr', /Serving/);
    const url = `http://127.0.0.1:${port}`;
    await ask(['profile', 'default', '--url', url]);
    expect(JSON.parse((await ask(['summary', ...HOUR, '--json'])).stdout).totals.failures).toBe(483);
    const watching = launch(['summary', ...HOUR, '--json', '--watch', '1'], { env: NOBODY });
    await watching.said('stdout', /\n.*\n/);
    served.signal('SIGTERM');
    await watching.said('stderr', /Nothing answered at http:\/\/127\.0\.0\.1/);
    watching.signal('SIGINT');
    expect((await watching.ended).code).toBe(0);
    await served.ended;
    await ask(['profile', 'default', '--remove']);
  });
});

describe('a deployed function', () => {
  test('is asked with a signature that AWS would accept', async () => {
    const { stdout, stderr } = await signed('summary', ...HOUR, '--by', 'logGroup,model', '--json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).totals.failures).toBe(483);
  });

  test('keeps a silence', async () => {
    const { stdout } = await signed('silence', '--everything', '--reason', 'gemäß Plan', '--until', '+1h', '--json');
    const { id, reason } = JSON.parse(stdout);
    expect(reason).toBe('gemäß Plan');
    expect((await signed('silence', '--end', id)).code).toBe(0);
  });

  test('is remembered as a profile', async () => {
    await ask(['profile', 'prod', '--url', deployed.url, '--region', REGION]);
    expect(readFileSync(join(folder, 'config/gridwatch/profiles.json'), 'utf8')).not.toContain('secret');
    const { stdout } = await ask(['alerts', '--profile', 'prod', '--json'], { env: CREDENTIALS });
    expect(JSON.parse(stdout).alerts).toHaveLength(3);
    expect((await ask(['profile'])).stdout).toContain(deployed.url);
  });

  test('is opened in a browser through a proxy that signs', async () => {
    const proxy = launch(['dashboard', '--url', deployed.url, '--region', REGION, '--no-open'], {
      env: { ...NOBODY, ...CREDENTIALS },
    });
    const [url = ''] = await proxy.said('stderr', /http:\/\/127\.0\.0\.1:\d+/);
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
    proxy.signal('SIGINT');
    expect((await proxy.ended).code).toBe(0);
  });
});

describe('what goes wrong is one sentence', () => {
  const STRANGER = { ...CREDENTIALS, AWS_ACCESS_KEY_ID: 'AKIAOTHER' };
  const rows: [string, () => Promise<Ended>, number, RegExp][] = [
    [
      'no credentials',
      () => ask(['summary', '--url', deployed.url, '--region', REGION]),
      3,
      /No AWS credentials were found; run `aws sso login`/,
    ],
    [
      'wrong region',
      () => ask(['summary', '--url', deployed.url, '--region', 'us-east-1'], { env: CREDENTIALS }),
      3,
      /not in the region us-east-1/,
    ],
    [
      'unknown credentials',
      () => ask(['summary', '--url', deployed.url, '--region', REGION], { env: STRANGER }),
      3,
      /does not accept these credentials/,
    ],
    [
      'server gone',
      async () => ask(['summary', '--url', `http://127.0.0.1:${await freePort()}`]),
      3,
      /Nothing answered at .*`gridwatch start` does/,
    ],
    [
      'unknown host',
      () => ask(['summary', '--url', 'https://gridwatch.invalid']),
      3,
      /Nothing answered at https:\/\/gridwatch\.invalid/,
    ],
    ['no URL', () => ask(['summary', '--url', 'prod']), 2, /"prod" is no URL/],
    ['unknown alert', () => ofStore('explain', '0123456789ab'), 2, /No such alert: /],
    ['unknown profile', () => ask(['summary', '--profile', 'prdo']), 2, /no profile prdo/],
    ['missing store', () => ask(['summary', '--db', join(folder, 'none.db')]), 2, /none\.db does not exist/],
    ['a file that is no store', () => ask(['summary', '--db', __filename]), 3, /is not a gridwatch store/],
    ['from after to', () => ofStore('summary', '--from', 'now', '--to', '-1h'), 2, /from must be before to/],
    ['ten years', () => ofStore('summary', '--from', '-3650d'), 2, /at most 400 days/],
    ['a time that is none', () => ofStore('summary', '--from', 'yesterday'), 2, /from must be an ISO time/],
    ['huge top', () => ofStore('summary', '--top', '1000000'), 2, /1 to 1000/],
    ['three dimensions', () => ofStore('summary', '--by', 'cause,model,key'), 2, /one or two of/],
    ['unknown dimension', () => ofStore('summary', '--by', 'modle'), 2, /perhaps model\?/],
    ['unknown cause', () => ofStore('summary', '--cause', 'budget'), 2, /budget_exceeded/],
    ['bad cursor', () => ofStore('alerts', '--cursor', 'x'), 2, /`next` of the answer before/],
    ['unknown option', () => ofStore('summary', '--form', '-1h'), 2, /Did you mean --from\?/],
    ['unknown command', () => ask(['sumary']), 2, /Did you mean summary\?/],
    ['store and URL', () => ofStore('summary', '--url', 'http://x.example'), 2, /cannot be used with/],
    ['a silence without an end', () => ofStore('silence', '--reason', 'x', '--model', 'm'), 2, /always ends/],
    ['a silence of nothing', () => ofStore('silence', '--reason', 'x', '--until', '+1h'), 2, /--everything/],
    ['a silence without a reason', () => ofStore('silence', '--model', 'gpt-4o'), 2, /--reason/],
    [
      'a silence for a year',
      () => ofStore('silence', '--reason', 'x', '--everything', '--until', '+400d'),
      2,
      /30 days/,
    ],
  ];
  test.each(rows)('%s', async (_, asked, code, sentence) => {
    const ended = await asked();
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toMatch(sentence);
    expect(ended.stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
  });

  test('being denied says what to allow', async () => {
    deployed.denies = true;
    const { code, stderr } = await signed('summary');
    expect([code, stderr]).toEqual([3, expect.stringMatching(/lambda:InvokeFunctionUrl/)]);
  });

  test('a profile file that is damaged is not overwritten', async () => {
    const env = { XDG_CONFIG_HOME: join(folder, 'damaged') };
    await ask(['profile', 'a', '--url', 'http://x.example'], { env });
    const path = join(folder, 'damaged/gridwatch/profiles.json');
    expect(existsSync(path)).toBe(true);
    writeFileSync(path, '{');
    const { code, stderr } = await ask(['profile', 'b', '--url', 'http://y.example'], { env });
    expect([code, stderr, readFileSync(path, 'utf8')]).toEqual([2, expect.stringMatching(/mend it or delete it/), '{']);
  });
});
