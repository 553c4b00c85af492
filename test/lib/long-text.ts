import type { ExecutionContext } from 'ava'

// Of a text that is too long to be printed where it is wrong.

export function has(t: ExecutionContext, text: string, pattern: RegExp, what = 'it'): void {
  t.true(pattern.test(text), `${what} has no ${String(pattern)}`)
}

export function hasNo(t: ExecutionContext, text: string, pattern: RegExp, what = 'it'): void {
  t.is(pattern.exec(text)?.[0], undefined, `${what} has ${String(pattern)}`)
}
