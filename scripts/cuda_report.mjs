/**
 * `node scripts/cuda_report.mjs [ARCHITECTURE...]`: a table of what nvcc makes of the kernels of native/backends/cudnn, for sm_90 unless
 * told. The exit status is 1 where one spills registers.
 */
import { basename } from 'node:path';
import { commandLine } from './lib/command_line.mjs';
import { main, SetupError } from './lib/console.mjs';
import { compileUnit, cudaUnits, findNvcc } from './lib/cuda_report.mjs';
import { capture } from './lib/process.mjs';

await main(() => {
  const { positionals } = commandLine(import.meta.url, { allowPositionals: true });
  const nvcc = findNvcc();
  if (nvcc === null) throw new SetupError('nvcc is not on PATH, in $CUDA_HOME/bin or in /usr/local/cuda/bin');
  const architectures = positionals.length > 0 ? positionals : ['90'];
  let spilling = 0;
  for (const architecture of architectures) {
    for (const unit of cudaUnits()) {
      const started = performance.now();
      const kernels = compileUnit(nvcc, unit, architecture);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`\n${basename(unit)} for sm_${architecture}, ${seconds} s\n`);
      for (const [name, { registers, spilledBytes, sharedBytes }] of Object.entries(kernels)) {
        const readable = capture('c++filt', [name])
          .stdout.trim()
          .replace(/\(anonymous namespace\)::|slimnet::cudnn::|detail::/g, '');
        if (spilledBytes > 0) spilling += 1;
        process.stdout.write(
          `${String(registers).padStart(4)} registers${String(sharedBytes).padStart(6)} B shared${String(spilledBytes).padStart(4)} B spilled  ${readable || name}\n`,
        );
      }
    }
  }
  return spilling === 0 ? 0 : 1;
});
