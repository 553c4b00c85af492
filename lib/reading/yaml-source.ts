import { isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, Parser, visit } from 'yaml'
import type { Document, Node, YAMLError } from 'yaml'

import { RingbackError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { quote } from '../quote.ts'

/** Where something stands in a nested value: keys of objects and indices of arrays, outermost first. */
export type Path = readonly (string | number)[]

/** A YAML text as a value, with the lines it came from. */
export interface YamlSource {
  value: unknown
  /** The line, from 1, on which the entry at `path` begins; of the nearest entry around it where there is none. */
  lineOf(path: Path): number
}

/** What a kind of file is called in messages. */
export interface FileKind {
  code: ErrorCode
  /** With its article, as in `a scenario`. */
  noun: string
  /** Where there are some to start from. */
  examples: string
}

/** Far above any scenario; keeps a wrong file (a capture, say) from being parsed as YAML. */
const maxTextLength = 16 * 1024 * 1024
/** How often aliases may be followed, all in all: few people write any, and nested ones grow without bound. */
const maxAliasCount = 100
/** Collections within collections; a scenario has four, an experiment with it in it six. The reader recurses and would use up the stack. */
const maxDepth = 64

/**
 * @param file - the name to put before the line in messages
 * @param kind - what it is meant to be
 * @throws {@link RingbackError} with the kind's code, `file:line: what; how to fix`
 */
export function parseYaml(text: string, file: string, kind: FileKind): YamlSource {
  const fail = (line: number, message: string, cause?: unknown): never => {
    throw new RingbackError(kind.code, `${file}:${line}: ${message}`, { cause })
  }
  if (text.length > maxTextLength) fail(1, `the file is larger than 16 MiB; is it ${kind.noun}?`)
  if (text.includes('\0')) fail(1, `the file is binary; ${kind.noun} is YAML text`)
  const lines = new LineCounter()
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  const failAt = (offset: number, message: string, cause: unknown): never => fail(lineAt(offset), message, cause)
  const deep = firstTooDeep(text)
  if (deep !== undefined) fail(lineNumber(text, deep), `the YAML is nested too deeply; ${kind.noun} has a few levels`)
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // The reader's own check compares each key with every other one; firstDuplicate() takes one look.
    uniqueKeys: false,
    logLevel: 'error',
  })
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem) fail(lineAt(problem.pos[0]), describe(problem), problem)
  const duplicate = firstDuplicate(document)
  if (duplicate) fail(lineAt(duplicate.offset), `${quote(duplicate.key)} is there twice; keep one of the two`)
  if (document.contents === null) fail(1, `the file is empty; see ${kind.examples} for some to start from`)
  return {
    value: toValue(document, failAt),
    lineOf: (path) => lineAt(offsetOf(document, path)),
  }
}

/** The offset at which the text nests deeper than maxDepth. Looks at tokens only, without recursion. */
function firstTooDeep(text: string): number | undefined {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    // Running the parser is what fills its stack; what it yields is of no interest here.
    for (const token of parser.next(lexeme)) void token
    if (parser.stack.length > maxDepth) return parser.offset
  }
  return undefined
}

/** The first key that its map has already. */
function firstDuplicate(document: Document): { offset: number; key: string } | undefined {
  let duplicate: { offset: number; key: string } | undefined
  visit(document, {
    Map(_, map) {
      const keys = new Set<string>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const text = String(key.value)
        if (keys.has(text)) {
          duplicate = { offset: key.range?.[0] ?? 0, key: text }
          return visit.BREAK
        }
        keys.add(text)
      }
      return undefined
    },
  })
  return duplicate
}

function lineNumber(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function toValue(document: Document, fail: (offset: number, message: string, cause: unknown) => never): unknown {
  try {
    return document.toJS({ maxAliasCount })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const { offset, name } = suspectAlias(document)
    if (name === undefined) return fail(offset, 'too many aliases (*name) of aliases begin here; write them out', error)
    return fail(offset, `there is no anchor ${quote(`&${name}`)} before this alias; write the value out`, error)
  }
}

/** The first alias that leads nowhere, with its name, or the first of all. */
function suspectAlias(document: Document): { offset: number; name?: string } {
  let first: { offset: number; name?: string } | undefined
  let dangling: { offset: number; name?: string } | undefined
  visit(document, {
    Alias(_, alias) {
      const offset = alias.range?.[0] ?? 0
      first ??= { offset }
      if (alias.resolve(document)) return undefined
      dangling = { offset, name: alias.source }
      return visit.BREAK
    },
  })
  return dangling ?? first ?? { offset: 0 }
}

function describe(problem: YAMLError): string {
  if (problem.code === 'TAB_AS_INDENT') return 'a tab indents the line; YAML wants spaces'
  if (problem.code === 'MULTIPLE_DOCS') return 'a second document begins here; write it into a file of its own'
  const message = problem.message.split('\n')[0] ?? ''
  return `not valid YAML: ${message.slice(0, 200)}; check indentation, brackets and quotes here`
}

function offsetOf(document: Document, path: Path): number {
  let node = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document) ?? null
    const entry = entryOf(node, step)
    if (!entry) break
    offset = entry.offset
    node = entry.node
  }
  return offset
}

/** The entry `step` of a map or a sequence: where it begins (a map's entries with the key) and its value. */
function entryOf(node: Node | null, step: string | number): { offset: number; node: Node | null } | undefined {
  if (isSeq<Node>(node)) {
    const item = node.items[Number(step)]
    return item?.range ? { offset: item.range[0], node: item } : undefined
  }
  if (!isMap<Node, Node | null>(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
  return pair?.key.range ? { offset: pair.key.range[0], node: pair.value } : undefined
}
