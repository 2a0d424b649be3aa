/** The classes of P10 in the order of their labels. */
export const shapeClasses = [
  'disc',
  'ring',
  'square',
  'triangle',
  'cross',
  'star',
  'bars',
  'zigzag',
  'checker',
  'spiral',
] as const;

export type ShapeName = (typeof shapeClasses)[number];

/**
 * Whether the point (u, v) is inside of a shape of radius `r`; all three are integers below 2^26 in size.
 * @param detail 0 to 3: how wide or how many the parts of the shape are
 */
export type Inside = (u: number, v: number, r: number, detail: number) => boolean;

// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { abs, floor, max, sqrt } = Math;

const outlines: Readonly<Record<ShapeName, Inside>> = {
  disc,
  ring: (u, v, r, detail) => {
    const inner = part(r, 8 + detail);
    const square = u * u + v * v;
    return square <= r * r && square >= inner * inner;
  },
  square: (u, v, r) => within(u, v, part(r, 13)),
  triangle: (u, v, r) => 2 * v >= -r && root3 * abs(u) + 1024 * v <= 1024 * r,
  cross: (u, v, r, detail) => {
    const arm = part(r, 4 + detail);
    return (abs(u) <= arm && abs(v) <= r) || (abs(v) <= arm && abs(u) <= r);
  },
  star: (u, v, r) => {
    // A tip lies beyond one of the five sides of the pentagon in the middle, the gaps between tips beyond two.
    let beyond = 0;
    for (let k = 0; k < 5; k++) {
      const [a, b] = [pentagonX[k] as number, pentagonY[k] as number];
      if (a * u + b * v > pentagonInner * r) beyond++;
    }
    return beyond <= 1;
  },
  bars: (u, v, r, detail) => disc(u, v, r) && odd(v, r, part(r, 4 + detail)),
  zigzag: (u, v, r, detail) => {
    if (!disc(u, v, r)) return false;
    const half = part(r, 6);
    return odd(v + abs(((u + 4 * r) % (2 * half)) - half), r, part(r, 4 + detail));
  },
  checker: (u, v, r, detail) => {
    const period = part(r, 5 + detail);
    return within(u, v, part(r, 14)) && odd(u, r, period) !== odd(v, r, period);
  },
  spiral: (u, v, r, detail) => {
    if (!disc(u, v, r)) return false;
    const along = v / max(abs(u) + abs(v), 1);
    // An angle without arc tangent: it grows from 0 to 4 in a turn, linearly along the sides of a diamond.
    const angle = u >= 0 ? (v >= 0 ? along : 4 + along) : 2 - along;
    const arm = ((sqrt(u * u + v * v) / r) * (3 + detail)) / 2 - angle / 4;
    return arm - floor(arm) < 0.5;
  },
};

/** The outline of a class. */
export function insideOf(shape: ShapeName): Inside {
  return outlines[shape];
}

/** 1024 times the square root of 3. */
const root3 = 1774;

/** 1024 times the normals of a pentagon's sides, and their distance from the centre where the star's tips are at 1024. */
const pentagonX = [0, 974, 602, -602, -974] as const;
const pentagonY = [1024, 316, -828, -828, 316] as const;
const pentagonInner = 316;

function part(r: number, sixteenths: number): number {
  return floor((r * sixteenths) / 16);
}

function disc(u: number, v: number, r: number): boolean {
  return u * u + v * v <= r * r;
}

function within(u: number, v: number, half: number): boolean {
  return abs(u) <= half && abs(v) <= half;
}

/** Whether a point of a disc of radius `r` lies in an odd one of the strips that are `period` wide. */
function odd(value: number, r: number, period: number): boolean {
  // 4r keeps what is divided positive.
  return floor((value + 4 * r) / period) % 2 === 1;
}
