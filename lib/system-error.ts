const known: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EEXIST: 'there is a file of that name',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
}

/** The code of a system error, such as ENOENT; undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** A file-system error in a few words: what a user can act on. */
export function describeSystemError(error: unknown): string {
  return known[systemErrorCode(error) ?? ''] ?? (error instanceof Error ? error.message : String(error))
}
