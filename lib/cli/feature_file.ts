import { beginFiles, type PendingFiles } from '../checkpoint/files/atomic_write.js';
import { npyHead, npyHeadBytes } from './npy.js';
import { asOutput } from './output_error.js';

/**
 * A .npy file [rows, width] that is written as the rows come, and the names of the rows beside it, one a line. Both appear under their
 * names when they are closed, with as many rows as both hold whole: also where the disk was full in the middle.
 */
export class FeatureFile {
  readonly path: string;
  readonly #files: PendingFiles;
  /** Bytes of the names, up to the end of each. */
  readonly #ends: number[] = [];
  #width = 0;
  #rows = 0;

  private constructor(path: string, files: PendingFiles) {
    this.path = path;
    this.#files = files;
  }

  /** Begins the files, which shows that there is a place for them. @throws OutputError */
  static async begin(path: string): Promise<FeatureFile> {
    return new FeatureFile(path, await asOutput(() => beginFiles([`${path}.txt`, path])));
  }

  /** @throws OutputError */
  async add(row: Float32Array, name: string): Promise<void> {
    const [names, rows] = this.#sinks();
    await asOutput(async () => {
      if (this.#width === 0) {
        this.#width = row.length;
        await rows.write([Buffer.alloc(npyHeadBytes)]);
      }
      await rows.write([new Uint8Array(row.buffer, row.byteOffset, row.byteLength)]);
      // At once, while there is room: rows are gathered, and may well be what fills the disk.
      await names.write([Buffer.from(`${name.replaceAll(/[\r\n]/g, '\ufffd')}\n`)]);
      await names.flush();
      this.#ends.push(names.bytes);
    });
  }

  /** Of what the closed file holds. */
  get shape(): readonly [rows: number, width: number] {
    return [this.#rows, this.#width];
  }

  /** Gives the files their names, or removes them where there are no rows. @throws OutputError where rows were given up */
  async close(): Promise<void> {
    const [names, rows] = this.#sinks();
    // What the disk has no room for is left out.
    let failure: unknown;
    await asOutput(() => rows.flush()).catch((error: unknown) => {
      failure = error;
    });
    const rowBytes = 4 * this.#width;
    const whole = rowBytes === 0 ? 0 : Math.max(0, Math.floor((rows.flushed - npyHeadBytes) / rowBytes));
    const count = Math.min(whole, this.#ends.length);
    if (count === 0) {
      await this.#files.discard();
    } else {
      await asOutput(async () => {
        await names.endAt(this.#ends[count - 1] as number, new Uint8Array(0));
        await rows.endAt(npyHeadBytes + count * rowBytes, npyHead([count, this.#width]));
        await this.#files.commit();
      });
      this.#rows = count;
    }
    if (failure !== undefined) throw failure;
  }

  #sinks() {
    return this.#files.sinks as readonly [PendingFiles['sinks'][0], PendingFiles['sinks'][0]];
  }
}
