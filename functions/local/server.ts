/**
 * The query API on this machine only. Besides listening on 127.0.0.1 it refuses every request whose Host is another name:
 * a web page can point its own name at 127.0.0.1 (DNS rebinding) and would then read what is served here as its own.
 */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { ENDPOINTS } from '../../shared/query.ts';

export interface LocalServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Also ends open connections. */
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly handler: (request: Request) => Promise<Response>;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: '127.0.0.1';
  /** Told what made the handler throw; the asker gets a 500 without it. */
  readonly onError?: (error: unknown) => void;
}

const OWN_HOST = /^(localhost|127\.0\.0\.1)(:\d{1,5})?$/i;

/** Throws an Error with code PORT_IN_USE where another program listens on the port. */
export async function serveLocally({
  handler,
  port,
  host = '127.0.0.1',
  onError = console.error,
}: ServeOptions): Promise<LocalServer> {
  const server = createAdaptorServer({ fetch: answer, hostname: host, overrideGlobalObjects: false });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, port)));
    server.listen(port, host, resolve);
  });
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  return { url, close };

  async function answer(request: Request): Promise<Response> {
    if (!OWN_HOST.test(request.headers.get('host') ?? '')) return text(403, 'Open this as localhost or 127.0.0.1.\n');
    const { pathname } = new URL(request.url);
    // A browser is shown the dashboard; curl is told what there is.
    const isBrowser = request.headers.get('accept')?.includes('text/html') ?? false;
    if (pathname === '/' && !isBrowser && ['GET', 'HEAD'].includes(request.method)) return text(200, page(url));
    try {
      return await handler(request);
    } catch (error) {
      onError(error);
      return text(500, 'This could not be answered; the terminal of gridwatch says why.\n');
    }
  }

  function close(): Promise<void> {
    return new Promise((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  }
}

const text = (status: number, body: string): Response =>
  new Response(body, {
    status,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    },
  });

const page = (url: string): string => {
  const lines = ENDPOINTS.map(({ path, example, what }) => `${url}${path}${example}\n    ${what}\n`);
  return `gridwatch: which LLMGrid calls fail, why, and since when.\n\n${lines.join('')}`;
};

function listenError(cause: Error, host: string, port: number): Error {
  const isInUse = 'code' in cause && cause.code === 'EADDRINUSE';
  if (!isInUse) return new Error(`Could not listen on ${host}:${port}: ${cause.message}.`, { cause });
  const sentence = `Another program listens on ${host}:${port} already: stop it, or choose another port with --port N.`;
  return Object.assign(new Error(sentence, { cause }), { code: 'PORT_IN_USE' });
}
