/** A source in memory that counts what is found, opened and closed. */
import type { Found, Source } from "handwerk";

export interface MemoryFile {
  readonly text: string;
  readonly etag?: string;
  readonly lastModified?: number;
  readonly type?: string;
}

export class Memory implements Source {
  found = 0;
  opened = 0;
  closed = 0;
  readonly asked: string[] = [];
  readonly #files: Map<string, MemoryFile>;
  constructor(files: Readonly<Record<string, MemoryFile>>) {
    this.#files = new Map(Object.entries(files));
  }
  find(segments: readonly string[]): Found {
    const path = segments.join("/");
    this.asked.push(path);
    const file = this.#files.get(path);
    if (!file) {
      const below = path === "" ? "" : `${path}/`;
      return [...this.#files.keys()].some((name) => name.startsWith(below))
        ? "directory"
        : undefined;
    }
    this.found++;
    const bytes = new TextEncoder().encode(file.text);
    return {
      ...file,
      name: segments.at(-1) ?? "",
      size: bytes.length,
      open: ({ start, end } = { start: 0, end: bytes.length }) => {
        this.opened++;
        return bytes.slice(start, end);
      },
      close: () => void this.closed++,
    };
  }
}
