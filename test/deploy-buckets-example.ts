/** Mirrors of every kind that deploy/terraform and deploy/ack tell apart. */
export const bucketsExample = {
  upstreams: [{ registry: 'https://registry.example' }],
  mirrors: [
    { id: 'aws/us-east-1', bucket: 'acme-east' },
    {
      id: 'aws/eu-west-1/replica',
      bucket: 'acme-ireland',
      keyTemplate: 'docker/registry/v2/blobs/{algorithm}/{hex:2}/{hex}/data',
    },
    { id: 'aws/cn-north-1', bucket: 'acme-beijing' },
    {
      id: 'aws/us-gov-west-1',
      bucket: 'acme-gov',
      private: true,
      endpoint: 'https://s3-fips.us-gov-west-1.amazonaws.com',
    },
    // Its clients come without TLS.
    { id: 'aws/eu-west-3', bucket: 'acme-paris', publicUrl: 'http://images.example' },
    {
      id: 'r2/global',
      bucket: 'acme-r2',
      endpoint: 'https://account.r2.example',
      publicUrl: 'https://images.example',
    },
    { id: 'aws/sa-east-1', bucket: 'acme-minio', endpoint: 'https://minio.example' },
  ],
}
