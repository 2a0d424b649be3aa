/** The picture that is shown: dropped, pasted or chosen. */
import { element, made } from './elements.js';

const drop = element('label', 'drop');
const preview = element('img', 'preview');

/** Tells of each picture that comes, by whatever way. */
export function onPicture(take: (picture: File) => void): void {
  const file = element('input', 'file');
  const first = (files: FileList | null | undefined) => {
    const [picture] = files ?? [];
    if (picture !== undefined) take(picture);
  };
  file.addEventListener('change', () => {
    first(file.files);
    // The same file may be chosen again.
    file.value = '';
  });
  // Anywhere on the page: a picture that misses its place would take the browser away from the page.
  let depth = 0;
  const over = (by: number) => {
    depth = Math.max(0, depth + by);
    drop.classList.toggle('over', depth > 0);
  };
  addEventListener('dragenter', () => over(1));
  addEventListener('dragleave', () => over(-1));
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    over(-depth);
    first(event.dataTransfer?.files);
  });
  addEventListener('paste', (event) => first(event.clipboardData?.files));
}

/** Shows a picture where the invitation was. */
export function showPicture(picture: File): void {
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(picture);
  preview.alt = `The picture ${picture.name}`;
  // What this browser cannot show the server may know all the same, and the other way round.
  preview.onload = () => shown(true);
  preview.onerror = () => shown(false);
  const another = made('label', 'another picture');
  another.htmlFor = 'file';
  element('p', 'about-picture').replaceChildren(made('span', `${picture.name}, ${fileSize(picture.size)}`), another);
}

function shown(visible: boolean): void {
  preview.hidden = !visible;
  element('span', 'invite').hidden = visible;
  drop.classList.toggle('filled', visible);
}

function fileSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
