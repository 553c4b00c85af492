import { checkFunction, checkObject, checkText } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { quote } from '../quote.ts'

/** One file of a control tree. */
export interface ControlValue {
  /** The file's name, such as `rate`. */
  readonly name: string
  /** The value in force: one short line, without its end. */
  read(): string
  /**
   * Sets the value; absent where it can only be read.
   *
   * @param text - what somebody wrote into the file, without spaces around it
   * @throws {@link RingbackError} whose message says in one line what is wrong and how to fix it; nothing is changed then
   */
  write?(text: string): void
}

/** One folder of a control tree. */
export interface ControlFolder {
  /** Where it is below the tree's own folder, such as `vif/web`; '' for that folder itself. */
  readonly path: string
  readonly values: readonly ControlValue[]
  /** Called before the values are brought up to date, all of them or some. */
  sample?(): void
}

/** What a {@link ControlTree} shows and changes: a simulation, a tool of one's own. */
export interface ControlTarget {
  readonly folders: readonly ControlFolder[]
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** The tree's own files: `error` in each folder with values, the others in the tree's folder. */
const ownNames = ['error', 'pid']

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function checkTarget(target: unknown): asserts target is ControlTarget {
  checkObject(target, 'target')
  const { folders } = target as Partial<ControlTarget>
  if (!Array.isArray(folders)) throw new RingbackError('ERR_INVALID_ARGUMENT', 'target.folders must be an array')
  /** What is where: a folder may be named by several, a value by one. */
  const places = new Map<string, 'folder' | 'value'>()
  const take = (path: string, kind: 'folder' | 'value'): void => {
    const there = places.get(path)
    if (there !== undefined && (there === 'value' || kind === 'value'))
      throw new RingbackError('ERR_OUT_OF_RANGE', `target: ${quote(path)} is there twice; a path has one value`)
    places.set(path, kind)
  }
  for (const folder of folders as unknown[]) checkFolder(folder, take)
}

function checkFolder(folder: unknown, take: (path: string, kind: 'folder' | 'value') => void): void {
  checkObject(folder, 'target.folders[]')
  const { path, values, sample } = folder as Partial<ControlFolder>
  checkText(path, 'target.folders[].path')
  if (sample !== undefined) checkFunction(sample, `the sample of ${quote(path)}`)
  const steps = path === '' ? [] : path.split('/')
  steps.forEach((step, i) => {
    checkName(step, path)
    take(steps.slice(0, i + 1).join('/'), 'folder')
  })
  if (!Array.isArray(values))
    throw new RingbackError('ERR_INVALID_ARGUMENT', `the values of ${quote(path)} must be an array`)
  for (const value of values as unknown[]) {
    checkObject(value, `a value of ${quote(path)}`)
    const { name, read, write } = value as Partial<ControlValue>
    checkText(name, `the name of a value of ${quote(path)}`)
    checkName(name, path)
    if (ownNames.includes(name))
      throw new RingbackError(
        'ERR_OUT_OF_RANGE',
        `target: ${quote(name)} is a file of the tree itself; use another name`,
      )
    checkFunction(read, `${name}.read`)
    if (write !== undefined) checkFunction(write, `${name}.write`)
    take([...steps, name].join('/'), 'value')
  }
}

function checkName(name: string, path: string): void {
  if (!namePattern.test(name))
    throw new RingbackError(
      'ERR_OUT_OF_RANGE',
      `target: ${quote(name)} in ${quote(path)} is no name; use letters, digits, dots, dashes and underscores, at most 64`,
    )
}
