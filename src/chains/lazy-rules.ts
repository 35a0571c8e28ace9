import type { Rule } from './rule.ts';

/**
 * Rules that are made anew each time they are walked. A class of its own, since V8 makes a hidden class for
 * every single object that has an iterator of its own, and those are slow to make and slow to go away.
 */
export class LazyRules implements Iterable<Rule> {
  private readonly make: () => Iterable<Rule>;

  constructor(make: () => Iterable<Rule>) {
    this.make = make;
  }

  [Symbol.iterator](): Iterator<Rule> {
    return this.make()[Symbol.iterator]();
  }
}
