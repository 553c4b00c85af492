import { escapeText, textElement } from './markup.ts'
import { pageStyle } from './style.ts'

export interface PageParts {
  /** Of its own, after the style that all pages have. */
  style?: string
  /** A script that the page does well without. */
  script?: string
}

/**
 * A page that needs no other file and no network, for light and dark screens and for paper.
 *
 * @param body - markup
 */
export function htmlPage(title: string, body: string, { style = '', script }: PageParts = {}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${pageStyle}${style}</style>
</head>
<body>
${textElement('a', { class: 'skip', href: '#main' }, 'Skip to the content')}
<main id="main" tabindex="-1">
${body}
</main>
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`
}
