import { readImageFile } from '../../../lib/data/image_file.js';

test('an empty path is told as one', async () => {
  await expect(readImageFile('')).rejects.toMatchObject({
    code: 'ERR_IMAGE',
    message: 'Expected the path of an image, received an empty string.',
  });
});
