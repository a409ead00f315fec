/**
 * What `held.ts` does, for bundles that run where there is nothing better than `Response`.
 *
 * @module
 */
export { respond as respondHeld } from "../host/make_response.ts";
