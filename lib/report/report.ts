/** The report of a training run: one page that needs no network. */
import { type ChartLibrary, chartLibrary } from './chart_library.js';
import { type ClassResult, classResults } from './class_results.js';
import { type Chart, chartsOf } from './curves.js';
import { duration, escaped, percent, scriptValue, short } from './html.js';
import { figureRow, isPicture, page, section, table } from './page.js';
import { languageScript, pageScript } from './page_script.js';
import type { EvaluationLine, Mistake, RunRecord } from './run_record.js';

/** A matrix of more classes than that cannot be read. */
const mostMatrixClasses = 30;
const mostConfusions = 50;
const mostMistakes = 48;
const mostSkipped = 100;

/**
 * The page of a run: figures, curves, confusion matrix, a table of the classes, the worst mistakes as pictures, and how to do it again.
 * @returns HTML, with all that it needs in it
 */
export function reportHtml(record: RunRecord, library: ChartLibrary = chartLibrary()): string {
  const { run, evaluations, skipped } = record;
  const latest = evaluations.at(-1) ?? null;
  const charts = chartsOf(record);
  const sections = [
    header(record, latest),
    curves(charts),
    ...(latest === null ? [] : evaluated(latest, run.classes)),
    again(record),
    skipped.length === 0
      ? ''
      : section(
          `Images that were left out (${skipped.length})`,
          table(
            ['Image', 'Reason'],
            skipped.slice(0, mostSkipped).map(({ name, reason }) => [name, reason]),
            [0, 1],
          ) + (skipped.length > mostSkipped ? `<p class="soft">and ${skipped.length - mostSkipped} more</p>` : ''),
        ),
  ];
  return page({
    title: `${run.network}: training report`,
    sections,
    version: run.slimnet,
    style: library.style,
    scripts: `<script>${languageScript}</script>
<script>
/*
${library.licence.replaceAll('*/', '* /').trim()}
*/
${library.script.replaceAll('</script', '<\\/script')}
</script>
<script>
const charts = ${scriptValue(charts)};
${pageScript}
</script>`,
  });
}

const outcomes = {
  finished: 'finished',
  stopped: 'stopped early, as the options say',
  interrupted: 'interrupted',
  failed: 'failed',
} as const;

function header({ run, steps, end, resumed, evaluations }: RunRecord, latest: EvaluationLine | null): string {
  const last = steps.at(-1);
  const best = evaluations.reduce<EvaluationLine | null>(
    (most, each) => (most === null || each.top1 > most.top1 ? each : most),
    null,
  );
  const rates = steps.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  const figures: (readonly [string, string])[] = [
    ...(latest === null ? [] : [[percent(latest.top1), 'accuracy on held-out images'] as const]),
    ...(best === null || best === latest ? [] : [[percent(best.top1), `best, at step ${best.step}`] as const]),
    ...(latest?.loss === undefined ? [] : [[short(latest.loss), 'loss on held-out images'] as const]),
    ...(last === undefined
      ? []
      : ([
          [String(last.step), `steps, ${short(last.epoch)} epochs`],
          [short(last.loss), 'last training loss'],
          [duration(last.seconds), 'of training'],
          [short(rates[rates.length >> 1] as number), 'images/s, median'],
        ] as const)),
  ];
  const state = end === null ? 'under way, or killed' : (outcomes[end.outcome] ?? end.outcome);
  const message = end?.message === undefined ? '' : `: ${end.message}`;
  return `<h1>${escaped(run.network)}</h1>
<p class="soft">${escaped(run.startedAt)} · ${escaped(state + message)}${resumptions(resumed)} ·
${run.trainingImages} images of ${run.classes.length} classes, ${run.validationImages} held out · ${escaped(run.precision)} on ${escaped(run.machine)}</p>
${figureRow(figures)}`;
}

function resumptions(count: number): string {
  if (count === 0) return '';
  return ` · resumed ${count === 1 ? 'once' : `${count} times`}`;
}

