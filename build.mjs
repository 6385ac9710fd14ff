// Bundles the command line into dist/cli.js and writes the recorded incident beside it. `--if-stale` does nothing when the bundle is newer than every source.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const outfile = join(root, 'dist/cli.js');

const newest = (path) => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
};

const sources = ['shared', 'functions', 'test/fixtures', 'build.mjs', 'package.json'].map((name) => join(root, name));
const stale = (statSync(outfile, { throwIfNoEntry: false })?.mtimeMs ?? 0) <= Math.max(...sources.map(newest));

if (stale || !process.argv.includes('--if-stale')) {
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    mainFields: ['module', 'main'],
    // The SQLite package finds its prebuilt binary relative to its own folder, so it stays outside the bundle.
    external: ['@photostructure/sqlite'],
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  };
  await build({ ...shared, entryPoints: ['functions/local/cli.ts'], outfile });
  // The recorded incident that `gridwatch start` replays when it is given no file.
  const recorder = join(root, 'dist/build-incident.js');
  await build({ ...shared, entryPoints: ['test/fixtures/build-incident.ts'], outfile: recorder });
  const { writeIncident } = await import(pathToFileURL(recorder).href);
  writeIncident(join(root, 'dist/incident'));
}
