import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../e2e/parts/process.ts'
import { isInstalled } from '../../e2e/parts/missing.ts'
import type { ServerRecipe } from './pinned.ts'

/** The servers that others are compared with, by what they are called in tables. */
export const references = {
  nginx: 'nginx, `return 307`',
  node: 'node:http, one answer',
  go: 'Go net/http, one answer',
} as const

/**
 * Servers that give one fixed redirect and do nothing else, each on one core: nginx, node:http and, where
 * there is a compiler, Go's net/http. None of them writes a log.
 */
export async function prepareReferences(
  folder: string,
  location: string,
): Promise<readonly ServerRecipe[]> {
  const nginx = join(folder, 'nginx.conf')
  await writeFile(nginx, nginxConf(folder, 18_081, location))
  const bare = join(folder, 'bare.mjs')
  await writeFile(bare, nodeProgram(18_082, location))
  const two: readonly ServerRecipe[] = [
    {
      name: references.nginx,
      port: 18_081,
      // The one process is the worker: a master would answer nothing, and be measured.
      command: ['nginx', '-p', folder, '-c', nginx, '-g', 'master_process off;'],
    },
    { name: references.node, port: 18_082, command: [process.execPath, bare] },
  ]
  if (!isInstalled('go')) {
    console.log('no Go compiler here (apt-get install golang-go): without Go’s net/http')
    return two
  }
  const [source, program] = [join(folder, 'answer.go'), join(folder, 'answer')]
  await writeFile(source, goProgram(18_083, location))
  // No module and no network: the standard library is all it has.
  const env = { GOTOOLCHAIN: 'local', GO111MODULE: 'off', GOFLAGS: '' }
  await run(['go', 'build', '-o', program, source], { env, deadlineMs: 300_000 })
  const go = { name: references.go, port: 18_083, command: [program] as const }
  return [...two, { ...go, env: { GOMAXPROCS: '1' } }]
}

const nginxConf = (folder: string, port: number, location: string) => `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server { listen 127.0.0.1:${port}; location / { return 307 ${location}; } }
}
`

const nodeProgram = (port: number, location: string) => `import { createServer } from 'node:http'
const headers = { Location: '${location}', 'Content-Length': '0', 'Cache-Control': 'no-store' }
createServer((_, answer) => answer.writeHead(307, headers).end()).listen(${port}, '127.0.0.1')
`

const goProgram = (port: number, location: string) => `package main

import (
	"log"
	"net/http"
)

func main() {
	answer := func(w http.ResponseWriter, _ *http.Request) {
		headers := w.Header()
		headers["Location"] = []string{"${location}"}
		headers["Content-Length"] = []string{"0"}
		headers["Cache-Control"] = []string{"no-store"}
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:${port}", http.HandlerFunc(answer)))
}
`
