/** The host of the sources, for tests that make responses as our own handlers do. */
import { serve } from "../../src/node.ts";
import { hostOf } from "./host.ts";

export const { answer, serving } = hostOf(serve);
