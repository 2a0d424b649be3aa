/** What nvcc makes of the kernels of native/backends/cudnn: registers, spills and widths of reads, kernel by kernel. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { SetupError } from './console.mjs';
import { root } from './paths.mjs';
import { capture, which } from './process.mjs';

/** The units in which kernels are compiled. */
export function cudaUnits(base = root) {
  const folder = join(base, 'native', 'backends', 'cudnn', 'kernels', 'cuda');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.cu'))
    .map((file) => join(folder, file));
}

/** The path of nvcc, or null. */
export function findNvcc() {
  return which('nvcc', [process.env.PATH, `${process.env.CUDA_HOME ?? '/usr/local/cuda'}/bin`].join(':'));
}

/** Options that decide what becomes of a kernel: those of CMakeLists.txt. */
const kernelOptions = ['-std=c++20', '-O3', '-fmad=false', '--expt-relaxed-constexpr'];

/**
 * The kernels of a report of ptxas (`-Xptxas -v`), by mangled name: registers of a thread, bytes that it spills, and bytes of
 * shared memory of a block.
 */
export function kernelsOf(report) {
  const kernels = {};
  let name;
  for (const line of report.split('\n')) {
    const begins = /Compiling entry function '([^']+)'/.exec(line);
    if (begins) {
      name = begins[1];
      kernels[name] = { registers: 0, spilledBytes: 0, sharedBytes: 0 };
    }
    // The functions that a kernel calls have lines of their own, and names.
    const properties = /Function properties for (\S+)/.exec(line);
    if (properties) name = properties[1];
    const kernel = kernels[name];
    if (kernel === undefined) continue;
    const spills = /(\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (spills) kernel.spilledBytes += Number(spills[1]) + Number(spills[2]);
    const used = /Used (\d+) registers/.exec(line);
    if (used) kernel.registers = Number(used[1]);
    const shared = /(\d+) bytes smem/.exec(line);
    if (shared) kernel.sharedBytes = Number(shared[1]);
  }
  return kernels;
}

/** The bodies of the kernels in a PTX text, by mangled name. */
export function bodiesOf(ptx) {
  const bodies = {};
  for (const [, name, body] of ptx.matchAll(/\.entry (\w+)\([\s\S]*?\n\{([\s\S]*?)\n\}/g)) bodies[name] = body;
  return bodies;
}

/**
 * Compiles one unit for one architecture (90: sm_90). Returns the kernels of its report, each with its PTX.
 * @throws SetupError with nvcc's output when it fails
 */
export function compileUnit(nvcc, unit, architecture, base = root) {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-cuda-'));
  try {
    const target = [`-gencode=arch=compute_${architecture},code=sm_${architecture}`, '-cubin', '-Xptxas', '-v'];
    const output = ['-keep', '-keep-dir', folder, '-o', join(folder, 'unit.cubin')];
    const args = [...kernelOptions, `-I${join(base, 'native')}`, ...target, ...output, unit];
    const { status, stdout, stderr } = capture(nvcc, args, { cwd: folder });
    if (status !== 0) throw new SetupError(`nvcc cannot compile ${basename(unit)}:\n${stdout}${stderr}`);
    const kernels = kernelsOf(`${stdout}${stderr}`);
    const ptx = readdirSync(folder).find((file) => file.endsWith('.ptx'));
    const bodies = ptx === undefined ? {} : bodiesOf(readFileSync(join(folder, ptx), 'utf8'));
    return Object.fromEntries(
      Object.entries(kernels).map(([name, kernel]) => [name, { ...kernel, ptx: bodies[name] ?? '' }]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
