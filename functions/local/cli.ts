/** The command line. Wires arguments to commands and turns what they throw into one sentence and an exit code. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { parseTime } from '../../shared/range.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../shared/settings.ts';
import { DIMENSIONS, type Dimension } from '../../shared/summary.ts';
import { analyze } from './analyze.ts';
import { classifyLines } from './classify.ts';
import { EXIT, UsageError } from './exit.ts';
import { explain } from './explain.ts';
import { start } from './start.ts';
import { say } from './terminal.ts';

const { version } = packageJson;

function hosts(text: string): Settings['hosts'] {
  if (text === 'any') return 'any';
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  for (const name of names)
    if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name))
      throw new InvalidArgumentError(
        `"${name}" is no host name; write for example llmgrid.ai,gateway.example.com or any.`,
      );
  return names;
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
  return number;
}

function time(text: string): number {
  const ms = parseTime(text, Date.now());
  if (ms === null)
    throw new InvalidArgumentError(
      'Write a time as 2026-11-22T14:00Z, as epoch milliseconds, or relative to now as -90m.',
    );
  return ms;
}

function dimensions(text: string): Dimension[] {
  const names = text.split(',').map((name) => name.trim());
  const isDimension = (name: string): name is Dimension => (DIMENSIONS as readonly string[]).includes(name);
  const bad = names.find((name) => !isDimension(name));
  if (bad !== undefined)
    throw new InvalidArgumentError(`"${bad}" is no dimension; choose from ${DIMENSIONS.join(', ')}.`);
  return names.filter(isDimension);
}

const hostsOption = () =>
  new Option('--hosts <names>', 'hosts whose calls count, or any')
    .argParser(hosts)
    .default(DEFAULT_SETTINGS.hosts, DEFAULT_SETTINGS.hosts.toString());
const jsonOption = () => new Option('--json', 'data on standard output, as JSON').default(false);
/** Nothing is too old to be counted where nothing expires. */
const settingsOf = (options: { hosts: Settings['hosts'] }): Settings => ({
  ...DEFAULT_SETTINGS,
  horizonMs: Number.MAX_SAFE_INTEGER,
  hosts: options.hosts,
});

function program(finish: (code: number) => void): Command {
  const root = new Command('gridwatch')
    .description('Why LLMGrid calls fail, since when, who is hit and what to do: from your application logs.')
    .version(version)
    .showHelpAfterError('(gridwatch --help shows what there is)')
    .exitOverride();

  root
    .command('start')
    .description(
      'ingest logs into a local store, print alerts as they would be sent, and serve summaries (without a file: a recorded incident)',
    )
    .argument('[files...]', 'files, globs, .gz, or - for standard input')
    .option('--db <path>', 'the store (default: ./gridwatch.db; without a file: a temporary one)')
    .addOption(new Option('--port <n>', 'port on 127.0.0.1').argParser(port).default(4600))
    .option('--no-serve', 'end when everything is read')
    .addOption(hostsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  gridwatch start app.log "logs/*.gz"\n  tail -f app.log | gridwatch start -')
    .action(async (files: string[], options) =>
      finish(await start(files, { ...options, settings: settingsOf(options), version })),
    );

  root
    .command('analyze')
    .description('report on files once, in memory')
    .argument('<files...>', 'files, globs, .gz, or - for standard input')
    .addOption(
      new Option('--by <dimensions>', `break failures down by ${DIMENSIONS.join(', ')}`)
        .argParser(dimensions)
        .default([], 'cause, and a short breakdown by model, tenant and key'),
    )
    .addOption(new Option('--from <time>', 'leave out earlier events').argParser(time))
    .addOption(new Option('--to <time>', 'leave out events from then on').argParser(time))
    .addOption(new Option('--fail-on <what>', 'exit 1 if there are any').choices(['failures', 'alerts']))
    .addOption(hostsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nReads plain text, JSON lines, .gz, CloudWatch console and S3 exports, `aws logs filter-log-events` and `tail` output,\nand subscription payloads. Examples:\n  gridwatch analyze app.log --by tenant,cause\n  aws logs tail /aws/lambda/app --since 1h | gridwatch analyze -',
    )
    .action(async (files: string[], options) => {
      if (options.from !== undefined && options.to !== undefined && options.from >= options.to)
        throw new UsageError('--from is not before --to; no event can lie between them.');
      finish(
        await analyze(files, { ...options, fromMs: options.from, toMs: options.to, settings: settingsOf(options) }),
      );
    });

  root
    .command('classify')
    .description('one JSON line in ({"message": …} or a string), one verdict out')
    .argument('[file]', 'JSON lines, or - for standard input', '-')
    .addOption(hostsOption())
    .addOption(jsonOption().hideHelp())
    .addHelpText(
      'after',
      "\nExamples:\n  gridwatch classify lines.jsonl\n  jq -c '{id, message}' app.jsonl | gridwatch classify --hosts any",
    )
    .action(async (file: string, options) => finish(await classifyLines(file, settingsOf(options))));

  root
    .command('explain')
    .description('what a status, a cause or a pasted log line means, and what to do')
    .argument('<words...>', '429, budget_exceeded, or a line of a log in quotes')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      "\nExamples:\n  gridwatch explain 429\n  gridwatch explain budget_exceeded\n  gridwatch explain 'Error code: 429 - …'",
    )
    .action((words: string[], options) => finish(explain(words, options.json)));

  root
    .command('doctor')
    .description('what would stop a deployment: asks your AWS account about the log groups')
    .argument('<logGroups...>', 'names of log groups')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  gridwatch doctor /aws/lambda/app-a /ecs/app-b')
    .action(async (logGroups: string[], options) => {
      // Loaded when asked for: the AWS SDK would double the start-up time of every other command.
      const { doctor } = await import('./doctor.ts');
      finish(await doctor(logGroups, options.json));
    });

  root
    .command('redrive')
    .description('have a deployed gridwatch try quarantined batches again, once what was wrong is put right')
    .argument('<addresses...>', 's3://BUCKET/quarantine/… as the log of ingest says it; ends in / for all below')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  gridwatch redrive s3://BUCKET/quarantine/2026-11-17/')
    .action(async (addresses: string[], options) => {
      const { redrive } = await import('./redrive.ts');
      finish(await redrive(addresses, options.json));
    });

  return root;
}

/** Errors that say themselves what is wrong and what to do; anything else is a bug and shows where. */
const isClear = (error: unknown): error is Error & { code?: string } =>
  error instanceof UsageError ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[A-Z_]+$/.test(error.code));

async function main(): Promise<void> {
  try {
    await program((code) => {
      process.exitCode = code;
    }).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    else if (isClear(error)) {
      say(`gridwatch: ${error.message}`);
      process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.broken;
    } else throw error;
  }
}

// A reader that closes the pipe early (`| head`) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

await main();
