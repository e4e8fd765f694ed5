import type { Clause, Section } from '../clause.ts'
import { firstOf, firstWith, wantHeader, wantStatus } from '../want.ts'

const own = { decides: 'nearport' } as const

const clauses: readonly Clause[] = [
  {
    id: 'version',
    ...own,
    source: 'Determining Support',
    level: 'MUST',
    asks: 'the API is there: 200',
    how: '`GET /v2/`',
    async check({ ask }) {
      return wantStatus(await ask('GET', '/v2/'), 200)
    },
  },
  {
    id: 'version-header',
    ...own,
    source: 'Legacy Docker support HTTP headers',
    level: 'MAY',
    asks: 'Docker-Distribution-Api-Version is `registry/2.0`, which old clients want to see',
    how: '`GET /v2/`',
    async check({ ask }) {
      return wantHeader(await ask('GET', '/v2/'), 'docker-distribution-api-version', 'registry/2.0')
    },
  },
  {
    id: 'version-without-slash',
    ...own,
    source: 'distribution',
    level: 'clients',
    asks: '`/v2` is as good as `/v2/`',
    how: '`GET` and `HEAD /v2`',
    check: ({ ask }) =>
      firstWith(['GET', 'HEAD'], async (method) => wantStatus(await ask(method, '/v2'), 200)),
  },
  {
    id: 'version-open',
    ...own,
    source: 'Docker, podman, crane',
    level: 'clients',
    asks: 'without a challenge, or clients go and look for a token',
    how: '`GET` and `HEAD /v2/`, with credentials and without',
    check: ({ ask }) =>
      firstWith(
        [{}, { authorization: `Basic ${btoa('anyone:anything')}` }].flatMap(
          (headers) =>
            [
              ['GET', headers],
              ['HEAD', headers],
            ] as const,
        ),
        async ([method, headers]) => {
          const answer = await ask(method, '/v2/', headers)
          return firstOf(wantStatus(answer, 200), wantHeader(answer, 'www-authenticate', undefined))
        },
      ),
  },
]

export const versionSection: Section = { title: 'Determining support', clauses }
