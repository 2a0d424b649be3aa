import { loadModel } from 'slimnet';

const small = { checkpoint: 'resnet_v1_50.ckpt', imageSize: 64 } as const;
export const images = ['cat.jpg', 'dog.jpg'];
export const otherImages = ['dog.jpg'];
export const model = await loadModel('resnet_v1_50', small);
export const float32 = await loadModel('resnet_v1_50', { ...small, precision: 'float32' });
export const lowPrecision = float32;
export const calibration = await float32.calibrate(images);
