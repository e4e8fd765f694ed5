import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { service } from './netns.ts'
import { answers, run, startProcess, type Stoppable } from './process.ts'

/**
 * Ends TLS on a port of the service's host and passes requests on in plain HTTP to another, as a load
 * balancer does: it says what the client asked by, who it is, and that it came by HTTPS. The
 * certificate is for every name, and nobody's.
 */
export async function startTlsFront(spec: {
  readonly directory: string
  readonly port: number
  readonly to: number
}): Promise<Stoppable> {
  const { directory, port, to } = spec
  await mkdir(directory, { recursive: true })
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const names = Object.values(service.names).map((name) => `DNS:${name}`)
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=nearport e2e']
  const extension = ['-addext', `subjectAltName=${names.join(',')}`]
  await run(['openssl', 'req', '-x509', ...made, ...extension, '-keyout', key, '-out', certificate])

  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  )
  const config = join(directory, 'nginx.conf')
  await writeFile(
    config,
    `daemon off;
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events {}
http {
  ${temporary.join('\n  ')}
  access_log off;
  server {
    listen 0.0.0.0:${port} ssl;
    listen [::]:${port} ssl ipv6only=on;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location / {
      proxy_pass http://127.0.0.1:${to};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
  }
}
`,
  )
  return startProcess({
    name: 'tls-front',
    command: ['nginx', '-p', directory, '-c', config, '-e', join(directory, 'error.log')],
    logs: directory,
    // Plain HTTP is answered too, with 400.
    ready: () => answers(`http://${service.names.v4}:${port}/`),
  })
}
