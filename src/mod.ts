/**
 * Fetch-API handler combinators that nest in any order.
 *
 * @module
 */
export { compose, type Handler, type Middleware, notFound } from "./handler.ts";
