import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { resultsPage } from 'ringback'

import { launchBrowser } from './browser.ts'
import { makeResults, type MadeOptions } from './made-results.ts'

// What Debian's Chromium makes of the report. With RINGBACK_SCREENSHOTS=FOLDER the pictures are kept, to be looked at.

const test = anyTest as TestFn<{ browser: Browser }>

const kept = process.env.RINGBACK_SCREENSHOTS
const folder = kept ?? mkdtempSync(path.join(tmpdir(), 'ringback-screenshots-'))
mkdirSync(folder, { recursive: true })

// Serial, and with much time: the machine may have few cores, and a browser needs them all.
const patience = 120_000

test.before(async (t) => {
  t.timeout(patience)
  t.context.browser = await launchBrowser()
})
test.after.always(async (t) => {
  await (t.context.browser as Browser | undefined)?.close()
  if (kept === undefined) rmSync(folder, { recursive: true })
})

const [wide, phone] = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
]
const beside: MadeOptions[] = [{ policy: 'credit' }, { policy: 'adaptive' }]
/** Names that are as long as they may be and have no place for a new line. */
const longNames = { scenario: 'x'.repeat(300) }

/** A page of made results, and what it asked for and complained about. */
async function open(
  t: ExecutionContext<{ browser: Browser }>,
  name: string,
  all: readonly MadeOptions[],
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  t.timeout(patience)
  const context = await t.context.browser.newContext({ viewport: wide, ...options })
  t.teardown(() => context.close())
  const file = path.join(folder, `${name}.html`)
  writeFileSync(file, resultsPage(all.map((made) => ({ results: makeResults(made), source: 'x'.repeat(200) }))))
  const page = await context.newPage()
  const url = pathToFileURL(file).href
  const problems: string[] = []
  page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('dialog', (dialog) => problems.push(`dialog: ${dialog.message()}`))
  page.on('request', (request) => {
    if (request.url() !== url) problems.push(`request: ${request.url()}`)
  })
  await page.goto(url)
  return { page, problems }
}

const looks: [name: string, all: MadeOptions[], options: BrowserContextOptions][] = [
  ['one', [{ vifs: 1, hasReceived: true }], {}],
  ['four', [{ vifs: 4 }], {}],
  ['many', [{ vifs: 64, samples: 2000 }], {}],
  ['beside', beside, {}],
  ['three', [...beside, { policy: 'reserved' }], {}],
  ['bond', [{ vifs: 2, hasBond: true }], {}],
  ['bonds-phone', beside.map((made) => ({ ...made, hasBond: true })), { viewport: phone, deviceScaleFactor: 2 }],
  ['dark', beside, { colorScheme: 'dark' }],
  ['one-dark', [{ vifs: 1 }], { colorScheme: 'dark' }],
  ['phone', beside, { viewport: phone, deviceScaleFactor: 2 }],
  ['phone-dark', [{ vifs: 1 }], { viewport: phone, colorScheme: 'dark' }],
  ['phone-many', [{ vifs: 64 }], { viewport: phone }],
  ['long-names', [longNames, { ...longNames, policy: 'credit' }], {}],
  ['phone-long-names', [longNames, { ...longNames, policy: 'credit' }], { viewport: phone }],
  ['no-script', beside, { javaScriptEnabled: false }],
]

for (const [name, all, options] of looks)
  test.serial(`${name}: nothing is asked for, nothing is complained about, nothing sticks out`, async (t) => {
    const { page, problems } = await open(t, name, all, options)
    // Where it sticks to in a picture of the whole page, it would hide something.
    if (name !== 'no-script') await page.addStyleTag({ content: '.scrubber { position: static !important }' })
    const picture = await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true })
    t.true(picture.length > 10_000)
    t.deepEqual(problems, [])
    if (name === 'no-script') return t.false(await page.locator('.scrubber').isVisible())
    t.is(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, 'it scrolls to the side')
    // Texts and lines within their drawing.
    const outside = await page.evaluate(`[...document.querySelectorAll('svg[viewBox]')].flatMap((svg) => {
      const box = svg.getBoundingClientRect()
      return [...svg.querySelectorAll('text')].filter((text) => {
        const { left, right, top, bottom, width } = text.getBoundingClientRect()
        return width > 0 && (left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1)
      }).map((text) => svg.querySelector('title').textContent + ': ' + text.textContent)
    })`)
    t.deepEqual(outside, [])
  })

