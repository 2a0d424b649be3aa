/** The server's page in a browser, as people use it. */
import { source as axe } from 'axe-core';
import Fastify from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { slimnetPlugin } from '../../lib/server/index.js';
import { startBrowser } from '../helpers/browser.js';
import { encoders, gradient } from '../helpers/pictures.js';
import { smallModel, smallServer } from '../helpers/small_server.js';

let browser: Browser | null;
let picture: { name: string; mimeType: string; buffer: Buffer };
beforeAll(async () => {
  browser = await startBrowser();
  picture = { name: 'photo.png', mimeType: 'image/png', buffer: await encoders.png.encode(gradient(20, 16)) };
});
afterAll(() => browser?.close());

/** Runs in a page of a server, and fails where the page complains or asks anybody else. */
async function onPage(
  url: string,
  check: (page: Page) => Promise<void>,
  { width = 1200, height = 800, dark = false } = {},
): Promise<void> {
  // The reason was printed.
  if (browser === null) return;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' });
  context.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  try {
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // Errors of the server are what some of the tests are about.
      if (message.type() === 'error' && !/^Failed to load resource/.test(message.text()))
        complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) complaints.push(request.url());
    });
    await page.goto(url);
    await check(page);
    expect(complaints).toEqual([]);
  } finally {
    await context.close();
  }
}

const rows = (page: Page) => page.locator('#bars:not(.empty) li');
const answered = (page: Page) => page.locator('#timing', { hasText: /^\d+ ms/ }).waitFor();
/** What axe finds wrong, in the words of its rules. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
}
/** An event that carries a file, as the system sends it. */
const carry = (page: Page, kind: 'drop' | 'paste') =>
  page.evaluate(
    ({ kind, bytes, name }) => {
      const { DataTransfer, File, DragEvent, ClipboardEvent, document } = globalThis as never as Record<
        string,
        never
      > & {
        document: { body: { dispatchEvent(event: unknown): void } };
      };
      const Construct = (Class: unknown, ...args: unknown[]) =>
        Reflect.construct(Class as new () => object, args) as never;
      const data: { items: { add(file: unknown): void } } = Construct(DataTransfer);
      data.items.add(Construct(File, [Uint8Array.from(bytes)], name, { type: 'image/png' }));
      const more = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        kind === 'drop'
          ? Construct(DragEvent, 'drop', { dataTransfer: data, ...more })
          : Construct(ClipboardEvent, 'paste', { clipboardData: data, ...more }),
      );
    },
    { kind, bytes: [...picture.buffer], name: `${kind}.png` },
  );

