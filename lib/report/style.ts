import { markColors, markCount } from './marks.ts'

/** Colours of text, of surfaces, and of what must be seen at once. Tests hold them to WCAG's contrasts. */
export const pageColors = {
  light: { ink: '#1a1a1a', soft: '#5c5c5c', grid: '#dcdcdc', paper: '#ffffff', panel: '#f4f6f8', alarm: '#b3261e' },
  dark: { ink: '#ececec', soft: '#a9a9a9', grid: '#3a3a3a', paper: '#161616', panel: '#202327', alarm: '#ff8a80' },
} as const

const variables = (theme: 'light' | 'dark'): string => {
  const marks = Array.from({ length: markCount }, (_, i) => [
    `mark${i}`,
    markColors[theme][i % markColors[theme].length],
  ])
  return [...Object.entries(pageColors[theme]), ...marks].map(([name, value]) => `--${name}: ${value};`).join(' ')
}
const markClasses = Array.from({ length: markCount }, (_, i) => `.mark${i} { color: var(--mark${i}); }`).join('\n')

const charts = `
svg[viewBox] { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); }
svg text.soft { fill: var(--soft); }
svg .grid { stroke: var(--grid); }
svg .axis { stroke: var(--soft); }
svg .leader { stroke: var(--soft); stroke-width: 0.7; fill: none; }
svg .line { stroke: currentColor; stroke-width: 1.6; fill: none; }
svg .spread { stroke: currentColor; stroke-width: 1.2; fill: none; }
svg .full { fill: currentColor; stroke: currentColor; }
svg .hollow { fill: var(--paper); stroke: currentColor; stroke-width: 1.8; }
svg .main { stroke-width: 2.2; }
svg .alarm { fill: var(--alarm); opacity: 0.4; }
svg .ground { fill: var(--panel); }
svg .strip { fill: var(--soft); }
svg .out { fill: var(--alarm); opacity: 0.25; }
svg .mark { stroke: var(--soft); opacity: 0.6; }
svg .now { stroke: var(--ink); stroke-width: 1; visibility: hidden; }
`

const tables = `
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0.4rem 0; white-space: nowrap; }
details caption { font-weight: 400; color: var(--soft); }
th, td { padding: 0.15rem 0.7rem 0.15rem 0; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
th { font-weight: 600; vertical-align: bottom; }
tbody th, td { vertical-align: top; }
tbody th { font-weight: 400; }
th:first-child, td:first-child { text-align: left; }
table.texts td { white-space: normal; overflow-wrap: anywhere; min-width: 4.6rem; max-width: 30rem; }
tr.groups th { text-align: center; padding-left: 0.7rem; }
tr.groups :not(:first-child) { border-left: 1px solid var(--grid); }
div.wide { overflow-x: auto; margin: 1rem 0; }
`

/** On paper everything is open, in one column or two, and no chart is cut. */
const paper = `
@page { size: A4; margin: 10mm; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip, .scrubber, .readout, summary { display: none; }
  h2, h3, p.about, figcaption, caption, thead { break-after: avoid; }
  figure { break-inside: auto; }
  figcaption, svg, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  table { font-size: 6.5pt; line-height: 1.25; }
  th, td { padding: 0.05rem 0.25rem 0.05rem 0; }
  thead th, caption { white-space: normal; }
  tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 6em; }
  div.wide { overflow: visible; }
  details::details-content { content-visibility: visible; display: block; block-size: auto; }
  a { color: inherit; text-decoration: none; }
}
`

export const pageStyle = `
:root { color-scheme: light dark; ${variables('light')} }
@media screen and (prefers-color-scheme: dark) { :root { ${variables('dark')} } }
html { scroll-padding-bottom: 5rem; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
a { color: var(--mark0); }
:focus-visible { outline: 3px solid var(--mark0); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; background: var(--paper); padding: 0.5rem 1rem; z-index: 2; }
.skip:focus { left: 1rem; top: 0.5rem; }
h1 { font-size: 1.6rem; margin-bottom: 0.3rem; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; border-bottom: 1px solid var(--grid); }
h3 { font-size: 1rem; margin: 1.5rem 0 0; }
p.about { color: var(--soft); margin-top: 0; }
figure { margin: 1.5rem 0; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: 0.4rem; }
details { margin-top: 0.4rem; }
summary { color: var(--soft); cursor: pointer; }
${charts}${markClasses}
${tables}${paper}`
