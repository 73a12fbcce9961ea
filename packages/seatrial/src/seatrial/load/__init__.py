"""What drives the subject.

arrivals: when requests are due. http: requests and answers, their bytes and connections. live: WebSocket and Socket.IO.
journey: what one person does. books: what was seen, in bounded space. generator: whole loads, in one process or more.
driver puts them together for one interval after the other; journeys is what a journeys file imports.
"""
