import { Command, Option } from 'commander';
import { DIMENSIONS } from '../../../shared/summary.ts';
import { analyze } from '../analyze.ts';
import { UsageError } from '../exit.ts';
import { dimensions, hostsOption, jsonOption, type MakeCommand, settingsOf, settingsOption, time } from './options.ts';

export const analyzeCommand: MakeCommand = (finish) =>
  new Command('analyze')
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
    .addOption(settingsOption())
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
