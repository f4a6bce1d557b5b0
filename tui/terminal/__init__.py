"""All that speaks to the real terminal, and the only place that uses private names of Textual.

The `thrifty` output needs those names: it replaces how Textual finds and writes what changed on the screen. The
`stock` output (`display.py`) needs none of them, and is taken where Textual's version is not TEXTUAL.
"""

TEXTUAL = "8.2.8"  # the version that the names below were checked with; the one that pyproject.toml pins

PRIVATE_NAMES = {  # name -> (the oldest Textual release known to have it in this form, what it is needed for)
    "textual._compositor": ("0.20", "Compositor and CompositorUpdate: what changed since the last frame"),
    "textual._context": ("0.20", "visible_screen_stack, which Compositor.render_update has to set"),
    "textual._xterm_parser": ("0.80", "XTermParser with tick(): keys out of what is left when answers are taken out"),
    "_app": ("0.20", "Driver: the app that the terminal's answers are for"),
    "_batch_count": ("0.20", "App: nothing is drawn while updates are batched"),
    "_cell_length": ("0.20", "Strip: set without building the segments of a row of pixels"),
    "_closed": ("0.2", "MessagePump: nothing is drawn after the end"),
    "_compositor": ("0.2", "Screen: replaced by one that tells which part of which widget's row is seen"),
    "_debug": ("0.2", "Driver: passed on to XTermParser"),
    "_dirty_regions": ("0.2", "Compositor: the regions that changed"),
    "_display": ("0.20", "App: where a frame is written; here it goes to the mirror"),
    "_driver": ("0.2", "App: what codes are written with"),
    "_on_terminal_supports_synchronized_output": ("0.2", "App: the terminal has drawn what was sent before"),
    "_queue": ("0.20", "WriterThread: whether the last chunk was written, where the terminal answers nothing"),
    "_register": ("0.2", "App: a new screen gets its compositor before it draws"),
    "_regions_to_spans": ("0.2", "Compositor: regions as spans of rows"),
    "_running": ("0.2", "MessagePump: nothing is drawn before the start"),
    "_segments": ("0.20", "Strip: the segments of a row of pixels are built when something asks for them"),
    "_sync_available": ("0.2", "App: whether frames can be held back until they are complete"),
    "_writer_thread": ("0.20", "LinuxDriver: the thread that writes"),
}
