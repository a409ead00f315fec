import type { Listening, Site } from "../../support/contender.ts";
import { nginx, nginxVersion } from "../../support/nginx.ts";

export const name = "nginx";
export const version = nginxVersion();
export const runtime = "node"; // starts it
export const start = ({ directory }: Site): Promise<Listening> =>
  nginx(`root ${directory}; expires 12h; gzip_static on;`, "open_file_cache max=1000;");
