import { loadModel } from 'slimnet';

export const checkpoint = 'resnet_18.ckpt';
const small = { checkpoint, imageSize: 64 } as const;
export const images = ['cat.jpg', 'dog.jpg'];
export const otherImages = ['dog.jpg'];
export const model = await loadModel('resnet_18', small);
export const float32 = await loadModel('resnet_18', { ...small, precision: 'float32' });
export const lowPrecision = float32;
export const calibration = await float32.calibrate(images);
