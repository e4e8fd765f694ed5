variable "config" {
  description = "The nearport.json that serve and sync read"
  type        = string
  default     = "nearport.json"
}

variable "tags" {
  description = "Tags of every bucket"
  type        = map(string)
  default     = {}
}
