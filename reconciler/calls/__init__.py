"""The Calls API: typed requests and answers over HTTP, in both dialects. The only package that imports httpx."""
