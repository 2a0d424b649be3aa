/** What commands are tried on. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkName } from '../../lib/slim/nets/index.js';
import { encoders, gradient, paint } from './pictures.js';
import { writePlainCheckpoint } from './plain_checkpoint.js';

/** Small images, because commands are tried: the plain code of `reference` takes seconds for large ones. */
export const small = ['--size', '48'];

/** A folder of its own for a test file, there while its tests run. */
export class CommandFolder {
  folder = '';
  /** A folder of three photos. */
  photos = '';
  checkpoint = '';
  readonly #network: NetworkName;

  constructor(network: NetworkName) {
    this.#network = network;
  }

  async make(): Promise<void> {
    this.folder = mkdtempSync(join(tmpdir(), 'slimnet-cli-'));
    this.photos = this.path('photos');
    mkdirSync(this.photos);
    const { jpeg, png, webp } = encoders;
    writeFileSync(this.photo('a.jpg'), await jpeg.encode(gradient(60, 40)));
    writeFileSync(this.photo('b.png'), await png.encode(paint(30, 50, (x, y) => [x * 8, y * 5, 99])));
    writeFileSync(this.photo('c.webp'), await webp.encode(gradient(33, 33)));
    writeFileSync(this.path('bad.jpg'), 'no image');
    writeFileSync(this.path('labels.txt'), Array.from({ length: 10 }, (_, i) => `kind, ${i}`).join('\n'));
    this.checkpoint = await writePlainCheckpoint(this.path('plain.ckpt'), 10, this.#network);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  photo(name: string): string {
    return join(this.photos, name);
  }

  /** The photos, in the order of their names. */
  all(): readonly string[] {
    return ['a.jpg', 'b.png', 'c.webp'].map((name) => this.photo(name));
  }

  /** Options that name the model. What auto comes to depends on the processor: expected values are those of float32. */
  get model(): readonly string[] {
    return ['--checkpoint', this.checkpoint, '--precision', 'float32', '--model', this.#network, ...small];
  }

  get labels(): readonly string[] {
    return ['--labels', this.path('labels.txt')];
  }
}

/** The folder of a test file, with a checkpoint of 10 classes. */
export function commandFolder(network: NetworkName = 'resnet_18'): CommandFolder {
  const given = new CommandFolder(network);
  beforeAll(() => given.make());
  afterAll(() => given.remove());
  return given;
}
