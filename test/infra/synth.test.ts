import './env.ts';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeholders, ROOT } from './place.ts';

/**
 * `npx cdk synth` as a person runs it, in a copy of the package with empty functions. Every process it starts fails and leaves a
 * note when it opens a network connection.
 */
const root = mkdtempSync(join(tmpdir(), 'gridwatch-synth-'));
const calls = join(root, 'network-calls.txt');
const { app, ...cdkJson } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));

beforeAll(() => {
  for (const folder of ['infra', 'shared']) cpSync(join(ROOT, folder), join(root, folder), { recursive: true });
  mkdirSync(join(root, 'dist/functions'), { recursive: true });
  placeholders(join(root, 'dist/functions'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{"name": "gridwatch", "type": "module"}');
  writeFileSync(
    join(root, 'cdk.json'),
    JSON.stringify({ app: app.replace('node build.mjs --if-stale && ', ''), ...cdkJson }),
  );
  writeFileSync(
    join(root, 'no-network.cjs'),
    `const { appendFileSync } = require('node:fs');
    const refuse = (what) => { appendFileSync(${JSON.stringify(calls)}, what + '\\n'); throw new Error('no network: ' + what); };
    const { connect } = require('node:net').Socket.prototype;
    require('node:net').Socket.prototype.connect = function (...args) {
      const [to] = args.flat();
      return to?.path || typeof to === 'string' ? connect.apply(this, args) : refuse('connect ' + JSON.stringify(to));
    };
    require('node:dns').lookup = (name) => refuse('lookup ' + name);`,
  );
});

interface Run {
  readonly status: number | null;
  readonly stderr: string;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly out: string;
}

function synth(...context: string[]): Run {
  const out = mkdtempSync(join(tmpdir(), 'gridwatch-cdk-out-'));
  return { ...cdk('synth', '--quiet', '--output', out, ...context.flatMap((it) => ['-c', it])), out };
}

function cdk(...args: string[]): Omit<Run, 'out'> {
  const { PATH } = process.env;
  const command = ['npx', 'cdk', ...args];
  const startMs = performance.now();
  // The shell says how much CPU its children took: wall time says more about what else this machine is doing.
  const { status, stderr } = spawnSync('sh', ['-c', '"$@"; status=$?; times >&2; exit $status', 'sh', ...command], {
    cwd: root,
    encoding: 'utf8',
    env: {
      PATH,
      HOME: root,
      NODE_OPTIONS: `--require ${join(root, 'no-network.cjs')}`,
      npm_config_update_notifier: 'false',
    },
  });
  const [children = ''] = stderr.trim().split('\n').slice(-1);
  const cpuSeconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + 60 * Number(m) + Number(s),
    0,
  );
  return { status, stderr, cpuSeconds, wallSeconds: (performance.now() - startMs) / 1000 };
}

describe('npx cdk synth', () => {
  const run: { -readonly [Name in keyof Run]?: Run[Name] } = {};
  beforeAll(() => {
    const context = [
      'logGroups=/aws/lambda/app-a,/ecs/app-b',
      'email=oncall@example.com',
      'slackWebhookSecret=gridwatch/slack',
    ];
    Object.assign(run, synth(...context, 'chat=T0123ABCD/C0456EFGH'));
  }, 120_000);

  test('succeeds without credentials, docker or a profile', () => {
    expect({ status: run.status, stderr: run.stderr }).toMatchObject({ status: 0 });
    expect(existsSync(join(run.out ?? '', 'Gridwatch.template.json'))).toBe(true);
  });

  test('opens no connection and looks up no name', () => {
    expect(existsSync(calls) ? readFileSync(calls, 'utf8') : '').toBe('');
  });

  test('needs at most twelve times the CPU of a CLI that says its version', () => {
    const least = cdk('--version').cpuSeconds;
    expect(least).toBeGreaterThan(0.1);
    expect(run.cpuSeconds ?? 0).toBeGreaterThan(least);
    expect((run.cpuSeconds ?? 0) / least).toBeLessThan(12);
  }, 60_000);

  test("finds nothing by CloudFormation's own rules", () => {
    const { pluginReports } = JSON.parse(readFileSync(join(run.out ?? '', 'validation-report.json'), 'utf8'));
    expect(pluginReports.flatMap(({ violations }: { violations: unknown[] }) => violations)).toEqual([]);
  });

  test('carries the code of every function in the assembly', () => {
    const assets = readdirSync(run.out ?? '').filter((name) => name.startsWith('asset.'));
    expect(assets).toHaveLength(5);
  });
});

describe('wrong settings', () => {
  test('are all said at once, without a stack trace, with exit code 1', () => {
    const { status, stderr } = synth(
      'logGroups=/gridwatch/x/ingest,/app/a,/app/a',
      'emial=a@example.com',
      'minShare=5',
      'chat=oncall',
    );
    expect(status).toBe(1);
    const said = stderr.slice(0, stderr.indexOf('Subprocess exited')).split('\n').slice(0, -1);
    expect(said).toEqual([
      'gridwatch cannot be deployed: 5 problems',
      '  - -c: logGroups: LOOP: log group /gridwatch/x/ingest belongs to gridwatch itself, and its lines would come back for ever; leave it out',
      '  - -c: logGroups: /app/a is listed twice; remove one',
      '  - -c: unknown setting "emial"; did you mean "email"?',
      '  - -c: minShare: "5" is not a number from 0.001 to 1; a share of 5 % is 0.05',
      '  - -c: chat: "oncall" is not workspaceId/channelId; write one like T0123ABCD/C0456EFGH',
    ]);
    expect(stderr).not.toMatch(/^\s+at /m);
  }, 120_000);
});

describe('app.ts, run as cdk runs it', () => {
  const run = (context: Record<string, unknown>) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'infra/app.ts'], {
      cwd: root,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        CDK_VALIDATION: 'false',
        CDK_OUTDIR: join(root, 'out'),
        CDK_CONTEXT_JSON: JSON.stringify(context),
      },
    });
  const template = () => JSON.parse(readFileSync(join(root, 'out/Gridwatch.template.json'), 'utf8'));
  const withFile = <T>(text: string, use: () => T): T => {
    writeFileSync(join(root, 'gridwatch.json'), text);
    try {
      return use();
    } finally {
      execFileSync('rm', [join(root, 'gridwatch.json')]);
    }
  };

  test('says that there is no log group, and how to name one', () => {
    const { status, stderr } = run({});
    expect(status).toBe(1);
    expect(stderr).toBe(
      'gridwatch cannot be deployed: 1 problem\n' +
        '  - settings: logGroups: no log group; add "logGroups": ["/aws/lambda/app"] to gridwatch.json or deploy with -c logGroups=/aws/lambda/app\n',
    );
  }, 60_000);

  test('reads gridwatch.json, and -c wins over it', () => {
    const { status, stderr } = withFile('{"logGroups": ["/app/a"], "email": "file@example.com"}', () =>
      run({ email: 'line@example.com' }),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.stringify(template())).toContain('line@example.com');
    expect(JSON.stringify(template())).not.toContain('file@example.com');
  }, 60_000);

  test('names the file that is not JSON', () => {
    const { status, stderr } = withFile('{"logGroups": ', () => run({ logGroups: '/app/a' }));
    expect(status).toBe(1);
    expect(stderr).toMatch(/- gridwatch\.json: cannot be read: Unexpected end of JSON input/);
  }, 60_000);

  test('warns when nobody would be told', () => {
    const { status, stderr } = run({ logGroups: '/app/a' });
    expect(status).toBe(0);
    expect(stderr).toContain('nobody will be told: give email, slackWebhookSecret or chat');
  }, 60_000);

  test('minds no context of the CLI and of feature flags', () => {
    const { status } = run({
      ...cdkJson.context,
      logGroups: '/app/a',
      email: 'a@example.com',
      'aws:cdk:bundling-stacks': [],
    });
    expect(status).toBe(0);
  }, 60_000);
});

describe('cdk.json', () => {
  test('builds what is stale before it synthesises', () => {
    expect(app).toBe('node build.mjs --if-stale && node --import tsx infra/app.ts');
  });

  test('sends nothing about its user anywhere', () => {
    expect(cdkJson).toMatchObject({ versionReporting: false, notices: false, context: { 'cli-telemetry': false } });
  });

  test('decides every feature flag that cdk init decides', () => {
    expect(Object.keys(cdkJson.context).filter((name) => name.startsWith('@aws-cdk')).length).toBeGreaterThan(80);
  });
});
