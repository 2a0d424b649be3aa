/** The transfer function that an AVIF or PNG file says its values have (ITU-T H.273). */
import type { ImageFormat } from '../image_format.js';

/** Those whose values cannot be taken for those of ordinary pictures. */
const unusual: ReadonlyMap<number, string> = new Map([
  [8, 'linear light'],
  [16, 'HDR by the perceptual quantizer (PQ)'],
  [18, 'HDR by hybrid log-gamma (HLG)'],
]);

/** What is unusual about the values of a picture; null when nothing is. */
export function unusualTransfer(bytes: Uint8Array, format: ImageFormat): string | null {
  const transfer = format === 'avif' ? avifTransfer(bytes) : format === 'png' ? pngTransfer(bytes) : undefined;
  return (transfer === undefined ? undefined : unusual.get(transfer)) ?? null;
}

interface Part {
  readonly type: string;
  readonly from: number;
  readonly to: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** That of the `cICP` chunk, which stands before the pixels (PNG, third edition). */
function pngTransfer(bytes: Uint8Array): number | undefined {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const type = textAt(bytes, at + 4);
    if (type === 'IDAT') return undefined;
    if (type === 'cICP') return bytes[at + 9];
    at += 12 + view.getUint32(at);
  }
  return undefined;
}

/** That of the `colr` property of the primary item (ISO/IEC 23008-12). */
function avifTransfer(bytes: Uint8Array): number | undefined {
  try {
    const meta = boxes(bytes, 0, bytes.length).find(({ type }) => type === 'meta');
    if (meta === undefined) return undefined;
    const inside = boxes(bytes, meta.from + 4, meta.to);
    const iprp = inside.find(({ type }) => type === 'iprp');
    const pitm = inside.find(({ type }) => type === 'pitm');
    if (iprp === undefined || pitm === undefined) return undefined;
    const view = viewOf(bytes);
    const primary = view.getUint8(pitm.from) === 0 ? view.getUint16(pitm.from + 4) : view.getUint32(pitm.from + 4);
    const [lists, associations] = ['ipco', 'ipma'].map((wanted) =>
      boxes(bytes, iprp.from, iprp.to).filter(({ type }) => type === wanted),
    ) as [Part[], Part[]];
    const properties = lists.flatMap(({ from, to }) => boxes(bytes, from, to));
    const mine = associations.flatMap(({ from }) => propertiesOf(view, from, primary));
    for (const index of mine) {
      const property = properties[index - 1];
      if (property?.type === 'colr' && textAt(bytes, property.from) === 'nclx')
        return view.getUint16(property.from + 6);
    }
    return undefined;
  } catch (error) {
    // The file ends before its tables do, which the decoder tells.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The numbers, from 1, of the properties that an `ipma` box gives an item. */
function propertiesOf(view: DataView, box: number, item: number): number[] {
  const version = view.getUint8(box);
  const wide = (view.getUint8(box + 3) & 1) === 1;
  const entries = view.getUint32(box + 4);
  let at = box + 8;
  for (let entry = 0; entry < entries; entry++) {
    const id = version === 0 ? view.getUint16(at) : view.getUint32(at);
    at += version === 0 ? 2 : 4;
    const count = view.getUint8(at++);
    if (id === item)
      return Array.from({ length: count }, (_, i) =>
        wide ? view.getUint16(at + 2 * i) & 0x7fff : view.getUint8(at + i) & 0x7f,
      );
    at += count * (wide ? 2 : 1);
  }
  return [];
}

/** The boxes between two positions, without their headers. */
function boxes(bytes: Uint8Array, from: number, to: number): Part[] {
  const view = viewOf(bytes);
  const parts: Part[] = [];
  for (let at = from; at + 8 <= to; ) {
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short;
    if (size < head) break;
    parts.push({ type: textAt(bytes, at + 4), from: at + head, to: Math.min(at + size, to) });
    at += size;
  }
  return parts;
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
