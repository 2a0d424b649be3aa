/** The page of `slimnet bench --report`. */
import { cpus } from 'node:os';
import type { Model } from '../../model/model.js';
import { packageVersion } from '../../native/binding.js';
import { bars, figureRow, heading, page, section, table } from '../../report/index.js';
import type { BatchTiming } from '../network_timing.js';

export function benchReport(model: Model, device: string, iterations: number, rows: readonly BatchTiming[]): string {
  const { height, width } = model.preprocessing;
  const { threads, kernels } = model.stats();
  const fastest = rows.reduce((best, row) => (row.imagesPerSecond > best.imagesPerSecond ? row : best));
  const quickest = rows.reduce((best, row) => (row.medianMs < best.medianMs ? row : best));
  const [processor] = cpus();
  return page({
    title: `${model.name}: speed`,
    version: packageVersion(),
    sections: [
      heading(
        `${model.name}: speed`,
        `${height} x ${width} pixels · ${model.precision} · ${device}, ${threads} threads · ${processor?.model.trim() ?? ''} · Node ${process.versions.node} · fresh weights`,
      ),
      figureRow([
        [fastest.imagesPerSecond.toFixed(1), `images/s in batches of ${fastest.batch}`],
        [`${quickest.medianMs.toFixed(2)} ms`, `for a batch of ${quickest.batch}, median`],
      ]),
      section(
        'Images/s',
        bars(
          rows.map(({ batch, imagesPerSecond }) => ({
            name: `batch ${batch}`,
            value: imagesPerSecond,
            text: imagesPerSecond.toFixed(1),
          })),
          'by the median',
        ),
      ),
      section(
        'Milliseconds',
        `${table(
          ['Batch', 'Images/s', 'Median', 'Least', 'Most'],
          rows.map((row) => Object.values(row).map((value, i) => (i === 0 ? value : value.toFixed(2)))),
          [],
        )}<p class="soft">${iterations} runs of each batch size, from pixels in memory to logits.</p>`,
      ),
      section(
        'Kernels',
        table(
          ['Kernel', 'Steps'],
          Object.entries(kernels).map(([name, steps]) => [name, steps]),
          [0],
        ),
      ),
    ],
  });
}
