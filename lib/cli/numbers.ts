/** Parsers of numbers in options. */
import { InvalidArgumentError } from 'commander';

/** A parser for integers in a range. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Expected an integer from ${min} to ${max}.`);
    return value;
  };
}

/** A parser for shares, 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || value > 1) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}