function curves(charts: readonly Chart[]): string {
  if (charts.length === 0) return section('Curves', '<p>No step has been recorded yet.</p>');
  const places = charts.map(
    ({ title, unit }) =>
      `<div><h3>${title}${unit === '' ? '' : ` (${unit})`}</h3><div id="chart ${title}"></div></div>`,
  );
  return section('Curves', `<div class="charts">${places.join('')}</div>`);
}

function evaluated(line: EvaluationLine, classes: readonly string[]): string[] {
  const results = classResults(line, classes.length);
  const on = `step ${line.step}, ${line.images} held-out images`;
  return [
    section('Confusion', `<p class="soft">${on}</p>${confusion(line, results, classes)}`),
    section('Classes', classTable(results, classes)),
    line.mistakes.length === 0
      ? ''
      : section(
          'Worst mistakes',
          `<p class="soft">Those in which the network was surest.</p><div class="mistakes">${line.mistakes
            .slice(0, mostMistakes)
            .map((mistake) => figure(mistake, classes))
            .join('')}</div>`,
        ),
  ];
}

function confusion(
  { confusion: entries }: EvaluationLine,
  results: readonly ClassResult[],
  classes: readonly string[],
): string {
  if (classes.length > mostMatrixClasses) {
    const wrong = entries.filter(([label, predicted]) => label !== predicted).sort(([, , a], [, , b]) => b - a);
    const rows = wrong.slice(0, mostConfusions).map(([label, predicted, images]) => {
      const share = percent(images / (results[label] as ClassResult).images);
      return [classes[label], classes[predicted], images, share];
    });
    return table(['Is', 'Taken for', 'Images', 'Of its class'], rows, [0, 1]);
  }
  const cells = new Map(entries.map(([label, predicted, images]) => [label * classes.length + predicted, images]));
  const head = classes.map((name) => `<th class="column" scope="col">${escaped(name)}</th>`).join('');
  const rows = classes.map((name, label) => {
    const all = (results[label] as ClassResult).images;
    const row = classes.map((_, predicted) => {
      const images = cells.get(label * classes.length + predicted) ?? 0;
      if (images === 0) return '<td></td>';
      const colour = label === predicted ? '58, 143, 77' : '208, 97, 31';
      const shade = (0.12 + 0.7 * (images / all)).toFixed(2);
      return `<td style="background: rgba(${colour}, ${shade})">${images}</td>`;
    });
    return `<tr><th class="row" scope="row">${escaped(name)}</th>${row.join('')}</tr>`;
  });
  return `<p class="soft">Rows: what the images are. Columns: what they were taken for.</p>
<div class="scroll"><table class="confusion"><tr><td></td>${head}</tr>${rows.join('')}</table></div>`;
}

function classTable(results: readonly ClassResult[], classes: readonly string[]): string {
  const rows = [...results]
    .sort((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2) || a.index - b.index)
    .map(({ index, images, recall, precision, f1, confusedWith }) => [
      classes[index],
      images,
      percent(recall),
      percent(precision),
      percent(f1),
      confusedWith === null ? '' : `${classes[confusedWith.index]} (${confusedWith.images})`,
    ]);
  return table(['Class', 'Images', 'Recall', 'Precision', 'F1', 'Most often taken for'], rows, [0, 5]);
}

function figure(
  { name, label, predicted, labelProbability, predictedProbability, picture }: Mistake,
  classes: readonly string[],
): string {
  // Nothing but a picture can come out of a record.
  const image = isPicture(picture)
    ? `<img src="${picture}" alt="" loading="lazy">`
    : '<div class="none">no picture</div>';
  return `<figure>${image}<figcaption><b>${escaped(classes[predicted])}</b> ${percent(predictedProbability)}<br>
is ${escaped(classes[label])}, ${percent(labelProbability)}<br><span class="soft">${escaped(name)}</span></figcaption></figure>`;
}

function again({ run }: RunRecord): string {
  const rows = [
    ['batch size', run.batchSize],
    ['parameters', run.parameters.toLocaleString('en')],
    ...Object.entries(run.options).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ];
  return section('To do it again', `<pre>${escaped(run.command)}</pre>${table(['Option', 'Value'], rows, [0, 1])}`);
}
