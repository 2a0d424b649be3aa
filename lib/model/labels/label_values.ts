/** Names of classes out of structured values: lists and objects of JSON, dictionaries of Python. */
import { describe } from '../../core/dtype.js';
import type { TextFailure } from '../../core/text.js';
import type { PythonValue } from './python_literal.js';

/** A list, pairs of an object or dictionary, or anything else. */
type Value = unknown;

/**
 * The names in a value of JSON: a list of names; an object from index to name, from index to `[id, name]` (Keras' class index), or from
 * name to index; a model's config.json with `id2label`, `label2id` or `label_names`.
 * @throws what `fail` makes
 */
export function namesInJson(value: Value, fail: TextFailure): string[] {
  if (Array.isArray(value)) return namesInList(value, fail);
  if (typeof value !== 'object' || value === null)
    throw fail(`expected a list or an object, received ${describe(value)}`);
  const object = value as Readonly<Record<string, unknown>>;
  if ('id2label' in object) return namesInPairs(pairsOf(object.id2label, 'id2label', fail), fail);
  if ('label2id' in object) return namesInPairs(pairsOf(object.label2id, 'label2id', fail), fail);
  if ('label_names' in object) return describedNames(object, fail);
  if ('model_type' in object || 'architecture' in object || 'architectures' in object)
    throw fail('this is the configuration of a model, without id2label, label2id or label_names');
  return namesInPairs(Object.entries(object), fail);
}

/** The names in a literal of Python. @throws what `fail` makes */
export function namesInPython(value: PythonValue, fail: TextFailure): string[] {
  if (Array.isArray(value)) return namesInList(value, fail);
  if (typeof value === 'object' && value !== null && 'pairs' in value) return namesInPairs(value.pairs, fail);
  throw fail('expected a list or a dictionary');
}

function pairsOf(value: unknown, key: string, fail: TextFailure): (readonly [unknown, unknown])[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw fail(`${key}: expected an object, received ${describe(value)}`);
}

/** timm's configuration: identifiers of the classes in order, and perhaps what they are called. */
function describedNames(
  { label_names: ids, label_descriptions: texts }: Readonly<Record<string, unknown>>,
  fail: TextFailure,
) {
  if (!Array.isArray(ids)) throw fail(`label_names: expected a list, received ${describe(ids)}`);
  const names = namesInList(ids, fail);
  if (texts === undefined || texts === null) return names;
  const known = new Map(pairsOf(texts, 'label_descriptions', fail));
  return names.map((id) => {
    const text = known.get(id);
    if (typeof text !== 'string') throw fail(`label_descriptions has no text for ${id}`);
    return text;
  });
}

/** A list of names or of `[id, name]`; or of `[index, name]` or `[name, index]`, in any order. */
function namesInList(items: readonly unknown[], fail: TextFailure): string[] {
  const pairs = items.filter((item): item is [unknown, unknown] => Array.isArray(item) && item.length === 2);
  const numbered = pairs.filter((pair) => pair.some((part) => typeof part === 'number'));
  if (numbered.length > 0 && numbered.length === items.length) return namesInPairs(numbered, fail);
  return items.map((item, i) => nameOf(item, `name ${i}`, fail));
}

/** From index to name, or the other way round: whichever side has nothing but indices. */
function namesInPairs(pairs: readonly (readonly [unknown, unknown])[], fail: TextFailure): string[] {
  if (pairs.length === 0) throw fail('there are no names');
  if (pairs.every(([, value]) => typeof value === 'number')) {
    return byIndex(
      pairs.map(([name, index]) => [index as number, nameOf(name, `index ${index}`, fail)]),
      fail,
    );
  }
  return byIndex(
    pairs.map(([key, value]) => {
      const index =
        typeof key === 'number' ? key : typeof key === 'string' && /^\d{1,7}$/.test(key) ? Number(key) : undefined;
      if (index === undefined)
        throw fail(`expected indices of classes as keys, received ${describe(key)}`, {
          hint: 'give a list of names, or an object from index to name.',
        });
      return [index, nameOf(value, `index ${index}`, fail)];
    }),
    fail,
  );
}

function nameOf(item: unknown, where: string, fail: TextFailure): string {
  const isPair = Array.isArray(item) && item.length === 2 && typeof item[0] === 'string';
  const name: unknown = isPair ? item[1] : item;
  if (typeof name !== 'string') throw fail(`${where}: expected label names, received ${describe(name)}`);
  if (name.trim() === '') throw fail(`${where} is blank`);
  return name;
}

/** Names in the order of their indices, which must be 0, 1, 2, ... @throws what `fail` makes */
export function byIndex(pairs: readonly (readonly [number, string])[], fail: TextFailure): string[] {
  const names = new Map<number, string>();
  for (const [index, name] of pairs) {
    if (names.has(index)) throw fail(`the index ${index} occurs twice`);
    names.set(index, name);
  }
  const list = Array.from({ length: pairs.length }, (_, i) => names.get(i));
  const missing = list.indexOf(undefined);
  if (missing < 0) return list as string[];
  const fromOne = missing === 0 && names.has(pairs.length);
  throw fail(`the labels must be numbered from 0 without gaps; ${missing} is missing`, {
    ...(fromOne ? { hint: 'these are numbered from 1: class 0 of a network is its first.' } : {}),
  });
}
