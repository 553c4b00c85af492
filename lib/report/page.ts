import { escapeText } from './markup.ts'
import { markCount, markColors } from './marks.ts'

const variables = (theme: 'light' | 'dark'): string =>
  Array.from({ length: markCount }, (_, i) => `--mark${i}: ${markColors[theme][i % markColors[theme].length]!};`).join(
    ' ',
  )

const light = `--ink: #1a1a1a; --soft: #5c5c5c; --grid: #dcdcdc; --paper: #ffffff; ${variables('light')}`
const dark = `--ink: #ececec; --soft: #a9a9a9; --grid: #3a3a3a; --paper: #161616; ${variables('dark')}`
const markClasses = Array.from({ length: markCount }, (_, i) => `.mark${i} { color: var(--mark${i}); }`).join('\n')

const style = `
:root { color-scheme: light dark; ${light} }
@media screen and (prefers-color-scheme: dark) { :root { ${dark} } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin-bottom: 0.3rem; }
h2 { font-size: 1.25rem; margin-top: 2.5rem; border-bottom: 1px solid var(--grid); }
p.about { color: var(--soft); margin-top: 0; }
figure { margin: 1.5rem 0; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: 0.4rem; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); }
svg text.soft { fill: var(--soft); }
svg .grid { stroke: var(--grid); }
svg .axis { stroke: var(--soft); }
svg .leader { stroke: var(--soft); stroke-width: 0.7; fill: none; }
svg .line { stroke: currentColor; stroke-width: 1.6; fill: none; }
svg .spread { stroke: currentColor; stroke-width: 1.2; fill: none; }
svg .full { fill: currentColor; stroke: currentColor; }
svg .hollow { fill: var(--paper); stroke: currentColor; stroke-width: 1.8; }
${markClasses}
details { margin-top: 0.4rem; }
summary { color: var(--soft); cursor: pointer; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 0.15rem 0.7rem 0.15rem 0; text-align: right; border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { text-align: left; }
div.wide { overflow-x: auto; }
@media print { body { margin: 0; max-width: none; } summary { display: none; } }
`

/**
 * A page that needs no other file and no network, for light and dark screens and for paper.
 *
 * @param body - markup
 */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`
}

/** A table below a drawing, folded on a screen: the same figures for those who do not see it. */
export function foldedTable(summary: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, texts: readonly string[]): string =>
    `<tr>${texts.map((text) => `<${tag}>${escapeText(text)}</${tag}>`).join('')}</tr>`
  return [
    `<details><summary>${escapeText(summary)}</summary><div class="wide"><table>`,
    cells('th', head),
    ...rows.map((row) => cells('td', row)),
    '</table></div></details>',
  ].join('\n')
}
