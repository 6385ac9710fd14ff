// Bundles everything that runs: the command line (dist/cli.js, with the recorded incident beside it), the Lambda functions
// (dist/functions/<name>/), the dashboard beside both that serve it (…/page/) and the construct that other CDK apps import (dist/infra/, dist/types/). `--if-stale` does nothing
// when every bundle is newer than every source, and leaves the types out. Quiet unless something is wrong.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const dist = (...path) => join(root, 'dist', ...path);

const FUNCTIONS = ['ingest', 'evaluate', 'query', 'redrive', 'slack'];
/** Loaded by `import()` on first use, so built beside the bundles that may need it: the S3 client is as large as the rest of ingest. */
const ON_DEMAND = { objects: ['ingest', 'redrive'] };

/** Beside each bundle that serves the dashboard. */
const PAGES = [dist('page'), dist('functions/query/page')];

const newest = (path) => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
};

const sources = ['shared', 'functions', 'infra', 'test/fixtures', 'build.mjs', 'package.json'].map((name) =>
  join(root, name),
);
// The incident is written last, so a build that was interrupted is stale.
const outputs = [
  dist('cli.js'),
  ...FUNCTIONS.map((name) => dist('functions', name, 'index.cjs')),
  ...Object.entries(ON_DEMAND).flatMap(([part, users]) => users.map((name) => dist('functions', name, `${part}.cjs`))),
  ...PAGES.map((folder) => join(folder, 'index.html')),
  dist('infra/gridwatch.js'),
  dist('infra/gridwatch.cjs'),
  dist('incident'),
];
const isStale = Math.min(...outputs.map(newest)) <= Math.max(...sources.map(newest));

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'],
  logLevel: 'warning',
  write: false,
};

/** Replaces each file in one step: somebody may be running it, or building it as well. */
function write(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
async function build(options) {
  const { outputFiles } = await esbuild.build({ ...common, ...options });
  for (const { path, contents } of outputFiles) write(path, contents);
}

async function buildLocal() {
  const local = {
    target: 'node20',
    format: 'esm',
    // The SQLite package finds its prebuilt binary relative to its own folder, so it stays outside the bundle.
    external: ['@photostructure/sqlite'],
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
  };
  await build({ ...local, entryPoints: ['functions/local/cli.ts'], outfile: dist('cli.js') });
  const recorder = dist('build-incident.js');
  await build({ ...local, entryPoints: ['test/fixtures/build-incident.ts'], outfile: recorder });
  return recorder;
}

/**
 * `import('./objects.ts')` becomes a require of the file built beside the bundle. The SDK's import of event streams, which
 * no operation used here has, becomes a require that is never reached: bundled, it would also keep every module it shares with the
 * rest from being merged into one scope, which costs a fifth of the SDK's start-up time.
 */
const onDemand = {
  name: 'on-demand',
  setup({ onResolve }) {
    onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
    onResolve({ filter: /^\.\// }, ({ path, kind }) => {
      const part = Object.keys(ON_DEMAND).find((name) => path === `./${name}.ts`);
      return kind === 'dynamic-import' && part ? { path: `./${part}.cjs`, external: true } : undefined;
    });
  },
};

/** In Lambda nobody has a file of settings or credentials (`~/.aws`): the SDK would look for both at its first call. */
const withoutFiles = {
  name: 'without-files',
  setup({ onResolve }) {
    onResolve({ filter: /\/loadSharedConfigFiles$/ }, ({ importer }) =>
      importer.includes('@smithy') ? { path: join(root, 'functions/aws/no-files.ts') } : undefined,
    );
  },
};

/** Of its own package.json a client says the version, in the user agent. */
const versionsOnly = {
  name: 'versions-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[a-z-]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { loader: 'json', contents: JSON.stringify({ version }) };
    });
  },
};

/** Node reads a file without other characters in half the time. They stand in texts and regular expressions, which can both say them so. */
const inAscii = {
  name: 'in-ascii',
  setup({ onEnd }) {
    onEnd(({ outputFiles }) => {
      for (const file of outputFiles) {
        const code = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
        file.contents = Buffer.from(file.text.replace(/[\u0080-\uffff]/g, code));
      }
    });
  },
};

