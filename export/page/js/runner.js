/** @file Runs a program (export/page/program.py): each step is prepared once and then run for every z. */

import { Machine } from "./machine.js";
import { product } from "./shapes.js";
import { STEPS } from "./steps.js";
import { scratchSize } from "./windows.js";

/**
 * @typedef {import("./steps.js").Floats} Floats
 * @typedef {{shapes: number[][], constants: number[], steps: import("./steps.js").Step[], source: number,
 *   results: number[]}} Program
 */

/** A program that is ready to run. Its arrays are in one memory and are reused for every run. */
export class Runner {
  /** @param {Program} program */
  constructor(program) {
    const { shapes } = program;
    this.program = program;
    const scratch = scratchSize(program);
    const made = shapes.map((shape) => product(shape));
    this.machine = new Machine(made.reduce((all, size) => all + size, 0), scratch, made.length);
    /** @type {Floats[]} */
    this.values = new Array(shapes.length);
    for (const number of [...program.constants, program.source]) {
      this.values[number] = this.machine.array(product(shapes[number]));
    }
    /** @type {(() => void)[]} */
    this.runs = [];
    for (const step of program.steps) {
      if (step.op === "view") {
        this.values[step.out] = this.values[step.in[0]];
        continue;
      }
      this.values[step.out] = this.machine.array(product(shapes[step.out]));
      const x = step.in.map((number) => this.values[number]);
      const before = step.in.map((number) => shapes[number]);
      const [out, shape] = [this.values[step.out], shapes[step.out]];
      this.runs.push(STEPS[step.op]({ step, x, shapes: before, out, shape, machine: this.machine }));
    }
  }

  /**
   * Take other weights.
   * @param {Floats[]} constants in the order of the program's
   * @returns {void}
   */
  load(constants) {
    this.program.constants.forEach((number, index) => {
      this.values[number].set(constants[index]);
    });
  }

  /**
   * @param {ArrayLike<number>} input
   * @param {ArrayLike<number>} also the last numbers of the input
   * @returns {Floats[]} the results, which the next run overwrites
   */
  run(input, also = []) {
    const source = this.values[this.program.source];
    source.set(input);
    source.set(also, source.length - also.length);
    for (const run of this.runs) run();
    return this.program.results.map((number) => this.values[number]);
  }
}
