"""WebSocket and Socket.IO: open sockets, what is said and heard on them."""
