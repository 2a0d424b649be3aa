// The network's ONNX file in int8, made once with onnxruntime's own tool (bench/python/int8_file.sh). bench/drivers/openvino.py takes the
// same one.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Unavailable } from './common.mjs';

const script = fileURLToPath(new URL('../python/int8_file.sh', import.meta.url));

/** Path of the int8 file of a task's network. @throws Unavailable */
export function int8File({ onnx, frozen }) {
  const path = `${frozen}.int8.onnx`;
  if (existsSync(path)) return path;
  const run = spawnSync('bash', [script, onnx, path], { encoding: 'utf8' });
  if (run.error === undefined && run.status === 0) return path;
  const reason = run.error?.message ?? run.stderr.trim().split('\n').at(-1);
  throw new Unavailable(`the int8 file cannot be made: ${reason}`);
}
