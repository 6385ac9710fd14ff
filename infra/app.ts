/**
 * What `cdk deploy` runs. Settings come from gridwatch.json and from `-c name=value`, which wins. Everything that is wrong
 * is said at once and the exit code is 1: a stack trace would hide it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { readSettings } from '../shared/settings-file.ts';
import { GridwatchStack } from './stack.ts';

const FILE = 'gridwatch.json';
/** The CLI and cdk.json use the context as well; their names have a colon or slash, apart from these. */
const NOT_OURS = ['cli-telemetry'];

const isSetting = (name: string): boolean => !/[:/]/.test(name) && !NOT_OURS.includes(name);

interface Given {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly string[];
}

function fileSettings(): Given {
  if (!existsSync(FILE)) return { values: {}, problems: [] };
  try {
    const values: unknown = JSON.parse(readFileSync(FILE, 'utf8'));
    if (typeof values === 'object' && values !== null && !Array.isArray(values))
      return { values: { ...values }, problems: [] };
    return { values: {}, problems: [`${FILE}: must hold an object like {"logGroups": ["/aws/lambda/app"]}`] };
  } catch (error) {
    return {
      values: {},
      problems: [`${FILE}: cannot be read: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}

function main(): void {
  const app = new App({ autoSynth: false });
  const context = Object.fromEntries(
    Object.entries<unknown>(app.node.getAllContext()).filter(([name]) => isSetting(name)),
  );
  const file = fileSettings();
  const sources = [...(existsSync(FILE) ? [FILE] : []), ...(Object.keys(context).length > 0 ? ['-c'] : [])];
  const read = readSettings({ ...file.values, ...context }, sources.join(' and ') || 'settings');
  const problems = [...file.problems, ...read.problems];
  if (problems.length === 0) {
    new GridwatchStack(app, 'Gridwatch', { settings: read.settings });
    app.synth();
    const { email, slackWebhookSecret, chat } = read.settings;
    if (email.length > 0 || slackWebhookSecret !== null || chat !== null) return;
    process.stderr.write(
      'gridwatch: nobody will be told: give email, slackWebhookSecret or chat, or subscribe to the alert topic\n',
    );
    return;
  }
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  process.stderr.write(
    `gridwatch cannot be deployed: ${count}\n${problems.map((problem) => `  - ${problem}\n`).join('')}`,
  );
  process.exitCode = 1;
}

try {
  main();
} catch (error) {
  // Sentences that the construct says to a person; anything else is a bug and keeps its trace.
  if (!(error instanceof Error) || !error.message.startsWith('gridwatch: ')) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
