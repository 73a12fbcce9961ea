"""WebSocket and Socket.IO: open sockets, what is said and heard on them, and the people who listen beside a load."""
