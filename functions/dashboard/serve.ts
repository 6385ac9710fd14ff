/**
 * The dashboard's files as a hono app: the page at `/`, and scripts and styles under names that change with their content.
 * They are built before what serves them and lie in a folder beside it. The page may run its own script and nothing else, and
 * may ask this server only; Trusted Types make any turning of text into markup throw.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Context, Hono } from 'hono';

export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  Vary: 'Accept-Encoding',
};
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const PAGE = 'index.html';
export const ASSETS = '/assets/';
const A_YEAR = 'public, max-age=31536000, immutable';
const UNBUILT =
  'The dashboard was not built: run npm run build. The query API is there, at /v1/summary and beside it.\n';

interface Asset {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** `folder`: what build.mjs wrote. Read when first asked for, then kept: three small files. */
export function dashboard(folder: string): Hono {
  let files: ReadonlyMap<string, Asset> | null = null;
  const file = (name: string): Asset | undefined => {
    files ??= read(folder);
    return files.get(name);
  };
  const app = new Hono();
  app.get('/', (c) => {
    const page = file(PAGE);
    return page ? send(c, page, 'no-cache') : c.text(UNBUILT, 503, HEADERS);
  });
  app.get(`${ASSETS}:name`, (c, next) => {
    const asset = file(c.req.param('name'));
    return asset ? send(c, asset, A_YEAR) : next();
  });
  return app;
}

/** The dashboard, and behind it the query API. */
export function withDashboard(
  folder: string,
  api: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  const app = new Hono();
  app.route('/', dashboard(folder));
  app.all('*', (c) => api(c.req.raw));
  // What made the API throw is its host's to log.
  app.onError((error) => {
    throw error;
  });
  return async (request) => app.fetch(request);
}

function send(c: Context, { plain, gzipped, type }: Asset, caching: string): Response {
  const isGzipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(c.req.header('Accept-Encoding') ?? '');
  return c.body(isGzipped ? gzipped : plain, 200, {
    ...HEADERS,
    'Content-Type': type,
    'Cache-Control': caching,
    ...(isGzipped && { 'Content-Encoding': 'gzip' }),
  });
}

function read(folder: string): ReadonlyMap<string, Asset> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // Run from source, without a build.
    return new Map();
  }
  return new Map(
    names.map((name) => {
      const plain = new Uint8Array(readFileSync(join(folder, name)));
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      return [name, { plain, gzipped: new Uint8Array(gzipSync(plain, { level: 9 })), type }];
    }),
  );
}
