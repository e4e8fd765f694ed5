import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * The one line that says what to install, or undefined when every program of packages.txt is there.
 */
export function missingParts(): string | undefined {
  const missing = readPackages().filter(({ programs }) => !programs.every(isInstalled))
  if (missing.length === 0) return undefined
  const names = missing.map((entry) => entry.name).join(' ')
  return `e2e tests need Debian's packages: apt-get install -y --no-install-recommends ${names} (or run test/e2e/install.sh)`
}

/**
 * Whether a program is on the path, or in the folders of administrators' programs that some paths
 * leave out.
 */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => isExecutable(join(folder, program)))
}

/** Whether this very file can be run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function readPackages() {
  const text = readFileSync(join(import.meta.dirname, '../packages.txt'), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', ...programs] = line.split(' ')
      return { name, programs }
    })
}
