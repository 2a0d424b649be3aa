import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { type CliIo, printable, say } from './io.js';

/** What shows a file to the user, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Shows a page in the user's browser. @returns false, with a message, where none could be started */
export async function showFile(io: CliIo, path: string): Promise<boolean> {
  if (await started(resolve(path))) return true;
  say(io, printable(`slimnet: no browser could be started: open ${path} in one.`));
  return false;
}

function started(path: string): Promise<boolean> {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolved) => {
    const child = spawn(command as string, [...args, path], { detached: true, stdio: 'ignore', env: process.env });
    child.once('error', () => resolved(false));
    child.once('spawn', () => {
      child.unref();
      resolved(true);
    });
  });
}
