/** `gridwatch dashboard`: the dashboard of a deployed gridwatch, or of a store, in the browser of this machine. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withDashboard } from '../dashboard/serve.ts';
import { type Client, openClient, type Place } from './client.ts';
import { EXIT } from './exit.ts';
import { signingProxy } from './proxy.ts';
import { serveLocally } from './server.ts';
import { say } from './terminal.ts';

const PAGE = fileURLToPath(new URL('page/', import.meta.url));

export interface DashboardOptions extends Place {
  readonly port: number;
  readonly open: boolean;
}

export async function dashboard({ port, open, ...place }: DashboardOptions): Promise<number> {
  const client = await openClient(place);
  try {
    await firstAnswer(client);
    // A deployed one brings its own page, which fits its API; a store has none.
    const proxy = signingProxy(client);
    const server = await serveLocally({ port, handler: place.db === undefined ? proxy : withDashboard(PAGE, proxy) });
    say(`${server.url} shows ${client.name}; Ctrl-C ends it.`);
    if (open && process.stdout.isTTY) openBrowser(server.url);
    await interrupted();
    await server.close();
    return EXIT.ok;
  } finally {
    await client.close();
  }
}

/** Better said here than by an empty page. */
async function firstAnswer(client: Client): Promise<void> {
  const response = await client.ask({ path: '/v1/causes/unknown' });
  await response.text();
  if (!response.ok)
    throw Object.assign(new Error(`${client.name} answered ${response.status}; is that the queryUrl of the stack?`), {
      code: 'SERVER_FAILED',
    });
}

const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });

const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Where it cannot be opened, the address has been said. */
function openBrowser(url: string): void {
  const [command = 'xdg-open', ...args] = OPENERS[process.platform] ?? [];
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
