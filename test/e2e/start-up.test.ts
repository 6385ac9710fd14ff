/**
 * What a function costs before its first event: the bytes it reads and the CPU time it takes to load. Times of this machine
 * say little, so the time is measured against a bundle of the DynamoDB client alone, by turns in fresh processes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'gridwatch-'));
const bundleOf = (name: string): string => join(ROOT, 'dist/functions', name, 'index.cjs');
const textOf = (name: string): string => readFileSync(bundleOf(name), 'utf8');

/** As Lambda's users bundle it, but for the credentials, which come from the environment here too. */
function buildClientAlone(): string {
  const outfile = join(scratch, 'client.cjs');
  const contents = "export { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';";
  const options = {
    ...{ stdin: { contents, resolveDir: ROOT }, outfile, bundle: true, platform: 'node', format: 'cjs' },
    ...{ mainFields: ['module', 'main'], supported: { 'dynamic-import': false }, minify: true, logLevel: 'warning' },
    alias: { '@aws-sdk/credential-provider-node': join(ROOT, 'functions/aws/credentials.ts') },
  };
  const program = "import { build } from 'esbuild'; await build(JSON.parse(process.argv[1]));";
  execFileSync(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(options)], { cwd: ROOT });
  return outfile;
}

function loadCpuMs(bundle: string): number {
  const program =
    'const before = process.cpuUsage(); require(process.argv[1]); const { user, system } = process.cpuUsage(before); console.log(user + system);';
  const env = { PATH: process.env['PATH'] ?? '', AWS_REGION: 'us-east-1', POWERTOOLS_METRICS_NAMESPACE: 'gridwatch' };
  return Number(execFileSync(process.execPath, ['-e', program, bundle], { env, encoding: 'utf8' })) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'build.mjs'), '--if-stale'], { stdio: 'inherit' });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

// 1.3 on Node 20, 1.2 on 22, 1.1 on 24.
test('ingest loads in less than 1.5 times the time of the DynamoDB client', () => {
  const alone = buildClientAlone();
  const ratios = Array.from({ length: 15 }, () => {
    const base = loadCpuMs(alone);
    return loadCpuMs(bundleOf('ingest')) / base;
  });
  expect(median(ratios)).toBeLessThan(1.5);
}, 60_000);

test('the bundles are small: what a cold start has to read', () => {
  // A quarter of it is what is known of failures, which grows.
  expect(textOf('ingest').length).toBeLessThanOrEqual(370 * 1024);
  for (const name of ['evaluate', 'query', 'redrive', 'slack'])
    expect(textOf(name).length).toBeLessThanOrEqual(380 * 1024);
});

test('the bundles hold no letter beyond ASCII, which doubles the time to read them', () => {
  const names = ['ingest', 'evaluate', 'query', 'redrive', 'slack'];
  expect(names.filter((name) => Buffer.byteLength(textOf(name)) !== textOf(name).length)).toEqual([]);
});

test.each([
  ['routes of the API', 'matcher is already built'],
  ['the S3 client', 'ListObjectsV2'],
  ['the schema library', 'invalid_union'],
  ['event streams of the SDK', 'prelude checksum'],
  ['endpoint discovery of the SDK', 'lru-cache'],
  ['the reader of ~/.aws', 'AWS_SHARED_CREDENTIALS_FILE'],
])('%s are not in ingest', (_, saying) => {
  expect(textOf('ingest').toLowerCase()).not.toContain(saying.toLowerCase());
});
