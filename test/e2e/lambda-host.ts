/**
 * Runs a built bundle as Lambda does: in a process of its own that asks a runtime API for the next event and posts back an
 * answer or an error (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). The host is this process. One
 * environment, one event at a time; an event that takes too long ends the process, as in Lambda.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type Outcome = { readonly answer: unknown } | { readonly error: { readonly errorMessage: string } };

export interface LambdaFunction {
  invoke(event: unknown): Promise<Outcome>;
  /** Everything written to standard output and error. */
  readonly said: () => string;
  readonly initCpuMs: () => number;
  close(): Promise<void>;
}

/** What the managed runtime does: load the handler, then ask, run and answer for ever. */
const BOOTSTRAP = `
  const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/';
  const post = (path, body) => fetch(api + path, { method: 'POST', body: JSON.stringify(body ?? null) });
  (async () => {
    const before = process.cpuUsage();
    const { handler } = require(process.env._HANDLER);
    const { user, system } = process.cpuUsage(before);
    await post('init/cpu', (user + system) / 1000);
    for (;;) {
      const next = await fetch(api + 'invocation/next');
      const id = next.headers.get('lambda-runtime-aws-request-id');
      const deadlineMs = Number(next.headers.get('lambda-runtime-deadline-ms'));
      const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadlineMs - Date.now() };
      try {
        await post('invocation/' + id + '/response', await handler(await next.json(), context));
      } catch (error) {
        await post('invocation/' + id + '/error', { errorType: error?.name, errorMessage: String(error?.message ?? error) });
      }
    }
  })();`;

/** `Promise.withResolvers`, which Node 20 lacks. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

export async function startFunction(
  bundle: string,
  env: Readonly<Record<string, string>>,
  timeoutMs = 30_000,
): Promise<LambdaFunction> {
  let waiting: ServerResponse | null = null;
  let ready = deferred<void>();
  let done = deferred<Outcome>();
  let [count, initCpuMs, said] = [0, 0, ''];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (path.endsWith('/next')) {
      waiting = response;
      return ready.resolve();
    }
    const body: unknown = JSON.parse((await text(request)) || 'null');
    response.writeHead(202).end();
    if (path.endsWith('/cpu')) initCpuMs = Number(body);
    else if (path.endsWith('/response')) done.resolve({ answer: body });
    else done.resolve({ error: body as { errorMessage: string } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const child = start(bundle, {
    ...env,
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += String(chunk)));
  const exited = once(child, 'exit').then((): Outcome => {
    ready.resolve();
    return { error: { errorMessage: `Runtime exited:\n${said.slice(-2000)}` } };
  });
  return {
    said: () => said,
    initCpuMs: () => initCpuMs,
    invoke: async (event) => {
      await ready.promise;
      done = deferred();
      ready = deferred();
      count += 1;
      const deadline = Date.now() + timeoutMs;
      const headers = {
        'Lambda-Runtime-Aws-Request-Id': `request-${count}`,
        'Lambda-Runtime-Deadline-Ms': `${deadline}`,
      };
      waiting?.writeHead(200, { ...headers, 'Content-Type': 'application/json' }).end(JSON.stringify(event));
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      const outcome = await Promise.race([done.promise, exited]);
      clearTimeout(timer);
      return outcome;
    },
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const start = (bundle: string, env: Readonly<Record<string, string>>): ChildProcess =>
  spawn(process.execPath, ['-e', BOOTSTRAP], {
    // Nothing of this machine's AWS settings or credentials.
    env: { PATH: process.env['PATH'] ?? '', _HANDLER: bundle, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
