import { join } from 'node:path';
import { writeFileAtomically } from '../../checkpoint/index.js';
import { readRunRecord, reportHtml } from '../../report/index.js';
import type { DefineCommand } from '../command.js';
import { exitStatus, writeOut } from '../io.js';
import { asOutput } from '../output_error.js';
import { showFile } from '../show_file.js';

const examples = `
Examples:
  slimnet report runs/flowers --open
  slimnet report runs/flowers -o flowers.html`;

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
      if (open && !(await showFile(io, path))) finish(exitStatus.failed);
    });
};
