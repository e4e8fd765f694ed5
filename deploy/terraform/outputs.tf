output "buckets" {
  description = "The buckets' ARNs by their mirrors' ids, for the role of sync"
  value       = { for id, bucket in aws_s3_bucket.mirror : id => bucket.arn }
}
