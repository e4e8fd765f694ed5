import { makeProject, quiet, wrangler } from '../../workerd/parts/project.ts'
import type { RunningProcess } from './process.ts'
import { answers, startProcess } from './process.ts'

/**
 * Starts the Worker as a newcomer would, with `wrangler dev` in a folder that has a wrangler.toml (the
 * project's own) and a nearport.json, on port 8080 of every address of its host. The address that a
 * client comes from is in CF-Connecting-IP then, as it is at the edge.
 */
export async function startWranglerDev(
  folder: string,
  configFile: string,
): Promise<RunningProcess> {
  await makeProject(folder, configFile)
  const ports = ['--ip', '::', '--port', '8080', '--inspector-port', '9229']
  return startProcess({
    name: 'wrangler-dev',
    command: [process.execPath, wrangler, 'dev', ...ports, '--show-interactive-dev-session=false'],
    cwd: folder,
    logs: folder,
    env: quiet,
    ready: () => answers('http://127.0.0.1:8080/v2/'),
    deadlineMs: 60_000,
  })
}
