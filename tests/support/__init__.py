"""What several tests use: runs, pictures and data sets that are made up."""
