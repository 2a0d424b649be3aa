import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { shapeClasses, shapeImage, thumbnail } from '../../../lib/data/index.js';
import { DataError } from '../../../lib/errors.js';
import { classResults } from '../../../lib/report/class_results.js';
import { chartsOf } from '../../../lib/report/curves.js';
import {
  type EvaluationLine,
  type RunRecord,
  RunRecorder,
  readRunRecord,
  reportHtml,
} from '../../../lib/report/index.js';
import { slimnet } from '../../helpers/cli.js';
import { evaluationLine, runLine, stepLine, writeFakeRun } from '../../helpers/fake_run.js';
import { temporaryFolder } from '../../helpers/temporary_folder.js';

const folder = temporaryFolder('report');
let runs = 0;
const fresh = () => join(folder, `run${runs++}`);
const classes = ['a<b', 'b', 'c', 'd', 'e', 'f'];

async function fakeRun(): Promise<string> {
  const path = fresh();
  await writeFakeRun(path, classes);
  return path;
}

const withoutScripts = (html: string) => html.replace(/<script>[\s\S]*?<\/script>/g, '');

/** Charts as the page holds them. */
const chartsIn = (html: string) =>
  JSON.parse(/const charts = (.*);\n/.exec(html)?.[1] as string) as {
    title: string;
    steps: number[];
    series: { name: string; values: (number | null)[] }[];
  }[];

describe('the record', () => {
  test('is read as it was written; what a resumed run has undone is left out', async () => {
    const { run, steps, evaluations, resumed, skipped, end } = await readRunRecord(await fakeRun());
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(evaluations.map(({ step }) => step)).toEqual([50, 100, 150, 200, 250, 300]);
    expect(steps[199]).toEqual(stepLine(200));
    expect(evaluations[3]).toEqual(evaluationLine(200, classes));
    expect([resumed, run.startedAt, skipped.length, end?.outcome]).toEqual([
      1,
      '2026-01-02T03:04:05.000Z',
      1,
      'finished',
    ]);
  });

  test('of a run that was killed anywhere is read up to there, and goes on behind it', async () => {
    const path = await fakeRun();
    const file = join(path, 'run.jsonl');
    const whole = readFileSync(file);
    for (let cut = 1; cut < 700; cut += 37) {
      writeFileSync(file, whole);
      truncateSync(file, statSync(file).size - cut);
      const before = await readRunRecord(path);
      {
        await using recorder = await RunRecorder.open(path);
        recorder.add({ ...runLine(classes), fromStep: 290 } as never);
        recorder.add(stepLine(291));
      }
      const after = await readRunRecord(path);
      expect(before.steps.length).toBeGreaterThan(290);
      expect(after.steps.map(({ step }) => step)).toEqual(Array.from({ length: 291 }, (_, i) => i + 1));
      expect(after.end).toBeNull();
    }
  });

  test.each([
    ['a line that is no JSON, before others', '{"type": "ru\n{"type":"step"}\n', /line 1: not valid JSON/],
    [
      'a line of another type',
      '{"type": "note"}\n',
      /line 1: expected one of the types run, step, .*received the string "note"/,
    ],
    ['a line without its numbers', '{"type": "step", "step": 1}\n', /line 1: epoch: expected a number/],
    ['no line of a run', '', /there is no line of the type run/],
    [
      'another version',
      `${JSON.stringify({ ...runLine(classes), version: 2 })}\n`,
      /expected version 1 of the record, received 2/,
    ],
    [
      'classes that do not exist',
      `${JSON.stringify(runLine(classes))}\n${JSON.stringify({ ...evaluationLine(1, classes), confusion: [[6, 0, 1]] })}\n`,
      /line 2: confusion/,
    ],
  ])('is refused with the line: %s', async (_, text, message) => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, 'run.jsonl'), text);
    await expect(readRunRecord(path)).rejects.toThrow(DataError);
    await expect(readRunRecord(path)).rejects.toThrow(message);
  });

  test('that is not there is told, with the folder that is meant', async () => {
    await expect(readRunRecord(fresh())).rejects.toThrow(
      /run\.jsonl: .*ENOENT.*Hint: expected the folder that a training wrote to/,
    );
  });
});

