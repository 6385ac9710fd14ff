/** The lockfile installs the same everywhere: complete for every platform, and bound to no download address. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

interface Package {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}
const lock: { readonly packages: Readonly<Record<string, Package>> } = JSON.parse(
  readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
);
const packages = Object.entries(lock.packages);

/** Where Node would look for a dependency of the package at this path, from the inside out. */
function places(path: string, name: string): string[] {
  const inner = path === '' ? [] : [path];
  for (let at = path.lastIndexOf('/node_modules/'); at > 0; at = path.lastIndexOf('/node_modules/', at - 1))
    inner.push(path.slice(0, at));
  return [...inner.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`];
}

test('every optional dependency has an entry of its own', () => {
  const missing = packages.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !places(path, name).some((place) => lock.packages[place] !== undefined))
      .map((name) => `${path} -> ${name}`),
  );
  expect(missing).toEqual([]);
});

test('no entry names a download address', () => {
  expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});

test('every installed entry has a checksum', () => {
  const bare = packages.filter(([path, entry]) => path !== '' && !entry.link && entry.integrity === undefined);
  expect(bare.map(([path]) => path).filter((path) => !path.includes('/node_modules/'))).toEqual([]);
});

test('no tracked file names a registry', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean);
  const registry =
    /registry\.(?:npmjs|yarnpkg|npmmirror)\.|npm\.pkg\.github\.|\bartifactory\b|\bjfrog\.io\b|\/-\/[\w.-]+\.tgz/i;
  const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
  expect(tracked.filter((file) => existsSync(join(ROOT, file)) && registry.test(read(file)))).toEqual([]);
});
