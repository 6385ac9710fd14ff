/** One question of the command line: asked, and its answer read, or what is wrong with it said. */
import { type Client, isProblem, openClient, type Place, type Question } from './client.ts';
import { EXIT, UsageError } from './exit.ts';
import { print, say } from './terminal.ts';

export interface Shown {
  readonly json: boolean;
  readonly csv?: boolean | undefined;
  /** Seconds between questions. */
  readonly watch?: number | undefined;
}

/** `?a=1&b=2` of what was given. */
export function queryOf(given: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

/** The text of a good answer. A bad question is the person's (exit 2), anything else the world's (exit 3). */
export async function answerOf(client: Client, question: Question): Promise<string> {
  const response = await client.ask(question);
  const text = await response.text();
  if (response.ok) return text;
  const detail = isProblem(response) ? detailIn(text) : null;
  if (detail !== null && response.status < 500) throw new UsageError(detail);
  throw Object.assign(
    new Error(`${client.name} answered ${response.status}${detail ? `: ${detail}` : '; try again in a minute.'}`),
    {
      code: 'SERVER_FAILED',
    },
  );
}

function detailIn(text: string): string | null {
  const { title, detail, status }: { title?: unknown; detail?: unknown; status?: unknown } = Object(JSON.parse(text));
  if (typeof detail !== 'string') return null;
  return status === 400 ? detail : `${title}: ${detail}`;
}

export interface View<T> {
  readonly path: string;
  /** What a person sees. */
  readonly render: (answer: T) => string;
  /** Whether `--fail-on` found something. */
  readonly isFound?: (answer: T) => boolean;
}

/** Asks, prints as it was asked to, and with --watch goes on until Ctrl-C. */
export async function show<T>(place: Place, { json, csv = false, watch }: Shown, view: View<T>): Promise<number> {
  const client = await openClient(place);
  try {
    const once = async (): Promise<boolean> => {
      const text = await answerOf(client, { path: view.path, accept: csv ? 'text/csv' : 'application/json' });
      if (csv) {
        process.stdout.write(text);
        return false;
      }
      // What the same version of the API says of itself; a person's terminal shows it, nothing is decided by it.
      const answer = JSON.parse(text) as T;
      if (watch !== undefined && !json && process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
      print(json ? JSON.stringify(answer) : view.render(answer));
      return view.isFound?.(answer) ?? false;
    };
    if (watch === undefined) return (await once()) ? EXIT.found : EXIT.ok;
    await everySeconds(watch, once);
    return EXIT.ok;
  } finally {
    await client.close();
  }
}

/** Until Ctrl-C. A server that goes away may come back; a question that is wrong stays wrong. */
async function everySeconds(seconds: number, work: () => Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  while (!stop.signal.aborted) {
    try {
      await work();
    } catch (error) {
      if (error instanceof UsageError || !(error instanceof Error) || !('code' in error)) throw error;
      say(`gridwatch: ${error.message}`);
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, seconds * 1000);
      function done(): void {
        clearTimeout(timer);
        stop.signal.removeEventListener('abort', done);
        resolve();
      }
      stop.signal.addEventListener('abort', done);
    });
  }
}
