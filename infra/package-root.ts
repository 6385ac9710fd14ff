/** Finds the built functions, whether this runs from source (`infra/`), from the package (`dist/infra/`) or from a bundle of either. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

function packageRoot(from: string): string | null {
  const file = join(from, 'package.json');
  if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === 'gridwatch')
    return from;
  return dirname(from) === from ? null : packageRoot(dirname(from));
}

/** The folder with one folder per function. Throws with the command to run when nothing was built. */
export function builtFunctions(names: readonly string[], from: string = import.meta.dirname): string {
  const root = packageRoot(from);
  if (root === null)
    throw new Error(
      `gridwatch: ${from} is not inside the gridwatch package; give codeRoot, the folder of its built functions`,
    );
  return checkedFunctions(names, join(root, 'dist/functions'));
}

export function checkedFunctions(names: readonly string[], codeRoot: string): string {
  const missing = names.filter((name) => !existsSync(join(codeRoot, name)));
  if (missing.length === 0) return codeRoot;
  throw new Error(
    `gridwatch: ${codeRoot} holds no built ${missing.join(', ')}; run "npm run build" in the gridwatch package`,
  );
}
