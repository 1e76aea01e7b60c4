"""What the exporter says when it cannot go on: one line, with the place and what would do."""


class ExportError(ValueError):
    """A network, or a use of the exporter, that is not supported. The message is one line."""


class Unsupported(ExportError):
    """An operation that has no counterpart in the graph; `place` says where it stands."""

    def __init__(self, what, place=None):
        super().__init__(f"{place}: {what}" if place else what)
        self.what = what
