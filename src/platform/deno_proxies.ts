/**
 * Deno's clients without the proxies that the environment names.
 *
 * @module
 */
/** The part of Deno that is used here. */
interface DenoEnvironment {
  readonly permissions: {
    querySync(descriptor: { name: "env"; variable: string }): { readonly state: string };
  };
  readonly env: {
    get(name: string): string | undefined;
    set(name: string, value: string): void;
    delete(name: string): void;
  };
}

/** The variables that Deno takes proxies from. */
const PROXIES = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"]
  .flatMap((name) => [name, name.toLowerCase()]);

/**
 * Makes a client while the environment names no proxy: it looks there but once, and has no option
 * not to. Nothing else runs meanwhile. What the app must not read stays as it is.
 */
export function withoutProxies<T>(make: () => T): T {
  const { permissions, env } = (globalThis as unknown as { Deno: DenoEnvironment }).Deno;
  const hidden = PROXIES.flatMap((variable) => {
    // Asking for it would have the user asked.
    const { state } = permissions.querySync({ name: "env", variable });
    const value = state === "granted" ? env.get(variable) : undefined;
    return value === undefined ? [] : [[variable, value] as const];
  });
  for (const [name] of hidden) env.delete(name);
  try {
    return make();
  } finally {
    for (const [name, value] of hidden) env.set(name, value);
  }
}
