/** The curves of a report. */
import type { RunRecord, StepLine } from './run_record.js';

/** One line of a chart; null where there is no value. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/** A chart over steps. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly steps: readonly number[];
  readonly series: readonly Series[];
}

/** No screen shows more points than that. */
const mostPoints = 2000;

/** Loss, accuracy, learning rate and throughput over the steps. */
export function chartsOf({ steps, evaluations }: RunRecord): Chart[] {
  const points = thinned(steps);
  const at = [...new Set([...points.map(({ step }) => step), ...evaluations.map(({ step }) => step)])].sort(
    (a, b) => a - b,
  );
  const row = <T extends { readonly step: number }>(
    lines: readonly T[],
    value: (line: T) => number | null | undefined,
  ) => {
    const byStep = new Map(lines.map((line) => [line.step, value(line) ?? null]));
    return at.map((step) => byStep.get(step) ?? null);
  };
  const charts: Chart[] = [
    {
      title: 'Loss',
      unit: '',
      steps: at,
      series: [
        { name: 'training', values: row(points, ({ loss }) => loss) },
        { name: 'training, smoothed', values: row(smoothed(points), ({ loss }) => loss) },
        { name: 'held out', values: row(evaluations, ({ loss }) => loss) },
      ],
    },
    {
      title: 'Accuracy',
      unit: '%',
      steps: at,
      series: [
        {
          name: 'training batches',
          values: row(points, ({ accuracy }) => (accuracy === undefined ? null : 100 * accuracy)),
        },
        { name: 'held out, first class', values: row(evaluations, ({ top1 }) => 100 * top1) },
        { name: 'held out, first five', values: row(evaluations, ({ top5 }) => 100 * top5) },
      ],
    },
    {
      title: 'Learning rate',
      unit: '',
      steps: at,
      series: [{ name: 'learning rate', values: row(points, ({ learningRate }) => learningRate) }],
    },
    {
      title: 'Throughput',
      unit: 'images/s',
      steps: at,
      series: [{ name: 'images/s', values: row(points, ({ imagesPerSecond }) => imagesPerSecond) }],
    },
  ];
  return charts
    .map((chart) => ({ ...chart, series: chart.series.filter(({ values }) => values.some((value) => value !== null)) }))
    .filter(({ series }) => series.length > 0);
}

/** Means of neighbouring steps, where there are more than a chart shows; the step is the last of each. */
function thinned(steps: readonly StepLine[]): StepLine[] {
  const size = Math.ceil(steps.length / mostPoints);
  if (size <= 1) return [...steps];
  return Array.from({ length: Math.ceil(steps.length / size) }, (_, i) => {
    const group = steps.slice(i * size, (i + 1) * size);
    const mean = (value: (line: StepLine) => number | null | undefined) => {
      const known = group.map(value).filter((each) => typeof each === 'number');
      return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0) / known.length;
    };
    const accuracy = mean((line) => line.accuracy);
    return {
      ...(group.at(-1) as StepLine),
      loss: mean(({ loss }) => loss),
      learningRate: mean(({ learningRate }) => learningRate) as number,
      imagesPerSecond: mean(({ imagesPerSecond }) => imagesPerSecond) as number,
      ...(accuracy === null ? {} : { accuracy }),
    };
  });
}

/** Moving averages whose first values are not drawn to zero. */
function smoothed(points: readonly StepLine[]): { readonly step: number; readonly loss: number | null }[] {
  const keep = 0.9;
  let sum = 0;
  let weight = 0;
  return points.map(({ step, loss }) => {
    if (loss === null) return { step, loss };
    sum = keep * sum + loss;
    weight = keep * weight + 1;
    return { step, loss: sum / weight };
  });
}
