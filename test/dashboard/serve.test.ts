import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { dashboard, POLICY, withDashboard } from '../../functions/dashboard/serve.ts';

/** As built: what people load. */
const PAGE = join(import.meta.dirname, '../../dist/page');
const app = dashboard(PAGE);
const ask = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
const named = (extension: string) => readdirSync(PAGE).find((name) => name.endsWith(extension)) ?? '';

test('script and style together stay below 60 kB gzipped', () => {
  const sizes = [named('.js'), named('.css')].map(
    (name) => gzipSync(readFileSync(join(PAGE, name)), { level: 9 }).length,
  );
  expect(sizes.reduce((sum, n) => sum + n, 0)).toBeLessThan(60_000);
});

test('the page names its files, and nothing of it is inline or from elsewhere', async () => {
  const response = await ask('/');
  const html = await response.text();
  expect(response.status).toBe(200);
  expect(html).toContain(`src="assets/${named('.js')}"`);
  expect(html).toContain(`href="assets/${named('.css')}"`);
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:|\{(?:script|style|icon)\}/);
});

test('nothing that is built names another host, except the documentation in answers', () => {
  for (const name of readdirSync(PAGE))
    expect([
      name,
      readFileSync(join(PAGE, name), 'utf8').match(/https?:\/\/(?!www\.w3\.org\/)[^\s"'`)]+/g) ?? [],
    ]).toEqual([name, []]);
});

test('the policy allows neither inline code, evaluation, nor another origin', async () => {
  const { headers } = await ask('/');
  expect(headers.get('content-security-policy')).toBe(POLICY);
  expect(POLICY).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
  expect(POLICY).toContain("default-src 'none'");
  expect(POLICY).toContain("frame-ancestors 'none'");
  expect(POLICY).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});

test('the page is asked for each time, its files are kept for ever', async () => {
  expect((await ask('/')).headers.get('cache-control')).toBe('no-cache');
  for (const extension of ['.js', '.css', '.svg']) {
    const { status, headers } = await ask(`/assets/${named(extension)}`);
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(headers.get('content-type')).toMatch(/^(?:text\/(?:javascript|css); charset=utf-8|image\/svg\+xml)$/);
    expect(headers.get('content-security-policy')).toBe(POLICY);
  }
});

test.each([
  ['gzip, br', 'gzip'],
  ['br;q=1.0, gzip;q=0.8', 'gzip'],
  ['gzip;q=0', null],
  ['identity', null],
])('a browser that accepts %s is sent %s', async (accepted, encoding) => {
  const response = await ask('/', { 'Accept-Encoding': accepted });
  expect(response.headers.get('content-encoding')).toBe(encoding);
  const body = Buffer.from(await response.arrayBuffer());
  expect((encoding ? gunzipSync(body) : body).toString()).toContain('<!doctype html>');
});

test.each(['/assets/nothing.js', '/assets/..%2Findex.html', '/assets/', '/index.html', '/assets/__proto__'])(
  'there is nothing at %s',
  async (path) => {
    expect((await ask(path)).status).toBe(404);
  },
);

test('what is not the dashboard goes to the query API', async () => {
  const handler = withDashboard(PAGE, async (request) => new Response(`api ${new URL(request.url).pathname}`));
  const text = async (path: string) => (await handler(new Request(`http://127.0.0.1${path}`))).text();
  expect(await text('/v1/summary')).toBe('api /v1/summary');
  expect(await text('/assets/nothing.js')).toBe('api /assets/nothing.js');
  expect(await text('/')).toContain('<div id="app">');
});

test('an API that throws is its host to hear of', async () => {
  const handler = withDashboard(PAGE, async () => Promise.reject(new Error('table gone')));
  await expect(handler(new Request('http://127.0.0.1/v1/summary'))).rejects.toThrow('table gone');
});

test('without a build it says how to make one', async () => {
  const response = await dashboard(join(PAGE, 'nowhere')).request('/');
  expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('npm run build')]);
});