test('class results: recall, precision, F1, and what a class is taken for, counted by hand', () => {
  const confusion = [
    [0, 0, 8],
    [0, 1, 2],
    [1, 1, 6],
    [1, 0, 1],
    [1, 2, 3],
  ] as const;
  expect(classResults({ confusion }, 3)).toEqual([
    {
      index: 0,
      images: 10,
      predicted: 9,
      right: 8,
      recall: 0.8,
      precision: 8 / 9,
      f1: 16 / 19,
      confusedWith: { index: 1, images: 2 },
    },
    {
      index: 1,
      images: 10,
      predicted: 8,
      right: 6,
      recall: 0.6,
      precision: 0.75,
      f1: 12 / 18,
      confusedWith: { index: 2, images: 3 },
    },
    { index: 2, images: 0, predicted: 3, right: 0, recall: null, precision: 0, f1: 0, confusedWith: null },
  ]);
});

describe('the curves', () => {
  test('have the values of the record, and those of evaluations at their steps', async () => {
    const charts = chartsOf(await readRunRecord(await fakeRun()));
    expect(charts.map(({ title }) => title)).toEqual(['Loss', 'Accuracy', 'Learning rate', 'Throughput']);
    const [loss] = charts;
    expect(loss?.series.map(({ name }) => name)).toEqual(['training', 'training, smoothed', 'held out']);
    const [training, smooth, heldOut] = loss?.series.map(({ values }) => values) ?? [];
    expect(training?.[0]).toBe((stepLine(1) as { loss: number }).loss);
    expect(smooth?.[0]).toBe(training?.[0]);
    expect(smooth?.[1]).toBeCloseTo(((training?.[0] as number) * 0.9 + (training?.[1] as number)) / 1.9, 12);
    expect([training?.[12], smooth?.[12]]).toEqual([null, null]);
    expect([heldOut?.[48], heldOut?.[49]]).toEqual([null, evaluationLine(50, classes).loss]);
  });

  test('of very many steps are means of neighbours', () => {
    const steps = Array.from({ length: 10_000 }, (_, i) => ({ ...stepLine(i + 1), loss: i })) as RunRecord['steps'];
    const [loss] = chartsOf({
      run: runLine(classes),
      steps,
      evaluations: [],
      skipped: [],
      end: null,
      resumed: 0,
    } as never);
    expect(loss?.steps.slice(0, 3)).toEqual([5, 10, 15]);
    expect(loss?.series[0]?.values.slice(0, 3)).toEqual([2, 7, 12]);
  });
});

