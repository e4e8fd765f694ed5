import { expect, test } from 'vitest'
import { profileNames, profileOf } from '../../src/core/profiles.ts'

test('every registry that many know has a name', () => {
  expect(profileNames).toEqual([
    'docker-hub',
    'ghcr',
    'quay',
    'ecr-public',
    'artifact-registry',
    'gcr',
    'mcr',
    'registry-k8s-io',
    'harbor',
    'generic',
  ])
})

test('what wants a token even for public images is relayed, and nothing else', () => {
  const relayed = profileNames.filter((name) => profileOf(name).mode === 'relay')
  expect(relayed).toEqual(['docker-hub', 'ghcr', 'ecr-public', 'harbor', 'generic'])
})

test('with no name, a registry gets its clients redirected', () => {
  expect(profileOf(undefined)).toEqual({ mode: 'redirect' })
})
