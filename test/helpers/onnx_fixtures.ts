/** What scripts/golden/check_onnx.sh leaves: hashes of ONNX files that the official checker accepted, and onnxruntime's results. */

import { apply } from '../../lib/core/graph.js';
import * as slimnet from '../../lib/index.js';
import * as ops from '../../lib/ops/index.js';
import { onnxCases } from '../../scripts/golden/onnx_cases.mjs';
import { golden } from './golden.js';

export { buildCase } from '../../scripts/golden/onnx_cases.mjs';

export interface OnnxFixture {
  readonly id: string;
  readonly sha256: string;
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }[];
}

export const cases = onnxCases({ ...slimnet, ops, apply });

export function onnxFixture(id: string): OnnxFixture {
  return golden<OnnxFixture>(`onnx/${id}.json`);
}
