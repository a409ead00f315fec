/**
 * The frames on the page. Everything can be opened and read without a script.
 *
 * @module
 */
import { Html, html } from "../../http/html.ts";
import type { FrameModel } from "../model.ts";
import { frameName, kinds, placeOf, runs, visible } from "../render/text.ts";
import { codeOf } from "./code.ts";

/** Frames, those of libraries and of the runtime folded. */
export function framesOf(frames: readonly FrameModel[], editor: string | undefined): Html {
  const first = frames.find(({ kind, excerpt }) => kind === "application" && excerpt) ??
    frames.find(({ live }) => live);
  const items = runs(frames).map((run) => {
    const [frame] = run;
    if (frame?.kind === "application") return item(frame, frame === first, editor);
    const inside = run.map((frame) => item(frame, false, editor));
    const count = run.length === 1 ? "1 frame" : `${run.length} frames`;
    return html`
      <li>
        <details class="fold">
          <summary>${count} of ${kinds(run)}</summary>
          <ol class="frames">${inside}</ol>
        </details>
      </li>
    `;
  });
  return html`<ol class="frames">${items}</ol>`;
}

function item(frame: FrameModel, open: boolean, editor: string | undefined): Html {
  const { kind, shortFile, live, id } = frame;
  const body = [
    editor === undefined || kind === "runtime" || frame.line === 0 ? "" : html`
      <p
        class="edit"><a href="${editorLink(editor, frame)}">Open in the editor</a></p>
    `,
    codeOf(frame),
    live ? html`<div class="live" data-frame="${id}" hidden></div>` : "",
  ];
  return html`
    <li>
      <details class="frame ${kind}" ${new Html(open ? "open" : "")}><summary><span
        class="name">${frameName(frame)}</span> <span class="place">${visible(
          shortFile,
        )}<b>${placeOf(frame)}</b></span>${live
          ? html`
            <span class="tag">live</span>
          `
          : ""}</summary>${body}</details>
    </li>
  `;
}

function editorLink(template: string, { file, line, column }: FrameModel): string {
  const values: Readonly<Record<string, string>> = {
    "{file}": file.split("/").map(encodeURIComponent).join("/"),
    "{line}": String(line),
    "{column}": String(Math.max(1, column)),
  };
  return template.replace(/\{(?:file|line|column)\}/g, (name) => values[name] ?? name);
}
