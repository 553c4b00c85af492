import type { ExecutionContext } from 'ava'

// Pages as text, which are too long to be printed where they are wrong.

export function has(t: ExecutionContext, text: string, pattern: RegExp, what = 'it'): void {
  t.true(pattern.test(text), `${what} has no ${String(pattern)}`)
}

export function hasNo(t: ExecutionContext, text: string, pattern: RegExp, what = 'it'): void {
  t.is(pattern.exec(text)?.[0], undefined, `${what} has ${String(pattern)}`)
}

/** Fails on a tag that is not closed by its own name, and on what no tag may hold. */
export function checkMarkup(t: ExecutionContext, page: string): void {
  const open: string[] = []
  // What a script says is no markup.
  const markup = page.replace(/<script>[^]*?<\/script>/g, '')
  for (const [tag, slash, name = '', attributes = ''] of markup.matchAll(/<(\/?)([a-z][a-z0-9]*)([^<>]*)>/gi)) {
    if (!/^( [a-zA-Z][a-zA-Z0-9-]*="[^"<>]*")*$/.test(attributes)) t.fail(tag)
    if (name === 'meta' || name === 'input') continue
    if (!slash) open.push(name)
    else if (open.pop() !== name) t.fail(tag)
  }
  t.deepEqual(open, [])
}
