"""Indices of Elasticsearch and OpenSearch as logs."""
