import './env.ts';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTEXT, placeholders, ROOT } from './place.ts';

/** The package as another CDK app installs it: two builds of the construct with its types, and the built functions. */
const theirs = mkdtempSync(join(tmpdir(), 'gridwatch-app-'));
const installed = join(theirs, 'node_modules/gridwatch');
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);

const EXPORTS = {
  '.': {
    types: './dist/types/infra/gridwatch.d.ts',
    import: './dist/infra/gridwatch.js',
    require: './dist/infra/gridwatch.cjs',
  },
};

beforeAll(() => {
  mkdirSync(join(installed, 'dist/functions'), { recursive: true });
  placeholders(join(installed, 'dist/functions'));
  for (const name of ['aws-cdk-lib', 'constructs', '@types']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(theirs, 'node_modules', name));
  }
  writeFileSync(
    join(installed, 'package.json'),
    JSON.stringify({ name: 'gridwatch', type: 'module', exports: EXPORTS }),
  );
  const bundle = [
    'infra/gridwatch.ts',
    '--bundle',
    '--platform=node',
    '--target=node20',
    '--external:aws-cdk-lib',
    '--external:constructs',
    '--log-level=error',
  ];
  execFileSync(bin('esbuild'), [...bundle, '--format=esm', `--outfile=${join(installed, 'dist/infra/gridwatch.js')}`], {
    cwd: ROOT,
  });
  const cjs = [
    '--format=cjs',
    '--define:import.meta.dirname=__dirname',
    `--outfile=${join(installed, 'dist/infra/gridwatch.cjs')}`,
  ];
  execFileSync(bin('esbuild'), [...bundle, ...cjs], { cwd: ROOT });
  const types =
    '--ignoreConfig infra/gridwatch.ts --target ES2023 --module NodeNext --types node --strict --exactOptionalPropertyTypes --skipLibCheck --declaration --emitDeclarationOnly --rewriteRelativeImportExtensions';
  execFileSync(bin('tsc'), [...types.split(' '), '--outDir', join(installed, 'dist/types')], { cwd: ROOT });
}, 120_000);

const BODY = `
const stack = new Stack(new App(), 'Theirs');
const group = new LogGroup(stack, 'Checkout');
const watch = new Gridwatch(stack, 'Gridwatch', { logGroups: [group], email: 'oncall@example.com' });
watch.addLogGroup('/ecs/search');
`;
const ESM = `import { App, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Gridwatch } from 'gridwatch';
${BODY}`;
const CJS = `const { App, Stack } = require('aws-cdk-lib');
const { LogGroup } = require('aws-cdk-lib/aws-logs');
const { Gridwatch } = require('gridwatch');
${BODY}`;

describe.each([
  ['an ES module', 'app.mjs', ESM],
  ['CommonJS', 'app.cjs', CJS],
])('a JavaScript app in %s', (_kind, file, source) => {
  test('imports the construct and synthesises', () => {
    writeFileSync(join(theirs, file), source);
    const outdir = join(theirs, `out-${file}`);
    const env = {
      PATH: process.env['PATH'],
      CDK_OUTDIR: outdir,
      CDK_VALIDATION: 'false',
      CDK_CONTEXT_JSON: JSON.stringify(CONTEXT),
    };
    const { status, stderr } = spawnSync(process.execPath, [file], { cwd: theirs, encoding: 'utf8', env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { Resources } = JSON.parse(readFileSync(join(outdir, 'Theirs.template.json'), 'utf8'));
    const types = Object.values<{ Type: string }>(Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type === 'AWS::Logs::SubscriptionFilter')).toHaveLength(2);
    expect(types.filter((type) => type === 'AWS::Lambda::Function')).toHaveLength(4);
  }, 60_000);
});

test('the types tell a TypeScript app what is wrong', () => {
  const source = `${ESM}
watch.addChannel({ chat: { workspaceId: 'T0123ABCD', channelId: 'C0456EFGH' } });
const url: string = watch.queryUrl;
const wrong: number = watch.queryUrl;
watch.addChannel({ emial: url });
export { wrong };
`;
  writeFileSync(join(theirs, 'app.ts'), source);
  const options = {
    module: 'NodeNext',
    target: 'ES2022',
    strict: true,
    noEmit: true,
    types: ['node'],
    skipLibCheck: true,
  };
  writeFileSync(join(theirs, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['app.ts'] }));
  const { stdout } = spawnSync(bin('tsc'), ['-p', theirs, '--pretty', 'false'], { encoding: 'utf8' });
  expect(stdout.match(/error TS\d+: .*/g)).toEqual([
    "error TS2322: Type 'string' is not assignable to type 'number'.",
    expect.stringContaining("'emial' does not exist"),
  ]);
}, 60_000);

test('the construct brings no package along', () => {
  const code = readFileSync(join(installed, 'dist/infra/gridwatch.js'), 'utf8');
  expect(code).toContain('Gridwatch = class');
  expect(code.match(/^\/\/ node_modules\/.*/gm)).toBeNull();
});
