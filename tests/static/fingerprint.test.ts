/** Which names are immutable with `cache: "auto"`: those of build tools, and none of people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory, notFound, serveStatic } from "handwerk";

const YEAR = "public, max-age=31536000, immutable";
const policyOf = async (path: string, prefix = "/"): Promise<string | null> => {
  const app = serveStatic({ [prefix]: memory({ [path]: "x" }) }, { cache: "auto" })(notFound);
  const at = prefix === "/" ? "" : prefix;
  const { status, headers } = await app(new Request(`http://host${at}/${encodeURI(path)}`));
  assert.equal(status, 200, path);
  return headers.get("cache-control");
};

/** Names as the tools write them by default. */
const BUILT: Readonly<Record<string, string>> = {
  "Vite and Rollup": `assets/index-DiwrgTda.js index-DiwrgTda.js assets/index-BVOCwoKb.css
    assets/logo-BVOCwoKb.svg assets/_plugin-vue_export-helper-DlAUqK2U.js assets/index-CpCVZ4Gv.js
    assets/About-B-bXGtAI.js assets/index-Dq7h7Pqt.css assets/hero-BfW3N1Hq.png
    assets/vendor-BX9k1-3s.js assets/Inter-Bold-C2r-LmX_.woff2 assets/index-DiwrgTda.js.map
    assets/logo-DaG_Pn4l.svg assets/Inter-Bold-axxqzGsn.woff2 assets/bg-Dh_KEbNK.png
    assets/index-Cl7Oh-lJ.css assets/shared-fMVQuQ_9.js assets/About-BUScYm4r.js
    assets/lazy-one-H5QA145B.js assets/settings-C5Os7vjT.js assets/index-BreWVEJ6.js`,
  "Vite 2 and 3": "assets/index.5ecd60fb.js assets/vendor-4f2a1b3c.js assets/logo.03d6d6da.png",
  webpack: `main.7e2c49a622975ebd9b7e.js main.7e2c49a622975ebd9b7e.css 7e2c49a622975ebd9b7e.png
    332.a464460ec2a2d5c5d83b.js 4335177d33c2b0ac2094.svg main.3353ee03c68ba4ace917.js
    787.cda612ba.chunk.js main.5ecd60fb.js.map static/js/main.5ecd60fb.js
    static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg main.5ecd60fb.js.LICENSE.txt`,
  Next: `_next/static/chunks/main-5ecd60fb1234abcd.js _next/static/css/a1b2c3d4e5f60718.css
    _next/static/media/e4af272ccee01ff0-s.p.woff2 _next/static/chunks/4bd1b696-100b9d70ed4e49c1.js
    _next/static/chunks/app/page-0d2f3a1b4c5e6f70.js _next/static/k3Jd8-sLq0Zx/_buildManifest.js
    _next/static/chunks/pages/_app-5841ab2cb3aa228d.js app/_next/static/chunks/2f3~x.js`,
  Astro: `_astro/index.DiwrgTda.css _astro/hoisted.Bp2bJ2sK.js _astro/photo.Bp2bJ2sK_Z1abcD.webp
    _astro/page.abcdefgh.js`,
  SvelteKit: `_app/immutable/chunks/DiwrgTda.js _app/immutable/entry/start.BVOCwoKb.js
    _app/immutable/nodes/0.CpCVZ4Gv.js _app/immutable/assets/0.Dq7h7Pqt.css`,
  Nuxt: "_nuxt/DiwrgTda.js _nuxt/entry.BVOCwoKb.css",
  Parcel:
    "index.5ecd60fb.js index.5ecd60fb.css logo.c43d04bd.svg index.5ecd60fb.js.map vite.0c7a8d64.js lazy-one.e54a82eb.js bg.1ba1fce1.png Inter-Bold.b31ac71a.woff2",
  "esbuild and Angular": `chunk-2V5SQ5WD.js chunk-OGUTYHEZ.js logo-4H2BQX5L.png main-5INURTSO.js
    polyfills-FFHMD2TL.js styles-5INURTSO.css media/roboto-4H2BQX5L.woff2 chunk-2V5SQ5WD.js.map
    About-KAIOFOZI.js Inter-Bold-UDYYO3YT.woff2 bg-XGU43TP4.png chunk-3PZWSHMR.js chunk-EMMPVGLW.js
    chunk-WXKQTMQC.js lazy-one-Y2TDHAW5.js logo-GRZ4HCHM.svg settings-FLLCVQAB.js`,
  "Angular before 17": "main.1c3a8f7e5b2d4096.js runtime.7e2c49a622975ebd9b7e.js",
};
for (const [tool, paths] of Object.entries(BUILT)) {
  test(`${tool}: built files are immutable`, async () => {
    for (const path of paths.split(/\s+/)) assert.equal(await policyOf(path), YEAR, path);
  });
}

