"""HTTP/1.1 as a client speaks it: requests and answers as values, their bytes, and the connections they go over."""
