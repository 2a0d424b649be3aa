import { shapeText } from '../../core/shape.js';
import { table } from '../table.js';
import { type Item, isGroup, type Outline } from './outline.js';

/** The outline as an indented table. */
export function graphText({ items }: Outline): string {
  return table(
    ['layer', 'op', 'output', 'parameters', 'MACs'],
    items.flatMap((item) => rows(item, '')),
  );
}

function rows(item: Item, indent: string): (string | number)[][] {
  const { name, shape, parameters, macs } = item;
  const inner = isGroup(item) ? item.items.flatMap((child) => rows(child, `${indent}  `)) : [];
  return [[`${indent}${name}`, isGroup(item) ? '' : item.ops, shapeText(shape), parameters, macs], ...inner];
}
