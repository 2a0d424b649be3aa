export const pixels = new Float32Array(224 * 224 * 3);