test.serial('names and values in a chart do not lie on one another', async (t) => {
  const { page } = await open(t, 'overlaps', [{ vifs: 5, hasReceived: true }])
  const overlaps = await page.evaluate(`[...document.querySelectorAll('svg[viewBox]')].flatMap((svg) => {
    const boxes = [...svg.querySelectorAll('text')].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
    // A letter's box is taller than the letter.
    const inside = ({ left, right, top, bottom }) => ({ left, right, top: top + 3, bottom: bottom - 3 })
    return boxes.flatMap((one, i) => boxes.slice(i + 1).filter((other) => {
      const [a, b] = [inside(one.box), inside(other.box)]
      return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
    }).map((other) => one.text + ' on ' + other.text))
  })`)
  t.deepEqual(overlaps, [])
})

test.serial('a screen reader finds headings, landmarks, named charts and tables', async (t) => {
  const { page } = await open(t, 'accessible', beside)
  const roles = (role: Parameters<Page['getByRole']>[0], name?: RegExp) =>
    page.getByRole(role, name ? { name } : {}).count()
  t.is(await roles('main'), 1)
  t.is(await roles('navigation', /^Parts of the page$/), 1)
  t.is(await page.locator('h1').count(), 1)
  const levels = await page.evaluate<number[]>(
    `[...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))`,
  )
  t.true(
    levels.every((level, i) => level <= (levels[i - 1] ?? 0) + 1),
    levels.join(),
  )
  t.is(await roles('img', /^Throughput over time: web, credit$/), 1)
  t.is(await roles('img'), 4 * 2 + 2 + 1)
  t.is(await roles('region', /^Vifs over time$/), 1)
  t.is(await roles('table', /^adaptive against credit: each vif$/), 1)
  t.true((await page.getByRole('img', { name: 'Throughput over time: web, credit' }).ariaSnapshot()).includes('img'))
})

test.serial('by keyboard: the skip link first, then every part, with a focus that is seen', async (t) => {
  const { page } = await open(t, 'keyboard', [{ vifs: 1 }], { reducedMotion: 'reduce' })
  const seen: string[] = []
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    const { text, outline, isInView } = await page.evaluate<{
      text: string
      outline: string
      isInView: boolean
    }>(`(() => {
      const { activeElement: it } = document
      const { top, bottom, left, height } = it.getBoundingClientRect()
      return { text: it === document.body ? '' : (it.getAttribute('aria-label') ?? it.id) || it.textContent,
        outline: getComputedStyle(it).outlineStyle + ' ' + getComputedStyle(it).outlineWidth,
        isInView: left >= 0 && (height > innerHeight || (top >= 0 && bottom <= innerHeight)) }
    })()`)
    if (text === '') break
    seen.push(text)
    t.is(outline, 'solid 3px', text)
    t.true(isInView, `${text} is not to be seen`)
  }
  const expected = [
    'Skip to the content',
    'Vifs over time',
    'NICs over time',
    'Latency',
    'Changes',
    'Numbers',
    'The figures',
  ]
  t.deepEqual(seen.slice(0, expected.length), expected)
  t.is(seen.filter((text) => text === 'The figures').length, 3)
  t.true(seen.includes('Vifs: both directions'), 'a table that may scroll')
  t.is(seen.at(-1), 'time')
  await page.screenshot({ path: path.join(folder, 'keyboard.png') })
  await page.keyboard.press('Home')
  await page.locator('.skip').focus()
  await page.keyboard.press('Enter')
  t.is(await page.evaluate('document.activeElement.id'), 'main')
})

