"""`suggest`: albums near what a person plays that they never heard."""

from __future__ import annotations

import click

from tui.commands.shared import Context, album_dict, album_line, json_command, open_library, print_json, reason_dict


@click.command()
@click.option("-k", default=12, show_default=True, type=click.IntRange(1, 1000), help="How many albums.")
@json_command
def suggest(context: Context, k: int, as_json: bool) -> int:
    """Albums near what you play, never heard, each with the reason. `ingest listens` says what you play."""
    from store.neighbors.neighborhood import open_neighborhood
    from store.neighbors.taste import near_plays
    from store.text import clean
    from tui.commands.shared import reason_lines

    found = near_plays(open_neighborhood(open_library(context)), k)
    if as_json:
        print_json(
            [
                {
                    "album": album_dict(one.album),
                    "score": round(one.score, 4),
                    "played": album_dict(one.played),
                    "plays": one.plays,
                    "reasons": [reason_dict(reason) for reason in one.reasons],
                }
                for one in found
            ]
        )
        return 0 if found else 1
    if not found:
        click.echo("you heard all that is near what you play", err=True)
    for rank, one in enumerate(found, 1):
        click.echo(f"{rank:3}.  {album_line(one.album)}")
        click.echo(f"      {clean(one.because, 300)}")
        for line in reason_lines(one.reasons):
            click.echo(line)
    return 0 if found else 1
