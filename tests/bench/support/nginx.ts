/** nginx as a server of files, as a proxy, and as the upstream of proxies. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Listening } from "./contender.ts";
import { freePort } from "./listen.ts";

/** The version of nginx, or "" where there is none. */
export const nginxVersion = (): string =>
  /nginx\/([0-9.]+)/.exec(spawnSync("nginx", ["-v"], { encoding: "utf8" }).stderr ?? "")?.[1] ?? "";

/** Starts nginx as one process, with the inside of its `server` block. */
export async function nginx(server: string, http = ""): Promise<Required<Listening>> {
  const folder = mkdtempSync(join(tmpdir(), "handwerk-nginx-"));
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
  writeFileSync(
    config,
    `daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
     events { worker_connections 4096; }
     http { include /etc/nginx/mime.types; ${paths} access_log off; sendfile on; tcp_nopush on;
       keepalive_requests 10000000; client_max_body_size 0; ${http}
       server { listen 127.0.0.1:${port} backlog=4096; ${server} } }`,
  );
  const child = spawn("nginx", ["-c", config, "-p", folder], { stdio: "ignore" });
  process.once("exit", () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  await answers(port);
  return { port, pid: child.pid as number };
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on(
        "error",
        () => resolve(false),
      );
      socket.once("connect", () => socket.destroy());
    });
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("nginx does not answer");
}
