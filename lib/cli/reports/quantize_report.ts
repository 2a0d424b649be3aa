/** The page of `slimnet quantize --report`: what low precisions cost, and what calibration found. */
import type { Model } from '../../model/model.js';
import { packageVersion } from '../../native/binding.js';
import { bars, figureRow, heading, page, percent, section, short, table } from '../../report/index.js';
import type { Calibration } from '../../runtime/precision/calibration.js';
import type { PrecisionCosts } from '../../runtime/precision/precision_report.js';

export interface QuantizeReport {
  readonly model: Model;
  readonly calibration: Calibration;
  /** What was measured now. */
  readonly costs: PrecisionCosts;
  /** What `auto` comes to, and why. */
  readonly chosen: string;
  readonly why: string;
  readonly file: string;
}

export function quantizeReport({ model, calibration, costs, chosen, why, file }: QuantizeReport): string {
  const measured = Object.entries(costs);
  const ranges = Object.entries(calibration.ranges).map(
    ([node, range]) => [node, Math.max(...range.map(Math.abs))] as const,
  );
  return page({
    title: `${model.name}: what precision costs`,
    version: packageVersion(),
    sections: [
      heading(`${model.name}: what precision costs`, `${model.weights?.path ?? ''} · ${file}`),
      figureRow([
        [chosen, `is what auto takes: ${why}`],
        ...measured.map(
          ([name, { agreement, images }]) =>
            [percent(agreement), `of ${images} images have the same class in ${name}`] as const,
        ),
      ]),
      section(
        'Beside float32',
        table(
          [
            'Precision',
            'Images',
            'Same class',
            'Cosine, mean',
            'Cosine, least',
            'Error, root mean square',
            'Error, largest',
          ],
          measured.map(([name, cost]) => [
            name,
            cost.images,
            percent(cost.agreement),
            cost.meanCosine.toFixed(5),
            cost.leastCosine.toFixed(5),
            `${percent(cost.rmsError)} of the range`,
            `${percent(cost.maxError)} of the range`,
          ]),
          [0],
        ),
      ),
      ranges.length === 0
        ? ''
        : section(
            `Ranges of ${ranges.length} values`,
            bars(
              ranges.map(([name, most]) => ({ name, value: most, text: short(most) })),
              'largest magnitude',
            ),
          ),
    ],
  });
}
