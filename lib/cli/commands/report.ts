import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { writeFileAtomically } from '../../checkpoint/index.js';
import { readRunRecord, reportHtml } from '../../report/index.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, say, writeOut } from '../io.js';
import { asOutput } from '../output_error.js';

const examples = `
Examples:
  slimnet report runs/flowers --open
  slimnet report runs/flowers -o flowers.html`;

/** What shows a file to the user, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

export const report: DefineCommand = (program, io, finish) => {
  program
    .command('report')
    .description(
      'a page about a training run: curves, confusion matrix, table of the classes, worst mistakes; one file without network',
    )
    .argument('<run>', 'the folder that the training wrote to')
    .option('-o, --output <path>', 'the page (default: report.html in the folder of the run)')
    .option('--open', 'show it in the browser')
    .addHelpText('after', examples)
    .action(async (run: string, { output, open = false }: { output?: string; open?: boolean }) => {
      const path = output ?? join(run, 'report.html');
      const page = reportHtml(await readRunRecord(run));
      await asOutput(() => writeFileAtomically(path, new TextEncoder().encode(page)));
      await writeOut(io, `${path}\n`);
      if (open && !(await show(resolve(path)))) {
        say(io, `slimnet: no browser could be started: open ${path} in one.`);
        finish(exitStatus.failed);
      }
    });
};

/** @returns false where nothing could be started */
function show(path: string): Promise<boolean> {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolved) => {
    const child = spawn(command as string, [...args, path], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolved(false));
    child.once('spawn', () => {
      child.unref();
      resolved(true);
    });
  });
}
