resource "aws_s3_bucket" "mirror" {
  for_each = local.mirrors

  region = each.value.region
  bucket = each.value.bucket
  tags   = var.tags

  lifecycle {
    # A mirror is days of copying: whoever means it says so here first.
    prevent_destroy = true
  }
}

# A policy may make a mirror public, unless it is private, and an access list may not.
resource "aws_s3_bucket_public_access_block" "mirror" {
  for_each = local.mirrors

  region                  = each.value.region
  bucket                  = aws_s3_bucket.mirror[each.key].id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = each.value.is_private
  restrict_public_buckets = each.value.is_private
}

resource "aws_s3_bucket_ownership_controls" "mirror" {
  for_each = local.mirrors

  region = each.value.region
  bucket = aws_s3_bucket.mirror[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "mirror" {
  for_each = { for id, mirror in local.mirrors : id => mirror if length(local.policies[id].Statement) > 0 }

  region = each.value.region
  bucket = aws_s3_bucket.mirror[each.key].id
  policy = jsonencode(local.policies[each.key])

  # S3 refuses a public policy for as long as the block does.
  depends_on = [aws_s3_bucket_public_access_block.mirror]
}

resource "aws_s3_bucket_lifecycle_configuration" "mirror" {
  for_each = local.mirrors

  region = each.value.region
  bucket = aws_s3_bucket.mirror[each.key].id

  rule {
    id     = "nearport-abort-uploads"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
}
