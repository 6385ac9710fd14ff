import { Command } from 'commander';
import { backtest } from '../backtest.ts';
import { hostsOption, jsonOption, type MakeCommand } from './options.ts';

export const backtestCommand: MakeCommand = (finish) =>
  new Command('backtest')
    .description(
      'which alerts past logs (or series, as detect reads them) would have sent, and what other settings change',
    )
    .argument('<files...>', 'logs as analyze reads them, or series as detect reads them')
    .option('--settings <file>', 'settings to try (default: gridwatch.json, if there is one here)')
    .option('--against <file>', 'other settings to compare them with')
    .addOption(hostsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  gridwatch backtest "logs/*.gz"\n  gridwatch backtest "logs/*.gz" --settings quieter.json --against gridwatch.json',
    )
    .action(async (files: string[], options) => finish(await backtest(files, options)));
