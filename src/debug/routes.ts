/**
 * The debugger's own pages and commands, below its path.
 *
 * @module
 */
import { textResponse } from "../host/text_response.ts";
import type { MountState } from "../mount.ts";
import { type Askable, command, type CommandTools, isCommand } from "./commands.ts";
import { refuseOrigin } from "./same_origin.ts";
import type { DebugSettings } from "./debug_options.ts";
import type { PageTools } from "./page/document.ts";
import { NO_ERROR, renderConsole, renderGone, renderList } from "./page/others.ts";
import type { ErrorRecord } from "./records.ts";
import { jsonResponse, pageResponse } from "./page_response.ts";
import type { Store } from "./store.ts";

/** What the pages and commands need. */
export interface RouteTools extends Omit<CommandTools, "path" | "find" | "trustedProxies"> {
  /** The options. */
  readonly settings: DebugSettings;
  /** The errors that are kept. */
  readonly records: Store<ErrorRecord>;
  /** The console that belongs to no error, where it is wanted. */
  readonly alone: Askable | undefined;
  /** Why no command is answered, if none is. */
  readonly closed: string | undefined;
  /** Renders an error. */
  page(record: ErrorRecord, tools: PageTools): string;
}

/**
 * Answers a request for something of the debugger's own.
 *
 * - 400 for a host that is not trusted, 403 for a request that may come from elsewhere.
 * - 404 for what is not there, 410 for an error that is not kept any more.
 *
 * @param name What is asked for, below the path: `""`, `/console`, `/evaluate`, or the id of an error.
 */
export async function route(
  request: Request,
  mount: MountState,
  name: string,
  address: string | undefined,
  tools: RouteTools,
): Promise<Response> {
  const { settings, records, alone, token } = tools;
  const refused = refuseOrigin(request, address, settings);
  if (refused) {
    settings.log(`debug: refused ${request.method} ${settings.path}${name}: ${refused.reason}`);
    return jsonResponse(request, refused.status, { reason: "This is not for you." });
  }
  const own = name.slice(1);
  const path = mount.base + settings.path;
  if (isCommand(own)) {
    if (tools.closed !== undefined) return jsonResponse(request, 403, { reason: tools.closed });
    const { trustedProxies } = settings;
    const find = (id: string): Askable | undefined => id === NO_ERROR ? alone : records.get(id);
    return await command(request, own, { ...tools, trustedProxies, path, find });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    const status = request.method === "OPTIONS" ? 204 : 405;
    return new Response(null, { status, headers: { allow: "GET, HEAD" } });
  }
  const show = (status: number, render: (tools: PageTools) => string): Response =>
    pageResponse(request, status, (nonce) => render({ nonce, path, token }));
  if (own === "") {
    const reports = records.all().map(({ report }) => report);
    return show(200, (page) => renderList(reports, alone !== undefined, page));
  }
  if (own === NO_ERROR && alone) return show(200, renderConsole);
  if (!/^[0-9a-f-]{36}$/.test(own)) return textResponse(request, 404, "Not Found");
  const record = records.get(own);
  return record ? show(200, (page) => tools.page(record, page)) : show(410, renderGone);
}
