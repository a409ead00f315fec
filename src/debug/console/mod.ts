/**
 * The console of the debugger, and the inspector of values. For the rest of the debugger.
 *
 * @module
 */
export {
  type ConsoleAnswer,
  type ConsoleOptions,
  createConsole,
  type FrameConsole,
} from "./console.ts";
export { type InspectLimits, inspectValue, membersOf } from "./inspect.ts";
export { inspectScope } from "./scope.ts";