test.serial('the figures of a chart open by keyboard', async (t) => {
  const { page } = await open(t, 'figures', [{ vifs: 1 }])
  const table = page.getByRole('table', { name: /^web over time/ })
  t.is(await table.count(), 0)
  await page.locator('summary').first().focus()
  await page.keyboard.press('Enter')
  t.is(await table.count(), 1)
  t.is(await table.locator('tbody tr').count(), 40)
  await page.screenshot({ path: path.join(folder, 'figures.png'), fullPage: true })
})

test.serial('one slider moves the time of all charts, by keys and by pointing', async (t) => {
  const { page, problems } = await open(t, 'slider', beside, { reducedMotion: 'reduce' })
  const slider = page.getByRole('slider', { name: 'Time' })
  const readouts = () => page.locator('.readout').allTextContents()
  await slider.focus()
  await page.keyboard.press('End')
  t.is(await slider.getAttribute('aria-valuetext'), '20s')
  t.true((await readouts()).every((text) => text.startsWith('20s: ')))
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  t.is(await slider.getAttribute('aria-valuetext'), '0.02s')
  const chart = page.locator('svg.time').first()
  const { width, height } = (await chart.boundingBox())!
  // Half of the plot, which begins at 58 of 440 and ends at 362; hover() waits until the page stands still.
  await chart.hover({ position: { x: (width * 210) / 440, y: height / 2 } })
  await page.locator('[aria-valuetext="10s"]').waitFor()
  const texts = await readouts()
  t.is(texts.length, 10)
  t.regex(texts[0]!, /^10s: offered 350Mb\/s, min 300Mb\/s, sent 24\d\.?\d*Mb\/s, busy yes$/)
  t.regex(texts[1]!, /^10s: offered 350Mb\/s, allocated \S+, min 300Mb\/s, sent 31\d\.?\d*Mb\/s, busy yes$/)
  t.is(await chart.locator('.now').getAttribute('style'), 'visibility: visible;')
  await page.screenshot({ path: path.join(folder, 'slider.png') })
  t.deepEqual(problems, [])
})

test.serial('dark and light differ, and paper is light', async (t) => {
  const grounds: unknown[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open(t, `scheme-${colorScheme}`, [{ vifs: 1 }], { colorScheme })
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    grounds.push(await ground())
    await page.emulateMedia({ media: 'print' })
    grounds.push(await ground())
  }
  t.deepEqual(grounds, ['rgb(255, 255, 255)', 'rgb(255, 255, 255)', 'rgb(22, 22, 22)', 'rgb(255, 255, 255)'])
})

test.serial('on paper every table is open, no chart is cut, and it is printed', async (t) => {
  const { page } = await open(t, 'print', beside)
  const pdf = path.join(folder, 'print.pdf')
  // A4 without its margins, at 96 dots an inch.
  await page.setViewportSize({ width: 718, height: 1047 })
  await page.emulateMedia({ media: 'print' })
  t.is(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
  const hidden = await page.evaluate(
    `[...document.querySelectorAll('details table')].filter((table) => !table.checkVisibility()).length`,
  )
  t.is(hidden, 0, 'tables that are folded')
  const wide = await page.evaluate(`[...document.querySelectorAll('svg[viewBox], table')]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.textContent.slice(0, 60))`)
  t.deepEqual(wide, [], 'wider than the paper')
  for (const part of ['nav', '.scrubber', '.skip', '.readout'])
    t.false(await page.locator(part).first().isVisible(), part)
  await page.screenshot({ path: path.join(folder, 'print.png'), fullPage: true })
  await page.pdf({ path: pdf, preferCSSPageSize: true })
  const bytes = readFileSync(pdf)
  t.is(bytes.subarray(0, 5).toString('latin1'), '%PDF-')
  const pages = [...bytes.toString('latin1').matchAll(/\/Type\s*\/Page\b/g)].length
  t.true(pages >= 4 && pages <= 12, `${pages} pages`)
})
