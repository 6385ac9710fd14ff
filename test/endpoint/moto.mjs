/**
 * node test/endpoint/moto.mjs -- command …
 * Runs the command with Moto (an AWS in Python, made by others) at AWS_ENDPOINT_URL. Where there is no Python, or Moto
 * cannot be installed, it says so in one sentence and succeeds. An AWS_ENDPOINT_URL that is set already is used as it is.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MOTO = 'moto[server]==5.2.5';
const INSTALL_MS = 300_000;
const START_MS = 60_000;
/** Keys of a machine's real account must not get near a stand-in. */
const FAKE = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'fake',
  AWS_SECRET_ACCESS_KEY: 'fake',
  AWS_SESSION_TOKEN: 'fake',
};

const command = process.argv.slice(process.argv.indexOf('--') + 1);
if (!process.argv.includes('--') || command.length === 0) {
  console.error('usage: node test/endpoint/moto.mjs -- command …');
  process.exit(2);
}

/** Ends with this process, whatever ends it. */
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

function start(program, args, options) {
  const child = spawn(program, args, options);
  children.add(child);
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => children.delete(child));
  return { child, ended };
}

async function run(more) {
  const bin = join(import.meta.dirname, '../../node_modules/.bin');
  const env = { ...process.env, ...more, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
  const [program, ...args] = command;
  return start(program, args, { stdio: 'inherit', env }).ended;
}

/** The folder of the programs, or the reason why there is none. */
function install(folder) {
  const last = ({ error, stderr, stdout }) =>
    error?.message ?? `${stdout}\n${stderr}`.trim().split('\n').at(-1)?.trim() ?? 'no reason given';
  const call = (program, ...args) => spawnSync(program, args, { encoding: 'utf8', timeout: INSTALL_MS });
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const programs = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  const made = call(python, '-m', 'venv', folder);
  if (made.status !== 0) return { reason: `${python} -m venv failed (${last(made)})` };
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', MOTO];
  const installed = call(join(programs, 'python'), ...pip);
  if (installed.status !== 0) return { reason: `pip install '${MOTO}' failed (${last(installed)})` };
  return { programs };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when it answers; what it wrote so far is the error when it ends or does not answer in time. */
async function answering(url, { child, ended }) {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-4000);
    });
  }
  let isOver = false;
  ended.then(
    () => {
      isOver = true;
    },
    (error) => {
      said += error.message;
      isOver = true;
    },
  );
  for (const untilMs = Date.now() + START_MS; Date.now() < untilMs && !isOver; await sleep(100)) {
    const answer = await fetch(`${url}/moto-api/data.json`).catch(() => null);
    if (answer?.ok) return;
  }
  throw new Error(`Moto did not start: ${said.trim()}`);
}

async function withMoto() {
  const folder = mkdtempSync(join(tmpdir(), 'gridwatch-moto-'));
  try {
    const { programs, reason } = install(folder);
    if (reason !== undefined) {
      console.log(`test:aws was left out: ${reason}; set AWS_ENDPOINT_URL to run it against another endpoint.`);
      return 0;
    }
    const port = await freePort();
    const moto = start(join(programs, 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...FAKE },
    });
    const url = `http://127.0.0.1:${port}`;
    await answering(url, moto);
    console.log(`${MOTO} at ${url}`);
    const code = await run({ ...FAKE, AWS_ENDPOINT_URL: url });
    moto.child.kill('SIGTERM');
    await moto.ended;
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exit(await (process.env.AWS_ENDPOINT_URL ? run({}) : withMoto()));
