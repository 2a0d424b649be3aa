// The network's ONNX file in int8, made once with onnxruntime's own tool (bench/python/quantize_onnx.py).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Unavailable } from './common.mjs';

const python = fileURLToPath(new URL('../python', import.meta.url));
const setup = fileURLToPath(new URL('../../scripts/golden/setup_onnx.sh', import.meta.url));

function execute(command, args) {
  const run = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PYTHONPATH: python } });
  if (run.error !== undefined || run.status !== 0) {
    const reason = run.error?.message ?? run.stderr.trim().split('\n').at(-1);
    throw new Unavailable(`the int8 file cannot be made: ${reason}`);
  }
  return run.stdout.trim().split('\n').at(-1);
}

/** Path of the int8 file of a task's network. @throws Unavailable */
export function int8File({ onnx, frozen }) {
  const path = `${frozen}.int8.onnx`;
  if (!existsSync(path)) execute(execute('bash', [setup]), ['-P', `${python}/quantize_onnx.py`, onnx, path]);
  return path;
}
