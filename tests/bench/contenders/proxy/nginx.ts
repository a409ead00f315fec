import type { Listening, Site } from "../../support/contender.ts";
import { nginx, nginxVersion } from "../../support/nginx.ts";

export const name = "nginx";
export const version = nginxVersion();
export const runtime = "node"; // starts it
export const start = ({ upstream }: Site): Promise<Listening> =>
  nginx(
    `location / { proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection "";
       proxy_request_buffering off; }
     location /events { proxy_pass http://upstream; proxy_buffering off; }`,
    `upstream upstream { server ${new URL(upstream).host}; keepalive 64; }`,
  );
