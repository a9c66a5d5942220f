"""What tells others how this server fares: metrics, probes, and what expires next."""
