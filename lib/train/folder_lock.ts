/** One training a folder: two that write the same checkpoints would destroy each other's. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { OutputError, systemReason } from '../errors.js';
import { loadAddon } from '../native/binding.js';

const fileName = 'training.lock';

/**
 * The lock of a training's folder, held until it is released or the process ends, however it ends: the system has it, so that a killed
 * training leaves none behind. The file stays, and says who holds it.
 */
export class FolderLock {
  #file: number | null;

  private constructor(file: number) {
    this.#file = file;
  }

  /**
   * @param folder there already
   * @param onNotice told where the file system has no locks
   * @throws OutputError where another training has the folder, with its process; where the file cannot be written
   */
  static take(folder: string, onNotice?: (text: string) => void): FolderLock {
    const path = join(folder, fileName);
    const file = opened(path);
    try {
      const result = loadAddon().lockFile(file);
      if (result === 'taken')
        throw new OutputError(`Another training is at work in this folder: ${holder(path)}.`, {
          path,
          hint: 'wait for its end, or end it; or take another folder.',
        });
      if (result === 'unsupported')
        onNotice?.(`${path}: this file system has no locks: see to it that one training alone uses the folder.`);
      note(file, `process ${process.pid} on ${hostname()}, since ${new Date().toISOString()}\n`);
      return new FolderLock(file);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  release(): void {
    if (this.#file === null) return;
    note(this.#file, '');
    closeSync(this.#file);
    this.#file = null;
  }
}

function opened(path: string): number {
  try {
    // Not emptied: it may be another's.
    return openSync(path, 'a');
  } catch (cause) {
    throw new OutputError(`The folder's lock cannot be made: ${systemReason(cause)}.`, { path, cause });
  }
}

/** Who holds it is told where it can be told: the lock itself does not depend on it, and a full disk takes no text. */
function note(file: number, text: string): void {
  try {
    ftruncateSync(file);
    if (text !== '') writeSync(file, text);
  } catch {}
}

function holder(path: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text !== '') return text;
  } catch {}
  return 'it does not say which';
}
