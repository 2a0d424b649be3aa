/** Objects of a server that speaks S3 (moto). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type InputImage, isArchive, openInputs, sourceOf } from '../../../../lib/cli/inputs/inputs.js';
import { fakeIo } from '../../../helpers/cli.js';
import { encoders, gradient } from '../../../helpers/pictures.js';
import { type Service, startBuckets } from '../../../helpers/services.js';

let server: Service | null;
let picture: Buffer;
const before = { ...process.env };

beforeAll(async () => {
  server = await startBuckets();
  if (server === null) return;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${server.port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await client.send(new CreateBucketCommand({ Bucket: 'nothing' }));
  picture = Buffer.from(await encoders.jpeg.encode(gradient(20, 20)));
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-bucket-'));
  for (const name of ['1.jpg', '2.jpg']) writeFileSync(join(folder, name), picture);
  execFileSync('tar', ['-C', folder, '-cf', join(folder, 'all.tar'), '1.jpg', '2.jpg']);
  const put = (Key: string, Body: Buffer) => client.send(new PutObjectCommand({ Bucket: 'photos', Key, Body }));
  // More than one page of the list.
  for (let i = 0; i < 1100; i += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, k) => put(`many/${String(i + k).padStart(4, '0')}.jpg`, Buffer.from('x'))),
    );
  await put('a/1.jpg', picture);
  await put('a/notes.txt', Buffer.from('notes'));
  await put('a/z.tar', readFileSync(join(folder, 'all.tar')));
  await put('ä b+c.jpg', picture);
  rmSync(folder, { recursive: true });
  client.destroy();
}, 660_000);
afterAll(async () => {
  process.env = before;
  await server?.stop();
});

const { signal } = new AbortController();

async function all(...args: string[]) {
  const names: string[] = [];
  const images: InputImage[] = [];
  for await (const input of (await openInputs(args, undefined, fakeIo())).each()) {
    if (isArchive(input)) for await (const image of input.images(signal)) images.push(image);
    else images.push(input);
  }
  for (const { name } of images) names.push(name);
  return { names, images };
}

/** Without the server nothing is run, which was said. */
const served = (body: () => Promise<void>) => async () => {
  if (server !== null) await body();
};

test(
  'a prefix stands for the images and archives below it, in the order of their keys',
  served(async () => {
    const { names, images } = await all('s3://photos/a/');
    expect(names).toEqual(['s3://photos/a/1.jpg', 's3://photos/a/z.tar/1.jpg', 's3://photos/a/z.tar/2.jpg']);
    for (const image of images) expect(Buffer.from((await sourceOf(image)) as Uint8Array)).toEqual(picture);
  }),
);

test(
  'however many there are',
  served(async () => {
    const { names } = await all('s3://photos/many/');
    expect(names).toEqual(Array.from({ length: 1100 }, (_, i) => `s3://photos/many/${String(i).padStart(4, '0')}.jpg`));
  }),
);

test(
  'a URL of a list stands for an object, whatever its key',
  served(async () => {
    const inputs = await openInputs(['-'], undefined, fakeIo({ stdin: 's3://photos/ä b+c.jpg\n' }));
    for await (const input of inputs.each())
      expect(Buffer.from((await sourceOf(input as InputImage)) as Uint8Array)).toEqual(picture);
  }),
);

test(
  'what is not there is told of each object, archive and bucket',
  served(async () => {
    const { images } = await all('s3://photos/no.jpg', 's3://nowhere/no.jpg', 's3://photos/no.tar');
    const reasons = await Promise.all(
      images.map((image) => sourceOf(image).then(String, ({ message }: Error) => message)),
    );
    expect(reasons).toEqual([
      's3://photos/no.jpg: It cannot be read from its bucket: there is no such object.',
      's3://nowhere/no.jpg: It cannot be read from its bucket: there is no such bucket.',
      expect.stringContaining('there is no such object'),
    ]);
    await expect(all('s3://nowhere/')).rejects.toThrow(/there is no such bucket/);
    await expect(all('s3://nothing/')).rejects.toThrow(/There are no images and no archives below this URL/);
    await expect(all('s3:///key')).rejects.toThrow(/Expected s3:\/\/bucket\/key/);
  }),
);
