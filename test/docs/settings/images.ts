import { Graph, nets, placeholder, Session } from 'slimnet';

export const graph = new Graph({ seed: 1 });
export const [first, second] = [new Uint8Array(224 * 224 * 3), new Uint8Array(224 * 224 * 3)];

const other = new Graph({ seed: 1 });
export const { net } = other.build(() =>
  nets.resnetV1(placeholder('float32', [32, 224, 224, 3], { name: 'images' }), [], {
    isTraining: false,
    numClasses: 3,
  }),
);
export const session = await Session.create(other);
session.initialize();

let batches = 2;
export async function nextBatchInto(images: { fill(value: number): unknown }): Promise<boolean> {
  images.fill(batches);
  return batches-- > 0;
}