describe('the page', () => {
  test('has figures, matrix, table, mistakes and command, and nothing that it would have to fetch', async () => {
    const html = reportHtml(await readRunRecord(await fakeRun()));
    expect(html).toMatch(/<h1>resnet_v1_50<\/h1>/);
    expect(html).toMatch(/<b>97\.5 %<\/b>accuracy on held-out images/);
    expect(html).toMatch(/resumed once/);
    expect(html).toMatch(/--train-dir runs\/&lt;flowers&gt;/);
    expect(html).toMatch(/photos\/b\/&lt;1&gt;\.jpg/);
    expect(html).toMatch(/photos\/rose\/bad\.jpg/);
    expect(html).not.toMatch(/a<b/);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(html).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|sendBeacon/);
    expect(html).toMatch(/Copyright \(c\) \d{4} Leon Sorokin/);
  });

  test('draws all charts when it is opened', async () => {
    const html = reportHtml(await readRunRecord(await fakeRun()));
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text as string);
    const drawn: { title: string; series: number; data: unknown[][] }[] = [];
    const place = { clientWidth: 500 };
    const context = {
      matchMedia: () => ({ matches: false }),
      addEventListener: () => {},
      document: { getElementById: (id: string) => (html.includes(`id="${id}"`) ? { ...place, id } : null) },
      uPlot: class {
        constructor(options: { series: unknown[] }, data: unknown[][], at: { id: string }) {
          drawn.push({ title: at.id, series: options.series.length, data });
        }
      },
    };
    runInNewContext(scripts[2] as string, context);
    expect(drawn.map(({ title, series }) => [title, series])).toEqual([
      ['chart Loss', 4],
      ['chart Accuracy', 4],
      ['chart Learning rate', 2],
      ['chart Throughput', 2],
    ]);
    for (const { series, data } of drawn) expect(data.map((row) => row.length)).toEqual(new Array(series).fill(300));
    expect(chartsIn(html).map(({ steps }) => steps.length)).toEqual([300, 300, 300, 300]);
  });

  test.each([
    ['en-US@posix', 'en-US'],
    ['de-DE', 'de-DE'],
  ])('gives its charts a language that can be formatted in: %s', async (language, used) => {
    const html = reportHtml(await readRunRecord(await fakeRun()));
    const [, first] = /<script>([\s\S]*?)<\/script>/.exec(html) ?? [];
    // As in a browser, where a prototype has the property.
    const navigator = Object.create({ language }) as { language: string };
    runInNewContext(first as string, { navigator });
    expect(navigator.language).toBe(used);
  });

  test('shows pictures of mistakes, and nothing else that a record may hold in their place', async () => {
    const picture = await thumbnail(shapeImage({ seed: 1, index: 3 }));
    const evil = 'data:image/svg+xml;base64,AAAA" onload="alert(1)';
    const path = fresh();
    await writeFakeRun(path, classes, [picture, evil]);
    const html = reportHtml(await readRunRecord(path));
    expect(html.split(`<img src="${picture}"`).length).toBe(2);
    expect(html).not.toMatch(/onload|svg/);
    expect(html.split('<div class="none">no picture</div>').length).toBe(classes.length);
  });

  test('of text that ends a script does not end it', async () => {
    const path = fresh();
    await writeFakeRun(path, ['</script><b>', 'y']);
    const html = reportHtml(await readRunRecord(path));
    expect(html.match(/<\/script>/g)?.length).toBe(3);
  });

  test('of very many classes lists the confusions that are most frequent', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `class ${i}`);
    const record = await readRunRecord(await fakeRun());
    const evaluation: EvaluationLine = {
      ...evaluationLine(300, many),
      confusion: [
        [0, 0, 5],
        [7, 8, 3],
        [9, 8, 4],
        [9, 9, 1],
      ],
    };
    const html = reportHtml({ ...record, run: { ...record.run, classes: many }, evaluations: [evaluation] });
    const rows = [
      ...html.matchAll(
        /<td class="text">(class \d+)<\/td><td class="text">(class \d+)<\/td><td>(\d+)<\/td><td>([\d.]+ %)<\/td>/g,
      ),
    ];
    expect(rows.map((row) => row.slice(1))).toEqual([
      ['class 9', 'class 8', '4', '80.0 %'],
      ['class 7', 'class 8', '3', '100.0 %'],
    ]);
  });

  test('of a run that has just begun says so', async () => {
    const path = fresh();
    {
      await using recorder = await RunRecorder.open(path);
      recorder.add(runLine(classes));
    }
    const html = reportHtml(await readRunRecord(path));
    expect(html).toMatch(/under way, or killed/);
    expect(html).toMatch(/No step has been recorded yet/);
    expect(/NaN|undefined/.test(withoutScripts(html))).toBe(false);
  });
});

describe('slimnet report', () => {
  test('writes the page into the folder of the run, or where it is told to', async () => {
    const path = await fakeRun();
    const { status, out } = await slimnet(['report', path]);
    expect([status, out]).toEqual([0, `${join(path, 'report.html')}\n`]);
    const elsewhere = join(path, 'other.html');
    await slimnet(['report', path, '-o', elsewhere]);
    expect(readFileSync(elsewhere, 'utf8')).toBe(readFileSync(join(path, 'report.html'), 'utf8'));
  });

  test('says so where no browser can be started, with the page written', async () => {
    const path = await fakeRun();
    const before = process.env.PATH;
    process.env.PATH = fresh();
    try {
      const { status, out, err } = await slimnet(['report', path, '--open']);
      expect([status, out]).toEqual([1, `${join(path, 'report.html')}\n`]);
      expect(err).toMatch(/no browser could be started: open .*report\.html in one/);
    } finally {
      process.env.PATH = before;
    }
  });

  test('of a folder without a record fails, and writes nothing', async () => {
    const path = fresh();
    mkdirSync(path);
    const { status, err } = await slimnet(['report', path]);
    expect(status).toBe(1);
    expect(err).toMatch(/This is no record of a training run/);
    expect(existsSync(join(path, 'report.html'))).toBe(false);
    appendFileSync(join(path, 'x'), '');
  });
});

test('a thumbnail is small, keeps the aspect, and never grows', async () => {
  const decoded = async (side: number) => {
    const url = await thumbnail(shapeImage({ seed: 1, index: 3 }), side);
    const { decodeImage } = await import('../../../lib/data/index.js');
    const { width, height } = await decodeImage(Buffer.from(url.split(',')[1] as string, 'base64'));
    return [width, height];
  };
  expect([await decoded(32), await decoded(500)]).toEqual([
    [32, 32],
    [64, 64],
  ]);
  expect(shapeClasses.length).toBe(10);
});