/**
 * CommonJS without import(): as ES modules, or with the SDK's own dynamic imports left in, the same code needs half as much
 * CPU again before the first event.
 */
async function buildFunctions() {
  const lambda = {
    target: 'node22',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname' },
    plugins: [onDemand, withoutFiles, versionsOnly, inAscii],
    alias: {
      '@aws-sdk/credential-provider-node': join(root, 'functions/aws/credentials.ts'),
      '@aws-sdk/middleware-endpoint-discovery': join(root, 'functions/aws/discovery.ts'),
    },
  };
  const bundle = (entry, name, part) =>
    build({ ...lambda, entryPoints: [`functions/${entry}.ts`], outfile: dist('functions', name, `${part}.cjs`) });
  await Promise.all([
    ...FUNCTIONS.map((name) => bundle(name, name, 'index')),
    ...Object.entries(ON_DEMAND).flatMap(([part, users]) => users.map((name) => bundle(`aws/${part}`, name, part))),
  ]);
}

/** What `shared/` takes from Node is for hashing, which the page does not do: esbuild drops it, and fails where it cannot. */
const withoutNode = {
  name: 'without-node',
  setup({ onResolve, onEnd }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
    onEnd(({ outputFiles }) => {
      const left = outputFiles.filter(({ path, text }) => path.endsWith('.js') && /["']node:/.test(text));
      return { errors: left.map(({ path }) => ({ text: `${path} would need Node in the browser` })) };
    });
  },
};

/** Named by content, so that a browser may keep them for ever; index.html names them. */
async function buildPage() {
  const source = (name) => join('functions/dashboard', name);
  const { outputFiles } = await esbuild.build({
    ...common,
    platform: 'browser',
    target: ['es2022', 'chrome112', 'firefox115', 'safari16.4'],
    format: 'esm',
    minify: true,
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    plugins: [withoutNode],
    loader: { '.svg': 'copy' },
    entryPoints: { page: source('page.tsx'), style: source('style.css'), icon: source('icon.svg') },
    entryNames: '[name]-[hash]',
    outdir: dist('page'),
  });
  const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }));
  const named = (extension) => `assets/${files.find(({ name }) => name.endsWith(extension)).name}`;
  const html = readFileSync(join(root, source('index.html')), 'utf8')
    .replace('{script}', named('.js'))
    .replace('{style}', named('.css'))
    .replace('{icon}', named('.svg'));
  for (const folder of PAGES) {
    for (const { name, contents } of [...files, { name: 'index.html', contents: html }])
      write(join(folder, name), contents);
    // Of builds before. Not the half-written file of a build that runs at the same time.
    const old = readdirSync(folder).filter((name) => /-\w+\.(?:js|css|svg)$/.test(name));
    for (const name of old) if (!files.some((file) => file.name === name)) rmSync(join(folder, name), { force: true });
  }
}

/** For ES modules and for CommonJS; CDK itself is the importing app's. */
async function buildConstruct() {
  const construct = {
    target: 'node20',
    entryPoints: ['infra/gridwatch.ts'],
    external: ['aws-cdk-lib', 'constructs'],
  };
  await build({ ...construct, format: 'esm', outfile: dist('infra/gridwatch.js') });
  const define = { 'import.meta.dirname': '__dirname' };
  await build({ ...construct, format: 'cjs', define, outfile: dist('infra/gridwatch.cjs') });
}

/** Types for the importing app. Two seconds that `npm start` and `cdk synth` have no use for. */
function writeTypes() {
  const options =
    '--ignoreConfig infra/gridwatch.ts --target ES2023 --module NodeNext --types node --strict --exactOptionalPropertyTypes --skipLibCheck --declaration --emitDeclarationOnly --rewriteRelativeImportExtensions --outDir dist/types';
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options.split(' ')], {
    cwd: root,
    stdio: 'inherit',
  });
}

if (isStale || !process.argv.includes('--if-stale')) {
  const [recorder] = await Promise.all([buildLocal(), buildFunctions(), buildConstruct(), buildPage()]);
  if (!process.argv.includes('--if-stale')) writeTypes();
  // The recorded incident that `gridwatch start` replays when it is given no file.
  const { writeIncident } = await import(pathToFileURL(recorder).href);
  writeIncident(dist('incident'));
}
