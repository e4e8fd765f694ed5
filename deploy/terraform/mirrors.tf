# What the configuration says of its mirrors at AWS, by their ids. Other stores have providers of their own; there
# `nearport mirrors create` does it.
locals {
  config         = jsondecode(file(var.config))
  is_index_there = !can(local.config.index.directory)
  default_key    = "containers/images/{algorithm}:{hex}"
  at_aws = [
    for mirror in local.config.mirrors : mirror
    if startswith(mirror.id, "aws/") && (!can(mirror.endpoint) || can(regex("\\.amazonaws\\.", mirror.endpoint)))
  ]

  mirrors = {
    for mirror in local.at_aws : mirror.id => {
      bucket     = mirror.bucket
      region     = try(mirror.signingRegion, split("/", mirror.id)[1])
      is_private = try(mirror.private, false)
      # No ARN has the colon of sha256: in its key, as Ceph takes none: what is public is what comes before it.
      blobs = split(":", split("{hex", replace(try(mirror.keyTemplate, local.default_key), "{algorithm}", "sha256"))[0])[0]
      is_tls_only = alltrue([
        for url in [try(mirror.endpoint, "https:"), try(mirror.publicUrl, "https:")] : startswith(url, "https:")
      ])
    }
  }

  # The partition is in the region's name.
  partitions = {
    for id, mirror in local.mirrors : id => join("-", concat(["aws"], [
      for name in ["cn", "us-gov", "eusc"] : name if startswith(mirror.region, "${name}-")
    ]))
  }

  # The statements that `nearport mirrors create` puts there, by policy.json.tftpl, less those that a mirror does not want.
  policies = {
    for id, mirror in local.mirrors : id => {
      Version = "2012-10-17"
      Statement = [
        for statement in jsondecode(templatefile("${path.module}/policy.json.tftpl", {
          arn   = "arn:${local.partitions[id]}:s3:::${mirror.bucket}"
          blobs = mirror.blobs
        })) : statement
        if lookup({
          NearportReadBlobs = !mirror.is_private
          NearportReadIndex = !mirror.is_private && local.is_index_there
          NearportTlsOnly   = mirror.is_tls_only
        }, statement.Sid, false)
      ]
    }
  }
}
