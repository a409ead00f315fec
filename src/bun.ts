/**
 * What `Bun.serve` needs to proxy WebSockets.
 *
 * ```ts
 * import { bunWebSocket } from "@handwerk/handwerk/bun";
 *
 * // Bun.serve({ fetch: app, websocket: bunWebSocket });
 * console.log(typeof bunWebSocket.message); // function
 * ```
 *
 * @module
 */
export { type BunSocket, bunWebSocket, type BunWebSocketHandlers } from "./platform/bun_adapter.ts";
