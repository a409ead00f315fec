/**
 * The style sheet of the pages.
 *
 * @module
 */

/** The style sheet. */
export const STYLE = `:root{color-scheme:light dark;
--paper:light-dark(#faf9f6,#191816);--card:light-dark(#fff,#211f1d);--ink:light-dark(#24211d,#e8e4dc);
--quiet:light-dark(#6a635a,#a8a095);--line:light-dark(#e4dfd6,#3a3632);--red:light-dark(#a83220,#ff8f78);
--here:light-dark(#fdeae4,#40231d);--mark:light-dark(#f5bdae,#7c3526);--link:light-dark(#1b5e8c,#86c1ea);
--green:light-dark(#2d6a3e,#8fcf9f);--violet:light-dark(#70429a,#c9a4ec);--gold:light-dark(#875400,#e3b563);
--mono:ui-monospace,"SF Mono","Cascadia Code",Menlo,Consolas,"DejaVu Sans Mono",monospace}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
.top,main,footer{max-width:64rem;margin:0 auto;padding:0 1.5rem}
.top{padding-top:2.5rem;padding-bottom:.5rem}
h1{font-size:1.6rem;line-height:1.3;font-weight:600;margin:.25rem 0 1rem;letter-spacing:-.01em;white-space:pre-wrap;max-height:12em;overflow:auto}
h2{font-size:1.1rem;line-height:1.4;margin:2.5rem 0 .75rem;font-weight:600;white-space:pre-wrap}
.kind{color:var(--red)}
.request{margin:0;color:var(--quiet);font:.875rem/1.5 var(--mono)}
.request b{color:var(--ink)}
.relation{color:var(--quiet);font-weight:400}
.relation::after{content:" ·"}
a{color:var(--link);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
button{font:inherit;font-size:.875rem;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.35rem .8rem;min-height:2.1rem;cursor:pointer}
button:hover{border-color:var(--quiet)}
.actions{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:0 0 1rem}
[role=status]{font-size:.875rem;color:var(--quiet)}
.notice,.note{border-left:3px solid var(--line);padding:.1rem 0 .1rem .9rem;margin:1rem 0;color:var(--quiet);font-size:.9375rem}
ol.frames,ol.errors,.tree{list-style:none;margin:0;padding:0}
.frames>li{margin:0 0 .5rem}
summary{cursor:pointer}
.frame{background:var(--card);border:1px solid var(--line);border-radius:.5rem;overflow:hidden}
.frame>summary{padding:.55rem .9rem;display:flex;flex-wrap:wrap;gap:.1rem .8rem;align-items:baseline;list-style:none}
.frame>summary::-webkit-details-marker{display:none}
.frame>summary:hover{background:light-dark(#f6f3ee,#282522)}
.frame>summary:focus-visible{outline-offset:-3px;border-radius:.5rem}
.frame[open]>summary{border-bottom:1px solid var(--line)}
.frame .name{font:600 .9rem/1.5 var(--mono)}
.frame .place{color:var(--quiet);font:.85rem/1.5 var(--mono)}
.frame .place b{color:var(--ink);font-weight:400}
.library>summary .name,.runtime>summary .name{font-weight:400}
.tag{font-size:.75rem;line-height:1.5;color:var(--green);border:1px solid;border-radius:1rem;padding:0 .5rem;margin-left:auto}
.fold{margin:.1rem 0 .1rem .9rem}
.fold>summary{color:var(--quiet);font-size:.875rem;padding:.15rem 0}
.fold>ol{margin:.5rem 0 .75rem}
.edit{margin:0;padding:.5rem .9rem 0;font-size:.875rem}
.none{margin:0;padding:.7rem .9rem;color:var(--quiet);font-size:.875rem}
.code{position:relative;overflow-x:auto;padding:.5rem 0}
.code:focus-visible,pre:focus-visible{outline-offset:-3px}
pre{margin:0;font:.85rem/1.6 var(--mono);tab-size:2}
.code pre{min-width:max-content}
.l{display:block;padding-right:1rem}
.l::before{content:attr(data-n);position:sticky;left:0;background:var(--card);display:inline-block;width:3.6rem;padding-right:1rem;text-align:right;color:var(--quiet);user-select:none}
.here{background:var(--here)}
.here::before{background:var(--here);color:var(--red);font-weight:700}
mark{background:var(--mark);color:inherit;border-radius:2px;box-shadow:0 0 0 1px var(--mark)}
.code i{font-style:normal}
i.c{color:var(--quiet)}i.s{color:var(--green)}i.k{color:var(--violet)}i.n{color:var(--gold)}
.more>summary{color:var(--quiet);font-size:.8rem;padding:.1rem 1rem .1rem 2.6rem;position:sticky;left:0;width:fit-content}
.related{margin-top:2.5rem}
.member,.error,.suppressed{border-left:3px solid var(--line);padding-left:1.25rem}
dl{margin:0;font:.85rem/1.5 var(--mono)}
dl>div{display:grid;grid-template-columns:minmax(7rem,14rem) 1fr;gap:0 1rem;padding:.25rem 0;border-bottom:1px solid var(--line)}
dl.details{margin:0 0 1rem}
dt{color:var(--quiet)}
dd{margin:0;white-space:pre-wrap}
.asked h2{display:flex;align-items:center;justify-content:space-between;gap:1rem}
.plain details{margin:.4rem 0}
.plain pre{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.9rem;margin-top:.5rem;overflow-x:auto}
footer{margin-top:3rem;padding-bottom:2.5rem;color:var(--quiet);font-size:.875rem}
footer p{margin:.25rem 0}
kbd{font:.8rem var(--mono);border:1px solid var(--line);border-radius:.25rem;padding:0 .3rem}
.errors li{padding:.75rem 0;border-bottom:1px solid var(--line)}
.errors a{color:inherit;font-weight:600}
.errors p{margin:.15rem 0 0;color:var(--quiet);font:.85rem/1.5 var(--mono)}
.live{border-top:1px solid var(--line);padding:.75rem .9rem}
.live[data-alone]{border:1px solid var(--line);border-radius:.5rem;background:var(--card)}
.live h2{font-size:.875rem;margin:0 0 .35rem}
.live h2+*{margin-bottom:.9rem}
.live p{margin:.3rem 0;font-size:.875rem;color:var(--quiet)}
.tree{font:.85rem/1.6 var(--mono)}
.tree .tree{padding-left:1.1rem;border-left:1px solid var(--line);margin-left:.3rem}
.tree li{padding-left:1.1rem}
.tree li:has(>details){padding-left:0}
.tree summary{list-style-position:outside;margin-left:1.1rem}
.key{color:var(--link)}
.key::after{content:": ";color:var(--quiet)}
.v-string{color:var(--green)}.v-number,.v-bigint,.v-boolean{color:var(--gold)}.v-undefined,.v-null,.v-getter{color:var(--quiet)}.v-function,.v-symbol{color:var(--violet)}
.out{max-height:28rem;overflow:auto;font:.85rem/1.6 var(--mono)}
.out pre{white-space:pre-wrap}
.out .typed{color:var(--quiet);margin-top:.4rem}
.out .typed::before{content:"› ";color:var(--link)}
.out .failed{color:var(--red)}
.entry{display:flex;gap:.5rem;align-items:flex-start}
.entry textarea{flex:1;min-width:0;resize:vertical;font:.85rem/1.6 var(--mono);color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.35rem .6rem;min-height:2.1rem}
dialog{border:1px solid var(--line);border-radius:.75rem;background:var(--card);color:inherit;padding:1.5rem;max-width:min(26rem,calc(100vw - 2rem))}
dialog::backdrop{background:#0008}
dialog h2{margin:0 0 .5rem}
dialog p{margin:.5rem 0;font-size:.9375rem}
dialog input{font:1.25rem var(--mono);letter-spacing:.08em;width:100%;padding:.5rem .75rem;color:inherit;background:var(--paper);border:1px solid var(--quiet);border-radius:.4rem;margin:.25rem 0 1rem}
dialog [role=alert]{color:var(--red);min-height:1.5em}
@media(max-width:40rem){.top,main,footer{padding-left:1rem;padding-right:1rem}.top{padding-top:1.5rem}h1{font-size:1.3rem}
.l::before{width:2.8rem;padding-right:.7rem}.more>summary{padding-left:1.6rem}.frame>summary{padding:.6rem .75rem}dl>div{grid-template-columns:1fr}
.frame .place{width:100%;order:1}}
@media print{.actions,footer,.live{display:none}}`;
