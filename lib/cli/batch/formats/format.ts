import type { Content, Failure, Result } from '../contents.js';
import type { Ending } from '../result_files.js';

/** How the results of parts become bytes of files. The same results give the same bytes, wherever and whenever. */
export interface Encoding {
  /** Files beside each other: what is put after the name of the output, and what each begins with. */
  readonly files: readonly { readonly suffix: string; readonly head: Uint8Array }[];
  /** What a part adds to each file. */
  readonly encode: (results: readonly Result[]) => readonly Uint8Array[];
  readonly ending: Ending;
}

/**
 * A format of files.
 * @param failures whether images that failed have records in it
 */
export type Format = (content: Content, failures: boolean) => Encoding;

/** The records of a part; failures only where they have records, and never under a name that is no text, under which nobody finds a file. */
export function recordsOf(
  content: Content,
  failures: boolean,
  results: readonly Result[],
): ({ file: string } | Failure)[] {
  return results.flatMap((result) => {
    if ('row' in result) return [content.record(result.file, result.row)];
    return failures && !result.file.includes('\ufffd') ? [result] : [];
  });
}
