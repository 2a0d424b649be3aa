/** What the demo ships with (made by scripts/demo/train.mjs). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from '../../native/binding.js';
import { type GlyphSheet, readSheet } from './letters.js';

/** Right answers among pictures. */
interface Count {
  readonly right: number;
  readonly pictures: number;
}

/** What the training came to, on pictures of typefaces that it never saw. */
export interface LetterAccuracy {
  /** What does it again, and the seconds of processor time that it took. */
  readonly command: string;
  readonly processorSeconds: number;
  /** Faces that were learnt from. */
  readonly trainedFaces: number;
  readonly pictures: number;
  /** Part of them that is right. */
  readonly top1: number;
  readonly byFace: Readonly<Record<string, Count>>;
  readonly byLetter: Readonly<Record<string, Count>>;
}

export interface DemoAssets {
  readonly weights: string;
  readonly sheet: GlyphSheet;
  readonly accuracy: LetterAccuracy;
}

export async function demoAssets(): Promise<DemoAssets> {
  const folder = join(packageFolder(), 'assets', 'demo');
  const accuracy = JSON.parse(await readFile(join(folder, 'accuracy.json'), 'utf8')) as LetterAccuracy;
  return {
    weights: join(folder, 'letters.safetensors'),
    sheet: await readSheet(join(folder, 'letters.png')),
    accuracy,
  };
}