test("fingerprints: the output folder of a tool may be the export", async () => {
  assert.equal(await policyOf("k3Jd8/_buildManifest.js", "/_next/static"), YEAR);
  assert.equal(await policyOf("page.abcdefgh.js", "/_astro"), YEAR);
  assert.equal(await policyOf("logo-BVOCwoKb.svg", "/assets"), YEAR);
});

test("fingerprints: pages and manifests are never immutable", async () => {
  assert.equal(await policyOf("_astro/page.4fa9c21b.html"), "no-cache");
  for (
    const path of [
      "_app/version.json",
      "_nuxt/builds/latest.json",
      "_next/static/development/_buildManifest.js",
      "my_next/static/app.js",
      "asset-manifest.json",
      "service-worker.js",
    ]
  ) assert.doesNotMatch(await policyOf(path) ?? "", /immutable/, path);
});

/** More than two hundred names that people give to files. */
const HUMAN = `
  report-version2.pdf photo-summer2024.jpg report-20240131.pdf scan-2024-01-31.pdf IMG_1234.jpg
  IMG_20240131_123456.jpg IMG-20240131-WA0001.jpg photo-IMG_1234.jpg holiday-DSC01234.jpg
  DSC_0042.NEF PXL_20240131_123456789.jpg VID_20240131_123456.mp4 MVI_0001.avi GOPR0042.MP4
  Screenshot-2024-01-31-at-12.34.56.png Screenshot_20240131-123456.png screenshot-20240131.png
  logo-LinkedIn.svg logo-YouTube.svg logo-GitHub2.svg logo-PowerBI2.svg photo-iPhone12.jpg
  photo-iPadAir2.jpg photo-JohnDoe1.jpg portrait-McDonald.jpg assets/logo-LinkedIn.svg
  assets/photo-JohnDoe1.jpg assets/portrait-McDonald.jpg assets/photo-Birthday.jpg
  assets/team-AnnaLena.jpg assets/doc-Q3Report.pdf sales-Q3Report.pdf sales-FY26PLAN.xlsx
  sales-B2BSales.pptx report-SUMMARY2.pdf photo-SUMMER24.jpg photo-HOLIDAY5.jpg letter-VACATION.pdf
  contract-CONTRACT.pdf invoice-INVOICE2.pdf invoice-INV20240131.pdf invoice-12345678.pdf
  invoice-00004711.pdf README-GERMANY2.md CHANGELOG-20240101.md CHANGELOG.md README.md LICENSE.txt
  menu-cafe2024.pdf menu-cafe2024.js 2024cafe.pdf menu.cafe2024.css face-face2020.png
  bead-decade90.jpg deadbeef.js app-deadbeef.js facade-facade.jpg jquery-3.7.1.min.js
  jquery-3.7.1.slim.min.js jquery-migrate-3.4.1.js jquery-migrations.js bootstrap-5.3.3.min.css
  bootstrap.bundle.min.js bootstrap-icons.css fontawesome-6.5.1.css d3.v7.min.js three.module.js
  vue.global.prod.js react-dom.production.min.js lodash-4.17.21.js moment-2.30.1.min.js htmx.min.js
  alpine-3.13.5.min.js app.js main.js index.js bundle.js vendor.js runtime.js polyfills.js style.css
  styles.css main.css theme-dark.css theme-light.css print.css fonts.css app.min.js app.bundle.js
  app-settings.js app-production.js main-dashboard.css main-homepage.js view-userlist.js
  view-UserList.js page-Web3Home.js lib-D3Charts.js page-V2Header.js lib-UIWidget.js page-MainMenu.js form-FormSave.js chart-BarChart.js app-version2.js
  app-VERSION2.js app-release2.css build-RELEASE2.js app-20240131.js bundle-20240131.css
  site-v2-final.css final-final2.docx thesis-final_v2.docx thesis-final-v3.docx draft-v2final2.docx
  notes-OpenSSL3.txt notes-meeting.txt minutes-january.pdf minutes-2024-01.pdf budget-2024.xlsx
  budget2024.xlsx budget-2024-final.xlsx plan-2024Q1.pdf timetable-summer.pdf price-list.pdf
  brochure-english.pdf brochure-deutsch.pdf brochure-francais.pdf flyer-DINA4.pdf poster-A1.pdf
  floorplan-level2.png map-world.svg map-1920x1080.png banner-1200x630.jpg wallpaper-3840x2160.jpg
  icon-192x192.png icon-512.png favicon-32x32.png favicon.ico apple-touch-icon.png logo.svg logo2.svg
  logo-final.ai logo@2x.png hero-1600w.webp hero.avif team-photo.jpg about-us.html page-about-us.js
  contact.php robots.txt sitemap.xml manifest.json site.webmanifest sw.js feed.xml data.json
  data-2024.csv export-20240131.csv export-20240131T123456.csv backup-20240131.sql
  backup.20240131.tar.gz backup-20240131123456.zip database.sqlite dump.sql.gz access.log
  server-error.log song-track01.mp3 01-intro.mp3 01 - Intro.mp3 podcast-episode12.mp3
  podcast-s01e02.mp3 show.S01E02.1080p.mkv movie-trailer.mp4 lecture-week03.mp4 lecture-03.mp4
  interview-part2.wav sample-44100hz.wav voice-memo.m4a ringtone.mp3 video-1080p60.mp4
  setup-1.2.3.exe setup-x64.msi installer-64bit.exe app-1.2.3.dmg app-release.apk app-debug.apk
  app-arm64-v8a.apk firmware-v1_2_3.bin firmware-20240131.bin driver-win10x64.zip linux-amd64.tar.gz
  handwerk-0.1.0.tgz node-v24.21.0.pkg debian-12.iso ubuntu-24.04-desktop-amd64.iso rfc9110.txt
  rfc9110-http.pdf iso8601.pdf ieee80211.pdf utf8-test.txt base64url.txt sha256sums.txt md5sum.txt
  Roboto-Regular.woff2 Roboto-Semibold.woff2 Roboto700.woff2 OpenSans-SemiBold.ttf
  Inter-VariableFont.ttf NotoSans-ExtraBold.otf inter-latin-400.woff2 MaterialIcons.woff2
  550e8400-e29b-41d4-a716-446655440000.jpg photo-550e8400-e29b-41d4-a716-446655440000.jpg
  user-00000042.png order-10000001.pdf ticket-ABC12345.pdf ticket-AB123456.pdf isbn-9783161484100.pdf
  plate-MUC12345.jpg flight-LH123456.pdf model-GTX1080Ti.pdf model-RTX4090.pdf part-XJ900-12.pdf
  kfz-SHG0815.pdf Über-uns.pdf Prüfung-2024.pdf résumé-marie.pdf 写真-2024.jpg фото-2024.jpg
  Kopie-von-Plan.pdf copy-of-report.docx Untitled-1.psd Untitled1.ipynb untitled.txt New-Text.txt
  new-document-2.odt presentation-final.pptx slides-PowerPoint.pptx slides-KeyNote1.key talk-notes.md
  chapter01.tex chapter-one.md appendix-b.pdf figure-2b.eps table-s1.xls supplement-s3.pdf
  thesis-2024-jdoe.pdf cv-jane-doe.pdf CV_JaneDoe_2024.pdf CV-JaneDoe.pdf letter-to-bank.odt
  contract_signed.pdf contract-signed2.pdf tax-return-2023.pdf receipt-amazon.pdf recipe-applepie.pdf
  playlist-summer.m3u8 segment-00001.ts segment00001.ts init-stream0.m4s chunk-stream0-00001.m4s
`.trim().split(/(?:\n| (?!- |Intro))\s*/);

test(`none of ${HUMAN.length} names that people give is immutable`, async () => {
  assert.ok(HUMAN.length >= 200);
  assert.equal(new Set(HUMAN).size, HUMAN.length);
  const taken: string[] = [];
  for (const path of HUMAN) {
    if (/immutable/.test(await policyOf(path) ?? "")) taken.push(path);
  }
  assert.deepEqual(taken, []);
});
