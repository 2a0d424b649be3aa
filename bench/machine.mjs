// Facts about the machine and about this run.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

/** Instruction sets that decide which kernels run. */
const interesting = [
  'avx2',
  'fma',
  'avx_vnni',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'amx_bf16',
  'amx_int8',
];

/** Which of the instruction sets the text of /proc/cpuinfo lists. */
export function featuresIn(cpuinfo) {
  const flags = new Set(/^flags\s*: (.*)$/m.exec(cpuinfo)?.[1].split(' '));
  return interesting.filter((flag) => flags.has(flag));
}

/** What stays the same from run to run. */
export function machineFacts() {
  const text = readFileSync('/proc/cpuinfo', 'utf8');
  return {
    cpu: cpus()[0].model,
    family: /cpu family\s*: (\d+)/.exec(text)?.[1],
    model: /\nmodel\s*: (\d+)/.exec(text)?.[1],
    features: featuresIn(text),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

/** A short name of a machine for files and headings. */
export function machineId({ cpu, family, model, cores }) {
  const name = cpu
    .toLowerCase()
    .replace(/\((r|tm)\)|processor|cpu/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${name}-${family}-${model}-${cores}-cores`;
}

/** The commit, marked where tracked files other than results and reports differ from it. */
function commit() {
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '-uno', '--', ':/', ':!/bench/results', ':!/docs');
  return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '+changes');
}

/** What belongs to one run; the load is that before it. */
export function runFacts(pin) {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    environment: {
      kernel: execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim(),
      hugePages: readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').trim(),
      loadBefore: loadavg()[0],
      node: process.version,
      pinned: pin,
    },
  };
}
