// What a network costs: how each cost is called, and how its values are written.
import { shortCount, tickCount } from "./format.js";

const MILLI = 1000;
const milliseconds = (seconds) => `${Number((seconds * MILLI).toPrecision(3))} ms`;
const bytes = (count, ticks) => `${tickCount(count, ticks)}B`;

/** `start` names the start network's value in a search, where it has one. */
export const COSTS = {
  parameters: {
    title: "Parameters",
    tick: tickCount,
    text: (value) => `${shortCount(value)} parameters`,
    start: "start_parameters",
  },
  multiply_adds: {
    title: "Multiply-adds",
    tick: tickCount,
    text: (value) => `${shortCount(value)} multiply-adds`,
    start: "start_multiply_adds",
  },
  latency_1: {
    title: "Latency, one image",
    tick: milliseconds,
    text: (value) => `${milliseconds(value)} for one image`,
  },
  latency_64: {
    title: "Latency, 64 images",
    tick: milliseconds,
    text: (value) => `${milliseconds(value)} for 64 images`,
  },
  memory: { title: "Memory", tick: bytes, text: (value) => `${bytes(value)} of memory` },
};
