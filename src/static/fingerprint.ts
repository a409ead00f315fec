/**
 * Names with a hash of the content, which build tools make. Such a file may be cached forever. A
 * wrong guess cannot be taken back, so the rules are strict.
 *
 * @module
 */

/** Folders in which all files have such names. */
const FOLDERS =
  /(?:^|\/)(?:_next\/static\/(?!development\/)|_app\/immutable\/|_astro\/|_nuxt\/(?!builds\/))/;
/** What follows the fingerprint: `.js`, `.chunk.css`, `.js.map`. */
const TAIL = /^(?:\.chunk)?\.([a-z][a-z0-9]{0,9})(?:\.[A-Za-z0-9]{1,8}){0,2}$/;
/** Extensions of files that people seldom name with a part of eight characters. */
const CODE = new Set(["js", "mjs", "css", "wasm"]);
/** The folder that Vite writes to. */
const ASSETS = /(?:^|\/)assets\/[^/]*$/;
/** The most dots from the hash on: `.js`, `.chunk.js.map`. */
const MOST_DOTS = 4;
/** A long hash at the end of a name without its extension. */
const LONG_HASH = /(?:^|[.-])([0-9a-f]{16}|[0-9a-f]{20}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Whether a path has a hash as Vite, webpack, Next, Astro, SvelteKit, Nuxt, Parcel, esbuild or Angular
 * make it by default. A name that a person may have given does not count.
 */
export function isFingerprinted(path: string): boolean {
  if (FOLDERS.test(path)) return true;
  const name = path.slice(path.lastIndexOf("/") + 1);
  let dot = name.length;
  for (let dots = 0; dots < MOST_DOTS; dots++) {
    dot = name.lastIndexOf(".", dot - 1);
    if (dot < 1) return false;
    const [, extension] = TAIL.exec(name.slice(dot)) ?? [];
    if (extension === undefined) continue;
    const isCode = CODE.has(extension);
    const before = name[dot - 9];
    const last = name.slice(Math.max(dot - 8, 0), dot);
    if (isShortHash(last, before, isCode) || isLongHash(name.slice(0, dot))) return true;
    if (before === "-" && isRandom(last, isCode, isCode || ASSETS.test(path))) return true;
  }
  return false;
}

/** webpack, Next, Angular before version 17. */
function isLongHash(name: string): boolean {
  const [, text] = LONG_HASH.exec(name) ?? [];
  return text !== undefined && turns(text) > 1;
}

/** Parcel, webpack with eight digits. */
function isShortHash(text: string, before: string | undefined, isCode: boolean): boolean {
  if ((before !== "." && before !== "-") || !/^[0-9a-f]{8}$/.test(text)) return false;
  // `menu-cafe2024.pdf`
  const least = before === "." || isCode ? 1 : 2;
  return turns(text) >= least && !/^(?:[a-f]{4}(?:19|20)\d\d|(?:19|20)\d\d[a-f]{4})$/.test(text);
}

/** The number of changes between digits and letters. */
function turns(text: string): number {
  return text.match(/\d(?=\D)|\D(?=\d)/g)?.length ?? 0;
}

/** Vite and Rollup (base 64), esbuild and Angular (base 32). */
function isRandom(text: string, isCode: boolean, isVite: boolean): boolean {
  const isWord = WORD.test(text);
  if (BASE_32.test(text)) return oddity(text) >= (isCode ? 1 : isWord ? 4 : 3);
  return isVite && !isWord && BASE_64.test(text) && oddity(text) >= (isCode ? 2 : 3);
}

const BASE_32 = /^[A-Z2-7]{8}$/;
const BASE_64 = /^[\w-]{8}$/;
/** A word, a number, or both: `Birthday`, `version2`, `IMG_1234`, `2024plan`. */
const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+)?[_-]?\d*$|^\d+[_-]?(?:[A-Z]?[a-z]*|[A-Z]+)$/;

/** Two words with a number between them: `Web3Home`, `Q3Report`. */
const NUMBERED = /^[A-Z]?[a-z]*\d+[A-Z][a-z]+\d*$/;

/** The letters that follow `a` in words, those that follow `b`, and so on. */
const FOLLOWING =
  ("abcdefghiklmnprstuvwxyz abcdefijlmnoprstuy acdefhiklmnoprstuy abcdefgijklmnoprstuvy " +
    "abcdefghijklmnopqrstuvwxyz aefilmnorstuy aceghilmnoprstu adeilmnorstuy abcdefgklmnopqrstuvxz " +
    "aeiosu adegilnorstuw abcdefghiklmnopstuvy abcdeilmnopstuy abcdefghijklmnoprstuvyz " +
    "abcdefghijklmnoprstuvwxy acdefghiklmoprstuy su abcdefgiklmnoprstuvwy abcdefghiklmnopqrstuvwy " +
    "abcdefghilmnoprstuvwy abcdefgilmnoprst aceios adehilnors aceimptxy abcefgilmnopstw aeio")
    .split(" ");

/**
 * How unlike words a text is, such as `UserList` or `iPhone12`: counts pairs of letters that words do
 * not have, and boundaries of words.
 */
function oddity(text: string): number {
  const capitals = /[A-Z]{4}/.test(text);
  const oneCase = !/[a-z]/.test(text);
  const isNumbered = NUMBERED.test(text);
  const end = text.length - (/\d*$/.exec(text)?.[0].length ?? 0);
  let count = oneCase || !/[A-Z]{5}|[A-Z]{2}[a-z]$/.test(text) ? 0 : 1;
  for (let i = 1; i < end; i++) {
    const turn = kind(text, i - 1) + kind(text, i);
    if (turn === "aa" || turn === "Aa") count += isPair(text, i) ? 0 : 2;
    // Most abbreviations have at most three letters.
    else if (turn === "AA") {
      count += (!oneCase && !capitals) || isPair(text, i) ? 0 : oneCase ? 2 : 1;
    } // A single small letter between capitals is not a word.
    else if (turn === "aA") count += i > 1 && kind(text, i - 2) === "A" ? 2 : 1;
    else if (turn === "0a") count += 2;
    else if (turn === "a0" || turn === "A0" || (turn === "0A" && !isNumbered)) count += 1;
  }
  return count;
}

function kind(text: string, at: number): "a" | "A" | "0" | "_" {
  const code = text.charCodeAt(at);
  if (code >= 97) return "a";
  return code >= 65 && code <= 90 ? "A" : code >= 48 && code <= 57 ? "0" : "_";
}

/** Whether words have the letter at an index after the letter before it. */
function isPair(text: string, at: number): boolean {
  const [one = "", other = ""] = text.slice(at - 1, at + 1).toLowerCase();
  return (FOLLOWING[one.charCodeAt(0) - 97] ?? "").includes(other);
}