describe('the page', () => {
  test('shows the classes of a picture that is chosen, dropped or pasted, and the model', async () => {
    await using small = await smallServer();
    const expected = await small.model.classify(picture.buffer);
    await onPage(small.url, async (page) => {
      await page.locator('#state', { hasText: /^ready$/ }).waitFor();
      const [terms, facts] = await Promise.all(
        ['dt', 'dd'].map((tag) => page.locator(`#facts ${tag}`).allTextContents()),
      );
      expect(terms).toEqual(['name', 'version', 'input', 'precision', 'device', 'classes']);
      expect(facts).toEqual(['small', '1', '8 × 8 pixels', 'float32', 'cpu', '3']);
      expect(await page.locator('#command').textContent()).toBe(
        `curl --data-binary @photo.jpg ${small.url}/v1/models/small:classify`,
      );
      const ways: Record<string, () => Promise<unknown>> = {
        chosen: () => page.setInputFiles('#file', picture),
        dropped: () => carry(page, 'drop'),
        pasted: () => carry(page, 'paste'),
      };
      for (const [way, bring] of Object.entries(ways)) {
        await page.evaluate("document.getElementById('timing').textContent = ''");
        await bring();
        await answered(page);
        const names = await rows(page).locator('.name').allInnerTexts();
        expect([way, names]).toEqual([way, expected.map(({ label }) => label)]);
        expect(await page.locator('#preview').isVisible()).toBe(true);
      }
      expect(await page.locator('#said').textContent()).toContain(expected[0]?.label);
    });
    expect(small.answered.filter(({ operation }) => operation === 'classify').map(({ status }) => status)).toEqual([
      200, 200, 200,
    ]);
  });

  test('is worked by keyboard alone', async () => {
    await using small = await smallServer();
    await onPage(small.url, async (page) => {
      const chooser = page.waitForEvent('filechooser');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.id')).toBe('file');
      expect(await page.evaluate("getComputedStyle(document.getElementById('drop')).outlineStyle")).toBe('solid');
      await page.keyboard.press('Enter');
      await (await chooser).setFiles(picture);
      await answered(page);
      expect(await rows(page).count()).toBe(3);
    });
  });

  test('offers several models, and asks the one that is chosen about the same picture', async () => {
    await using model = await smallModel();
    await using other = await smallModel({ labels: ['one', 'two', 'three'] });
    await using small = await smallServer({ models: { first: model, second: other } });
    await onPage(small.url, async (page) => {
      await page.locator('#model').waitFor();
      await page.setInputFiles('#file', picture);
      await answered(page);
      await page.selectOption('#model', 'second');
      await page.locator('#bars', { hasText: 'three' }).waitFor();
      expect(
        small.answered.filter(({ operation }) => operation === 'classify').map(({ model }) => model?.name),
      ).toEqual(['first', 'second']);
    });
  });

  test('asks for the token of a server that wants one, until it is right', async () => {
    await using small = await smallServer({ token: 'a-token-of-this-server' });
    await onPage(small.url, async (page) => {
      const field = page.getByLabel('This server wants a token');
      await field.fill('a-wrong-token-of-it');
      await page.keyboard.press('Enter');
      await page.locator('#state', { hasText: 'token wanted' }).waitFor();
      expect(await barriers(page)).toEqual([]);
      await field.fill('a-token-of-this-server');
      await page.getByRole('button', { name: 'Use it' }).click();
      await page.locator('#state', { hasText: /^ready$/ }).waitFor();
      expect(await field.isVisible()).toBe(false);
      await page.setInputFiles('#file', picture);
      await answered(page);
    });
  });

  test('says what the server says of a file that is no picture, and that a server is gone', async () => {
    const small = await smallServer();
    await onPage(small.url, async (page) => {
      await page.setInputFiles('#file', { ...picture, name: 'notes.txt', buffer: Buffer.from('no picture') });
      const error = page.getByRole('alert');
      await error.waitFor();
      expect(await error.textContent()).toContain('no image that can be decoded');
      await page.setInputFiles('#file', picture);
      await answered(page);
      expect(await error.isVisible()).toBe(false);
      await small[Symbol.asyncDispose]();
      await page.setInputFiles('#file', picture);
      await error.waitFor();
      expect(await error.textContent()).toContain('cannot be reached');
    });
  });

  test.each([
    { width: 1200, dark: false },
    { width: 320, dark: true },
  ])('has no barriers that axe knows, and fits its window: %j', async (window) => {
    const labels = ['a'.repeat(60), 'with several, words, for one thing', 'blue'];
    await using small = await smallServer({}, { labels });
    await onPage(
      small.url,
      async (page) => {
        await page.locator('#facts dd').first().waitFor();
        const found = [await barriers(page)];
        await page.setInputFiles('#file', picture);
        await answered(page);
        await page.locator('#shell').click();
        found.push(await barriers(page));
        await page.setInputFiles('#file', { ...picture, buffer: Buffer.from('no picture') });
        await page.getByRole('alert').waitFor();
        found.push(await barriers(page));
        expect(found).toEqual([[], [], []]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(window.width);
      },
      window,
    );
  });

  test('works below a prefix of a server of somebody else', async () => {
    await using model = await smallModel();
    const app = Fastify();
    await app.register(slimnetPlugin, { models: { small: model }, page: true, prefix: '/vision' });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    await onPage(`${url}/vision`, async (page) => {
      await page.setInputFiles('#file', picture);
      await answered(page);
    });
    await app.close();
  });
});
