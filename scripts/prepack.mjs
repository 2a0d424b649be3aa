/** What npm runs before it packs the checkout itself, of which nothing is published: it has no addon that fits other machines. */
import { main, SetupError } from './lib/console.mjs';

await main(() => {
  throw new SetupError('packages are made by `node scripts/release.mjs`, one of JavaScript and one for each platform');
});
