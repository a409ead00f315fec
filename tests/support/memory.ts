/** A source in memory that counts what is opened and closed. */
import type { Entry, Source } from "../../src/static/source.ts";

export interface MemoryFile {
  readonly text: string;
  readonly etag?: string;
  readonly lastModified?: number;
  readonly type?: string;
}

export class Memory implements Source {
  opened = 0;
  closed = 0;
  readonly asked: string[] = [];
  readonly #files: Map<string, MemoryFile>;
  constructor(files: Readonly<Record<string, MemoryFile>>) {
    this.#files = new Map(Object.entries(files));
  }
  find(segments: readonly string[]): Entry | undefined {
    const path = segments.join("/");
    this.asked.push(path);
    const file = this.#files.get(path);
    if (!file) return undefined;
    const bytes = new TextEncoder().encode(file.text);
    return {
      ...file,
      name: segments.at(-1) ?? "",
      size: bytes.length,
      open: () => {
        this.opened++;
        return bytes;
      },
      close: () => void this.closed++,
    };
  }
}
