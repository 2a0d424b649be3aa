/** The page of the demo. */
import { escaped } from '../../report/html.js';
import {
  cardStyle,
  figureRow,
  heading,
  overlaySwitch,
  type PictureCard,
  page,
  pictureCards,
  section,
  table,
} from '../../report/index.js';
import type { LetterAccuracy } from './assets.js';

export interface DemoPage {
  readonly version: string;
  /** One line about the network and the machine. */
  readonly about: string;
  readonly figures: readonly (readonly [value: string, what: string])[];
  /** Pictures with their headings; sections without pictures are left out. */
  readonly parts: readonly { readonly title: string; readonly about: string; readonly cards: readonly PictureCard[] }[];
  readonly accuracy: LetterAccuracy;
  readonly next: readonly (readonly [what: string, command: string])[];
}

export function demoPage({ version, about, figures, parts, accuracy, next }: DemoPage): string {
  const shown = parts.filter(({ cards }) => cards.length > 0);
  return page({
    title: 'slimnet demo',
    version,
    style: `${cardStyle}.next { display: grid; gap: 8px; } .next p { margin: 0; }`,
    sections: [
      heading('A network reads letters of typefaces that it never saw', about),
      figureRow(figures),
      overlaySwitch('show where it looks (Grad-CAM); point at a picture to see it without'),
      ...shown.map(({ title, about: text, cards }) =>
        section(title, `<p class="soft">${escaped(text)}</p>${pictureCards(cards, true)}`),
      ),
      section(
        'Go on',
        `<div class="next">${next.map(([what, command]) => `<p>${escaped(what)}</p><pre>${escaped(command)}</pre>`).join('')}</div>`,
      ),
      measured(accuracy),
    ],
  });
}

function measured({ byFace, byLetter, pictures, command, processorSeconds, trainedFaces }: LetterAccuracy): string {
  const rows = (counts: LetterAccuracy['byFace']) =>
    Object.entries(counts)
      .map(
        ([name, { right, pictures: all }]) =>
          [name, all, `${((100 * right) / all).toFixed(1)} %`, right / all] as const,
      )
      .sort((a, b) => b[3] - a[3])
      .map(([name, all, share]) => [name, all, share]);
  return section(
    'Measured when it was trained',
    `<p class="soft">${pictures} pictures of ${Object.keys(byFace).length} faces, none of whose families were among the ${trainedFaces} that it learnt from.
${Math.round(processorSeconds / 60)} minutes of processor time:</p><pre>${escaped(command)}</pre>
<div class="charts"><div>${table(['Typeface', 'Pictures', 'Right'], rows(byFace), [0])}</div><div>${table(['Letter', 'Pictures', 'Right'], rows(byLetter), [0])}</div></div>`,
  );
}
