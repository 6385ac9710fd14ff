/** `gridwatch start`: the local pipeline. Ingests, evaluates, prints alerts, ends with a summary and keeps serving it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Alert } from '../../shared/alert.ts';
import { queryApi } from '../../shared/api.ts';
import type { Store } from '../../shared/ports.ts';
import { defaultRange, readRollUps } from '../../shared/reading.ts';
import type { Settings } from '../../shared/settings.ts';
import { summarise } from '../../shared/summary.ts';
import { withDashboard } from '../dashboard/serve.ts';
import { EXIT } from './exit.ts';
import { type Replayed, replay } from './replay.ts';
import { rangeOf, renderReport } from './report.ts';
import { type LocalServer, serveLocally } from './server.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { print, say, terminalNotifier } from './terminal.ts';

export interface StartOptions {
  readonly db?: string | undefined;
  readonly port: number;
  readonly serve: boolean;
  readonly json: boolean;
  readonly settings: Settings;
  readonly version: string;
}

/** The recorded hour that the build puts beside the bundle. */
const INCIDENT = fileURLToPath(new URL('incident/', import.meta.url));
/** The built dashboard, beside it as well. */
const PAGE = fileURLToPath(new URL('page/', import.meta.url));
const DEFAULT_DB = 'gridwatch.db';

export async function start(inputs: readonly string[], options: StartOptions): Promise<number> {
  const isDemo = inputs.length === 0;
  const place =
    isDemo && options.db === undefined ? temporary() : { path: resolve(options.db ?? DEFAULT_DB), remove: () => {} };
  const stop = interruption();
  let server: LocalServer | null = null;
  try {
    const store = openSqliteStore(place.path);
    try {
      server = options.serve ? await serve(store, options) : null;
      // Before the input is read: a followed one never ends, and with --json this is where the port is told.
      if (server)
        say(
          `Serving ${server.url}/v1/summary, /v1/alerts, /v1/causes, /v1/health until Ctrl-C (--no-serve ends at once).`,
        );
      if (isDemo) say('No file given: replaying a recorded hour of four applications (2026-11-17, 09:00–10:00 UTC).\n');
      const replayed = await replay(isDemo ? recorded() : inputs, {
        store,
        settings: { ...options.settings, summaryUrl: server === null ? null : `${server.url}/#/alerts/{alert}` },
        notifier: terminalNotifier(options.json),
        signal: stop.signal,
      });
      await report(store, replayed, options);
      if (!options.json) remarks(replayed, isDemo ? null : place.path);
      // Of a followed input Ctrl-C is the usual end.
      if (stop.signal.aborted && !inputs.includes('-'))
        say('Interrupted: what had been read is stored and reported; run again for the rest.');
      if (server && !stop.signal.aborted) {
        if (!options.json) say(`\nStill serving ${server.url}/v1/summary; Ctrl-C ends it.`);
        await stop.stopped;
      }
      return replayed.incomplete ? EXIT.usage : EXIT.ok;
    } finally {
      await server?.close();
      await store.close();
    }
  } finally {
    place.remove();
  }
}

const recorded = (): string[] => readdirSync(INCIDENT).map((name) => join(INCIDENT, name));

function temporary(): { path: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'gridwatch-'));
  return { path: join(folder, DEFAULT_DB), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const serve = (store: Store, { port, version }: StartOptions): Promise<LocalServer> =>
  serveLocally({
    port,
    handler: withDashboard(PAGE, queryApi({ store, version, now: Date.now, openPaths: ['/'] })),
  });

/** The first Ctrl-C stops reading, and the store stays consistent; a second one ends the process as usual. */
function interruption(): { signal: AbortSignal; stopped: Promise<void> } {
  const controller = new AbortController();
  const stopped = new Promise<void>((done) => {
    const onSignal = (): void => {
      controller.abort();
      done();
    };
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
  });
  return { signal: controller.signal, stopped };
}

async function report(store: Store, { span, totals }: Replayed, { json }: StartOptions): Promise<void> {
  const alerts = (await store.list('alert/')).map(({ value }) => value as Alert);
  if (json) {
    const { fromMs, toMs } = span === null ? await defaultRange(store, Date.now()) : await wholeStore(store);
    const rollUps = await readRollUps(store, fromMs, toMs);
    print(JSON.stringify(summarise(rollUps, { fromMs, toMs, by: ['cause'], filters: {}, asOfMs: Date.now() })));
    return;
  }
  const range = rangeOf(span);
  const rollUps = await readRollUps(store, range.fromMs, range.toMs);
  const within = alerts.filter(
    (alert) => alert.sinceMs < range.toMs && (alert.resolvedMs ?? Number.POSITIVE_INFINITY) >= range.fromMs,
  );
  print(renderReport({ ...range, rollUps, alerts: within, totals }, []));
}

/** From the first to the last minute that the store knows. */
async function wholeStore(store: Store): Promise<{ fromMs: number; toMs: number }> {
  const minutes = await store.rollUps('minute', 0, Number.MAX_SAFE_INTEGER);
  const first = minutes[0]?.windowMs ?? 0;
  return { fromMs: first, toMs: (minutes.at(-1)?.windowMs ?? first) + 60_000 };
}

function remarks({ batches, duplicates, alerts }: Replayed, path: string | null): void {
  if (path !== null) say(`\nStored in ${path}.`);
  if (duplicates > 0) say(`${duplicates} batches were in the store already and changed no count.`);
  if (batches > 0 && duplicates > 0 && alerts.size === 0)
    say('These minutes were judged before: alerts are listed, not sent again.');
}
