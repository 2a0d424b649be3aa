/** The page of a server: a picture goes in, its most probable classes come out. */
import { createClient, ServerError, type SlimnetClient } from '../lib/client/index.js';
import { chosenModel, onChoice, showCard, showModels } from './card.js';
import { element } from './elements.js';
import { onPicture, showPicture } from './picture.js';
import { showClasses, showError, showNothing, showWaiting } from './results.js';
import { askForToken, onToken, token } from './token.js';

/** How often a server is asked that is not ready yet. */
const againMs = 2000;

let picture: File | null = null;
/** What is being asked: a new picture takes its place. */
let asking = new AbortController();

function client(): SlimnetClient {
  const given = token();
  return createClient(new URL('.', location.href).pathname, given === undefined ? {} : { token: given });
}

function showState(state: 'asking' | 'ready' | 'wrong', text: string): void {
  const line = element('p', 'state');
  line.dataset.state = state;
  if (line.textContent !== text) line.textContent = text;
}

/** True where a token is wanted, which is then asked for. */
function wantsToken(error: unknown): boolean {
  const wanted = error instanceof ServerError && error.status === 401;
  if (wanted) {
    askForToken(true);
    showState('wrong', 'token wanted');
  }
  return wanted;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function lookAtServer(): Promise<void> {
  try {
    const ready = await client().ready();
    const names = await client().models({ retries: 0 });
    askForToken(false);
    showModels(names);
    await lookAtModel();
    showState(ready ? 'ready' : 'asking', ready ? 'ready' : 'loading models');
    if (!ready) setTimeout(lookAtServer, againMs);
  } catch (error) {
    if (wantsToken(error)) return;
    showState('wrong', 'not reachable');
    setTimeout(lookAtServer, againMs);
  }
}

async function lookAtModel(): Promise<void> {
  const name = chosenModel();
  if (name === '') return;
  try {
    showCard(name, await client().card(name, { retries: 0 }));
  } catch (error) {
    // One that is being loaded has a name and nothing else yet.
    if (!(error instanceof ServerError && error.status === 503)) throw error;
    showCard(name, null);
  }
}

async function classify(): Promise<void> {
  asking.abort();
  if (picture === null) return;
  const name = chosenModel();
  if (name === '') return showError('There is no model yet.');
  asking = new AbortController();
  const { signal } = asking;
  showWaiting();
  try {
    const began = performance.now();
    const answer = await client().classify(name, picture, { signal });
    showClasses(answer, performance.now() - began);
    showState('ready', 'ready');
  } catch (error) {
    if (signal.aborted) return;
    if (wantsToken(error)) showNothing();
    else showError(messageOf(error));
  }
}

onPicture((chosen) => {
  picture = chosen;
  showPicture(chosen);
  void classify();
});
onToken(async () => {
  await lookAtServer();
  await classify();
});
onChoice(async () => {
  await lookAtModel();
  await classify();
});
showNothing();
void lookAtServer();
