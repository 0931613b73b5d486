"""Whether this process is stopping, which its responses and /readyz say."""


class Draining:
    started = False


draining = Draining()
