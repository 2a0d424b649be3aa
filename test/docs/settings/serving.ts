import { readFileSync } from 'node:fs';
import { loadModel } from 'slimnet';
import { startServer } from 'slimnet/server';

const model = await loadModel('resnet_v1_50', { checkpoint: 'resnet_v1_50.ckpt', imageSize: 64, files: false });
const server = await startServer({ models: { resnet_v1_50: model }, port: 0 });
export const address = server.url;
export const token = 'secret';
export const picture = readFileSync('cat.jpg');
export const [a, b] = [picture, readFileSync('dog.jpg')];
export const [height, width] = [40, 50];
export const data = new Uint8Array(height * width * 3);
