const told = new Set<string>();

/** A warning of the process (`process.on('warning')`; Node.js prints it to standard error), for each code once. */
export function warnOnce(text: string, code: string): void {
  if (told.has(code)) return;
  told.add(code);
  process.emitWarning(text, { code });
}
