// What slimnet needs for int8, made once from the pixels that all subjects get, as the peers' int8 files are.
import { existsSync } from 'node:fs';
import { pixels } from './common.mjs';

const batch = 8;

/** The calibration of a task's network. `session` is a function that makes one in float32, with weights, of `net`. */
export async function calibrationOf(slimnet, { frozen }, session, net) {
  const path = `${frozen}.calibration.json`;
  if (!existsSync(path)) {
    const wide = await session();
    const images = pixels(batch, 'nhwc');
    await slimnet.saveCalibration(path, await wide.calibrate({ logits: net }, [{ images }], { method: 'minmax' }));
    await wide[Symbol.asyncDispose]();
  }
  return slimnet.loadCalibration(path);
}
