"""Who keeps what people save, as the read API sees it."""

from typing import Protocol


class SavedViews(Protocol):
    """Keeps named views of the app."""

    def save(self, project: str, name: str, address: str) -> str:
        """Keep an address under a name, in place of the view that had it before; its id."""
        ...

    def delete(self, project: str, view_id: str) -> None:
        """Forget a view, if there is one with this id."""
        ...
