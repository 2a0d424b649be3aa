// Result files: one a machine and day, with one entry for each measurement and run.
//
//   { machine, entries: [{ measurement, date, commit, environment, protocol, rows }] }
//   row: { subject, group, metrics, difference?, series? } or { subject, group, unavailable }
//
// `group` is what subjects are compared within (network, batch, ...), `metrics` a list of values, one a round, by name; `series` are
// points [x, y] by name, where a measurement has a course and not only a value.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineId } from './machine.mjs';
import { baseline } from './subjects.mjs';

/** Equal for rows that are compared with each other. */
export const groupKey = (group) => JSON.stringify(Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1)));
const rowKey = ({ subject, group }) => `${subject} ${groupKey(group)}`;

/** What of an older entry stays beside a newer one: rows that were not measured again, with their partner of that time. */
function leftOver(older, fresh) {
  const again = new Set(fresh.rows.map(rowKey));
  const peers = older.rows.filter((row) => row.subject !== baseline && !again.has(rowKey(row)));
  const groups = new Set(peers.map(({ group }) => groupKey(group)));
  const stays = (row) =>
    row.subject === baseline ? groups.has(groupKey(row.group)) || !again.has(rowKey(row)) : peers.includes(row);
  return { ...older, rows: older.rows.filter(stays) };
}

/**
 * Adds an entry. Rows of the same measurement that it measured again go; slimnet's stay where rows of that run still are compared
 * with them, since a ratio is one of runs that took turns.
 */
export function mergeEntry(entries, fresh) {
  const kept = entries.map((older) => (older.measurement === fresh.measurement ? leftOver(older, fresh) : older));
  return [...kept.filter(({ rows }) => rows.length > 0), fresh];
}

/** Reads all result files of a folder, oldest day first. */
export function readResults(folder) {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

/** Files joined by machine, the machine that was measured last first: `[{ id, machine, entries }]`. */
export function byMachine(files) {
  const machines = new Map();
  for (const { machine, entries } of files) {
    const id = machineId(machine);
    const before = machines.get(id)?.entries ?? [];
    // Set anew, so that the order of the map is that of the last measurements.
    machines.delete(id);
    machines.set(id, { id, machine, entries: entries.reduce(mergeEntry, before) });
  }
  return [...machines.values()].reverse();
}

/** Six digits are more than a measurement has. */
const rounded = (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);

/** Adds entries of one run to the file of the machine and day. @returns the file's path */
export function writeEntry(folder, machine, entry) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${entry.date}_${machineId(machine)}.json`);
  const before = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).entries : [];
  const text = JSON.stringify({ machine, entries: mergeEntry(before, entry) }, rounded, 1);
  // Whole or not at all: a run that is interrupted keeps what was measured before.
  writeFileSync(`${path}.new`, `${text}\n`);
  renameSync(`${path}.new`, path);
  return path;
}
