terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # `region` on a resource, without which each region wants a provider of its own, is there since 6.0.
      version = ">= 6.0"
    }
  }
}
