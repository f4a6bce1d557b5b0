"""What a query answers: rows with named columns, for pandas, polars, Arrow or plain Python."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size

from store.text import clean

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa

_SHOWN = 20  # rows, where a table is printed
_WIDEST = 40  # characters of a cell there


class Table:
    """Rows with named columns. `len(table)`, `for row in table` (each a dict), `table[3]`; anything that takes Arrow's
    PyCapsule protocol (polars.DataFrame(table), pyarrow.table(table)) takes it as it is.
    """

    def __init__(self, arrow: pa.Table, said: str = "") -> None:
        self._arrow = arrow
        self.said = said  # what a search says of its answer: how many there are, or which word leaves none

    @classmethod
    def of(cls, rows: Sequence[dict[str, Any]], schema: pa.Schema, said: str = "") -> Table:
        """A table of these rows, with the columns of `schema` also where there are none."""
        import pyarrow as pa

        return cls(pa.Table.from_pylist(list(rows), schema=schema), said)

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return list(self._arrow.column_names)

    def arrow(self) -> pa.Table:
        """As a pyarrow.Table, without a copy."""
        return self._arrow

    def df(self) -> pandas.DataFrame:
        """As a pandas.DataFrame. ModuleNotFoundError where pandas is not installed."""
        import pandas  # noqa: F401  (to_pandas says less where it is missing)

        return self._arrow.to_pandas()

    def pl(self) -> polars.DataFrame:
        """As a polars.DataFrame. ModuleNotFoundError where polars is not installed."""
        import polars

        frame = polars.from_arrow(self._arrow)
        assert isinstance(frame, polars.DataFrame)
        return frame

    def rows(self) -> list[dict[str, Any]]:
        """As a list of dicts."""
        return self._arrow.to_pylist()

    def __len__(self) -> int:
        return int(self._arrow.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows())

    def __getitem__(self, place: int) -> dict[str, Any]:
        if not -len(self) <= place < len(self):
            raise IndexError(f"row {place} of {len(self)}")
        row: dict[str, Any] = self._arrow.slice(place % len(self), 1).to_pylist()[0]
        return row

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._arrow.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        columns = list(zip(self.columns, *self._shown(), strict=True))
        padded = [[set_cell_size(cell, max(map(cell_len, column))) for cell in column] for column in columns]
        room, fitting = get_terminal_size().columns, 0
        while fitting < len(padded) and (room := room - cell_len(padded[fitting][0]) - 2) >= -2:
            fitting += 1
        lines = ["  ".join(line).rstrip() for line in zip(*padded[: max(1, fitting)], strict=True)]
        hidden = self.columns[max(1, fitting) :]
        return "\n".join([*lines, f"({self._counted()}{'; also ' + ', '.join(hidden) if hidden else ''})"])

    def _repr_html_(self) -> str:
        """For notebooks."""
        head, *body = (
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line) + "</tr>"
            for tag, line in (("th", self.columns), *(("td", line) for line in self._shown()))
        )
        return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table><p>{self._counted()}</p>"

    def _shown(self) -> list[list[str]]:
        return [[_cell(value) for value in row.values()] for row in self._arrow.slice(0, _SHOWN).to_pylist()]

    def _counted(self) -> str:
        more = f", {_SHOWN} shown" if len(self) > _SHOWN else ""
        return f"{len(self):,} row{'' if len(self) == 1 else 's'}{more}"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        value = ", ".join(map(_cell, value))
    return clean(str(value), _WIDEST)
