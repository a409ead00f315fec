/**
 * What `held.ts` does, for bundles that run where there is nothing better than `Response`.
 *
 * @module
 */
export { makeResponse as respondZeroCopy } from "../host/make_response.ts";
