import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Tests that run the command line use dist/cli.js as a user would, so it is built once before them. */
export default function build(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '../../build.mjs'), '--if-stale'], { stdio: 'inherit' });
}
